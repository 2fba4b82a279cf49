"""What the routes of all parts share: who asks, what a route says of itself, how bodies come in and answers go out."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from hub.errors import Forbidden, HubError, InvalidRequest, Unauthenticated
from hub.types import Agent, Role

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE: Final = "parley_session"
AGENT: Final = web.RequestKey("agent", Agent)
FOREIGN_ORIGIN: Final = web.RequestKey("foreign_origin", str)
"""The other site whose page sent this request, once a channel has let it in: it may read the answer, errors too."""

PUBLIC_ORIGIN: Final = web.AppKey("public_origin", str)
"""Where the product is reached from outside (`https://chat.example`), where that differs from what the request says."""

MAX_LIMIT: Final = 200


class Problem(HubError):
    """An error of HTTP's own kind; `extra` stands beside the usual members of the answer's problem document."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


# Who asks --------------------------------------------------------------------------------------------------------


def agent_of(request: web.Request) -> Agent:
    """Whoever is logged in; raises `Unauthenticated`."""
    agent: Agent | None = request.get(AGENT)
    if agent is None:
        raise Unauthenticated("log in first, and send the token as `Authorization: Bearer TOKEN`")
    return agent


def require(request: web.Request, *roles: Role) -> Agent:
    """Whoever is logged in and has one of `roles` (an administrator has all); raises `Unauthenticated`, `Forbidden`."""
    agent = agent_of(request)
    if roles and "admin" not in agent.roles and not set(roles) & set(agent.roles):
        raise Forbidden(f"this needs the role {' or '.join(roles)}")
    return agent


def token_of(request: web.Request) -> tuple[str | None, bool]:
    """The token that a request carries, and whether it came by cookie (which a browser sends without being asked)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip(), False
    return request.cookies.get(COOKIE), True


def from_own_page(request: web.Request) -> bool:
    """Whether a browser sent this request from one of our own pages."""
    origin = request.headers.get("Origin", "")
    return origin in (f"{request.scheme}://{request.host}", request.config_dict.get(PUBLIC_ORIGIN))


def is_secure(request: web.Request) -> bool:
    """Whether the browser reaches us over TLS."""
    return request.secure or urlsplit(request.config_dict.get(PUBLIC_ORIGIN, "")).scheme == "https"


# What a route says of itself ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route of the API: what it does, and what the OpenAPI document says about it.

    `roles`: any of these may (an administrator always may); none named: everybody who is logged in. `open`: nobody
    has to be. `answers`: the type of the answer for each status of success; None: no body. `errors`: the statuses of
    its problems beside those that every route can have. `takes_file`: the body is one file, as multipart/form-data.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    roles: tuple[Role, ...] = ()
    open: bool = False
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    takes_file: bool = False
    answers: Mapping[int, object | None]
    errors: tuple[int, ...] = ()

    def definition(self) -> web.RouteDef:
        """The route for aiohttp; who may not use it gets no further."""
        if self.open:
            return web.route(self.method, self.path, self.handler)

        async def guarded(request: web.Request) -> web.StreamResponse:
            require(request, *self.roles)
            return await self.handler(request)

        return web.route(self.method, self.path, guarded)


# Bodies in, answers out ------------------------------------------------------------------------------------------


def _explain(error: msgspec.MsgspecError) -> InvalidRequest:
    found = re.fullmatch(r"(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?", str(error), re.DOTALL)
    what, where = found.groups() if found else (str(error), None)
    return InvalidRequest(f"{where}: {what}" if where else what)


async def body(request: web.Request, type: type[T]) -> T:
    """The request's body as `type`; raises `InvalidRequest` that names the field."""
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _explain(error) if isinstance(error, msgspec.MsgspecError) else InvalidRequest("not UTF-8") from error
    except RecursionError as error:
        raise InvalidRequest("nested too deeply") from error


def query(request: web.Request, type: type[T]) -> T:
    """The parameters behind the `?` as `type`; empty ones count as absent. Raises `InvalidRequest`."""
    given = {name: value.replace("\x00", "") for name, value in request.query.items() if value}
    try:
        return msgspec.convert(given, type, strict=False)
    except msgspec.ValidationError as error:
        raise _explain(error) from error


def answer(value: object, status: int = 200) -> web.Response:
    """`value` as JSON."""
    headers = {"Cache-Control": "no-store"}
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json", headers=headers
    )


# Lists, a page at a time -----------------------------------------------------------------------------------------


class Page(Struct, frozen=True, kw_only=True):
    """How much of a list is wanted (at most 200 at a time), and from where: the `next` of the page before."""

    limit: Annotated[int, Meta(ge=1)] = 50
    cursor: str | None = None

    @property
    def size(self) -> int:
        """The limit, within ours."""
        return min(self.limit, MAX_LIMIT)


def write_cursor(*place: object) -> str:
    """A place in a list as a word that means nothing to its reader."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor(cursor: str, type: type[T]) -> T:
    """The place that `write_cursor` wrote; raises `InvalidRequest`."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=type)
    except (msgspec.MsgspecError, ValueError, binascii.Error) as error:
        raise InvalidRequest("cursor: not one of ours; leave it out to begin at the top") from error
