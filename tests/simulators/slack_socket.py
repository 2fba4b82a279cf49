"""The other end of Socket Mode in the simulated Slack."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Callable

from aiohttp import WSMsgType, web

from tests.simulators.slack_workspace import APP, Json

PATIENCE = 3.0
"""Seconds in which an envelope has to be acknowledged."""


class Sockets:
    """The open sockets of an app, at most ten; each envelope goes to any one of them."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.opened = 0
        self._open: list[web.WebSocketResponse] = []
        self._dead: set[web.WebSocketResponse] = set()
        self._acks: dict[str, asyncio.Future[None]] = {}
        self._changed = asyncio.Condition()

    @property
    def open(self) -> int:
        """How many there are now."""
        return len(self._open)

    async def until_open(self, number: int = 1, opened: int = 0, longest: float = 15.0) -> None:
        """Waits until so many are open, and so many have ever been opened."""
        await self.until(lambda: len(self._open) >= number and self.opened >= opened, longest)

    async def until(self, condition: Callable[[], bool], longest: float = 15.0) -> None:
        """Waits until this is true of the sockets."""
        async with asyncio.timeout(longest), self._changed:
            await self._changed.wait_for(condition)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """A socket's life."""
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if "ticket" not in request.query or len(self._open) >= 10:
            await self._goodbye(socket, "too_many_websockets")
            return socket
        await self._send(
            socket, {"type": "hello", "num_connections": self.open + 1, "connection_info": {"app_id": APP}}
        )
        async with self._changed:
            self.opened += 1
            self._open.append(socket)
            self._changed.notify_all()
        try:
            await self._listen(socket)
        finally:
            async with self._changed:
                self._forget(socket)
                self._changed.notify_all()
        return socket

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if socket in self._dead:
                continue
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                answered = self._acks.get(json.loads(message.data).get("envelope_id", ""))
                if answered is not None and not answered.done():
                    answered.set_result(None)

    async def send(self, kind: str, payload: Json, attempt: int = 0, reason: str = "") -> str:
        """Sends one envelope; answers why it was not acknowledged, or nothing."""
        if not self._open:
            return "no_connection"
        id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": id,
            "type": kind,
            "accepts_response_payload": kind == "interactive",
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        self._acks[id] = asyncio.get_running_loop().create_future()
        try:
            await self._send(random.choice(self._open), envelope)
            async with asyncio.timeout(PATIENCE):
                await self._acks[id]
        except TimeoutError:
            return "timeout"
        finally:
            del self._acks[id]
        return ""

    async def warn(self) -> None:
        """Slack is about to renew what the sockets end at: each is told, and closed soon after."""
        for socket in list(self._open):
            await self._send(socket, {"type": "disconnect", "reason": "warning", "debug_info": {"host": "simulated"}})

    async def renew(self) -> None:
        """The sockets are closed, with a word before."""
        for socket in list(self._open):
            await self._goodbye(socket, "refresh_requested")

    def fall_silent(self) -> None:
        """The sockets stay open, and nothing comes from them any more."""
        self._dead |= set(self._open)
        self._open.clear()

    async def cut(self) -> None:
        """The connections end without a word."""
        for socket in list(self._open):
            self._forget(socket)
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def close(self) -> None:
        """All of them end."""
        for socket in [*self._open, *self._dead]:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await socket.close()

    async def _goodbye(self, socket: web.WebSocketResponse, reason: str) -> None:
        await self._send(socket, {"type": "disconnect", "reason": reason, "debug_info": {"host": "simulated"}})
        self._forget(socket)
        await socket.close()

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)

    @staticmethod
    async def _send(socket: web.WebSocketResponse, what: Json) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await socket.send_str(json.dumps(what, ensure_ascii=False))
