"""The action server, inside the hub: what Rasa's forms call.

Ordinary `rasa_sdk` actions, run by the library's own executor; no server of their own.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web
from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

_FROM_AFAR = ("X-Forwarded-For", "Forwarded", "Via")
"""What a proxy adds to a request."""


class Actions:
    """`POST /internal/rasa/actions`, for our own Rasa only."""

    def __init__(self, token: str, actions: Iterable[Action | type[Action]]) -> None:
        self._token = token
        self._executor = ActionExecutor()
        for action in actions:
            self._executor.register_action(action)

    def routes(self) -> Iterable[web.RouteDef]:
        """The one route."""
        yield web.post("/internal/rasa/actions", self._run)

    async def _run(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not _from_here(request) or not hmac.compare_digest(given.encode(), self._token.encode()):
            return _json({"error": "not for you"}, 401)
        call: dict[str, Any] = {"domain": {}, **msgspec.json.decode(await request.read(), type=dict[str, Any])}
        try:
            result = await self._executor.run(call)
        except ActionExecutionRejection as error:
            return _json({"error": str(error), "action_name": error.action_name}, 400)
        except ActionNotFoundException as error:
            return _json({"error": str(error), "action_name": error.action_name}, 404)
        return _json(result.model_dump() if result is not None else {"events": [], "responses": []}, 200)


def _from_here(request: web.Request) -> bool:
    """Whether the caller is on this machine: on the loopback, or at the very address on which we listen.

    Behind a proxy on this machine everybody seems to be; a proxy says for whom it asks.
    """
    if any(name in request.headers for name in _FROM_AFAR):
        return False
    own = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return request.remote in ("127.0.0.1", "::1") or (own is not None and request.remote == own[0])


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
