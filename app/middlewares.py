"""What happens around every request, one concern a middleware; from the outside in, in the order of this file."""

from __future__ import annotations

import logging
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from app.auth import Auth
from app.problems import problem_of, response_of
from hub.errors import Forbidden
from hub.http import AGENT, FOREIGN_ORIGIN, Handler, Problem, from_own_page, token_of

log = logging.getLogger(__name__)

API = "/api/v1/"
LOGIN = "/api/v1/login"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Seen(Protocol):
    """Notes that an agent is there."""

    async def seen(self, agent: str) -> None: ...


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Says to browsers what our pages may do; a handler that said something itself is left its word."""
    response = await handler(request)
    if not response.prepared:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if (origin := request.get(FOREIGN_ORIGIN)) is not None:
            response.headers.update({"Access-Control-Allow-Origin": origin, "Vary": "Origin"})
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns errors into problem documents; what nobody expected is logged, without the request's words."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        problem = problem_of(error)
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            log.exception("%s %s failed", request.method, request.path)
        elif problem.status == 503:
            log.warning("%s %s: %s (%s)", request.method, request.path, problem.detail, type(error).__name__)
    return response_of(problem or Problem(500, "Internal error", "this was our fault; it is in the log"))


def authenticating(auth: Auth, presence: Seen) -> Middleware:
    """Finds out who asks the API, and refuses what another site's page asks in a browser's name."""

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        token, by_cookie = token_of(request)
        uses_cookie = token is not None and request.path != LOGIN
        unasked = by_cookie and request.method not in _SAFE and (uses_cookie or "Origin" in request.headers)
        if unasked and not from_own_page(request):
            raise Forbidden("the request does not come from a page of this site (`Origin`)")
        agent = await auth.agent(token) if token else None
        if agent is not None:
            request[AGENT] = agent
            await presence.seen(agent.id)
        return await handler(request)

    return authenticate
