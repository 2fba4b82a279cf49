"""The web chat channel: sessions, the socket, long polling and files."""

from __future__ import annotations

import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import Struct

from connectors.webchat.frames import MAX_FRAME, Ack, Messages, Said
from connectors.webchat.sessions import Session, Sessions
from connectors.webchat.socket import Socket, inbound
from hub import files, http
from hub.bus import Bus, Wake
from hub.connector import Health, PullConnector, Receive
from hub.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated
from hub.intake import Intake
from hub.steps import Steps
from hub.store import attachments
from hub.store.db import Database
from hub.types import Attachment, Channel, Language

MAX_WAIT = 30.0


class Visitor(Struct):
    """Who the page says its visitor is; a claim, no proof."""

    name: str | None = None
    email: str | None = None


class NewSession(Struct):
    """The body of a request for a session."""

    locale: str = "en"
    customer: Visitor | None = None


class WebChat(PullConnector):
    """One web chat channel. Browsers read their stream themselves, so there is nothing to send."""

    def __init__(
        self, name: str, allowed_origins: tuple[str, ...], db: Database, bus: Bus, intake: Intake, steps: Steps
    ) -> None:
        self.channel = Channel(name, "webchat")
        self._origins = frozenset(origin.rstrip("/") for origin in allowed_origins)
        self._db = db
        self._bus = bus
        self._receive: Receive = intake.receive
        self._steps = steps
        self._sessions = Sessions(name, db, intake)
        self._uploads = files.Uploads()
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> Iterable[web.RouteDef]:
        """The routes under `/channels/{name}/`."""
        base = f"/channels/{self.channel.name}"
        handlers: list[tuple[str, str, http.Handler]] = [
            ("POST", "/sessions", self._open_session),
            ("GET", "/socket", self._socket),
            ("POST", "/messages", self._say),
            ("GET", "/messages", self._poll),
            ("POST", "/attachments", self._upload),
            ("GET", "/attachments/{id}", self._download),
        ]
        for method, path, handler in handlers:
            yield web.route(method, base + path, self._with_origin(handler))
        for path in {path for _, path, _ in handlers}:
            yield web.options(base + path, self._with_origin(self._preflight))

    async def stop(self) -> None:
        """Tells the browsers to come back to another process, or to this one when it is up again."""
        for ws in tuple(self._sockets):
            await ws.close(code=1012, message=b"restarting")

    async def health(self) -> Health:
        """Fine whenever the process is."""
        return Health(True, f"{len(self._sockets)} browsers connected")

    def _with_origin(self, handler: http.Handler) -> http.Handler:
        """Lets other sites' pages in only where the settings name them."""

        async def checked(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            foreign = origin is not None and urlsplit(origin).netloc != request.host
            if foreign and origin not in self._origins:
                raise Forbidden(f"{origin} is not among this channel's allowed_origins")
            if foreign and origin is not None:
                request[http.FOREIGN_ORIGIN] = origin
            return await handler(request)

        return checked

    async def _preflight(self, request: web.Request) -> web.Response:
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
        }
        return web.Response(status=204, headers={**allowed, "Access-Control-Max-Age": "86400"})

    async def _open_session(self, request: web.Request) -> web.Response:
        body = await http.body(request, NewSession)
        language: Language = "zh" if body.locale.lower().startswith("zh") else "en"
        visitor = body.customer or Visitor()
        opened = await self._sessions.open(language, _short(visitor.name), _short(visitor.email))
        return http.answer(opened, status=201)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(heartbeat=25, max_msg_size=MAX_FRAME, writer_limit=256 * 1024)
        await ws.prepare(request)
        self._sockets.add(ws)
        try:
            await Socket(
                ws, self.channel.name, self._sessions, self._receive, self._steps, self._bus, self._look_again
            ).serve()
        finally:
            self._sockets.discard(ws)
        return ws

    def _look_again(self) -> float:
        """Seconds after which a browser's stream is read although no signal came; more browsers, more seconds."""
        return 5.0 if self._bus.connected else max(self._bus.sweep_interval, len(self._sockets) / 200)

    async def _session(self, request: web.Request) -> Session:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated("send the session as: Authorization: Bearer <session>")
        try:
            return await self._sessions.find(secret.strip())
        except NotFound as error:
            raise Unauthenticated(str(error)) from error

    async def _say(self, request: web.Request) -> web.Response:
        session = await self._session(request)
        said = await http.body(request, Said)
        receipt = await self._receive(inbound(self.channel.name, session, said))
        return http.answer(Ack(receipt.id, receipt.seq), status=202)

    async def _poll(self, request: web.Request) -> web.Response:
        session = await self._session(request)
        after, wait = int(_number(request, "after", 2**53)), _number(request, "wait", MAX_WAIT)
        with Wake(self._bus, "stream", str(session.stream)) as wake:
            deadline = time.monotonic() + wait
            while not (entries := await self._sessions.entries(session, after)):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                await wake.wait(min(left, self._look_again()))
        return http.answer(Messages(entries))

    async def _upload(self, request: web.Request) -> web.Response:
        session = await self._session(request)
        async with self._uploads.receive(request) as file, self._db.transaction() as conn:
            stored: Attachment = await attachments.add(conn, session.stream, file.name, file.type, file.data)
        return http.answer(stored, status=201)

    async def _download(self, request: web.Request) -> web.Response:
        session = await self._session(request)
        async with self._db.connection() as conn:
            found = await attachments.read(conn, request.match_info["id"], session.stream)
        if found is None:
            raise NotFound("there is no such file")
        return files.response(*found)


def _number(request: web.Request, name: str, most: float) -> float:
    try:
        return min(most, max(0.0, float(request.query.get(name, "0"))))
    except ValueError as error:
        raise InvalidRequest(f"{name}: a number") from error


def _short(text: str | None) -> str | None:
    return text.replace("\x00", "").strip()[:200] or None if text else None
