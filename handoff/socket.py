"""One connection to the agents' feed, from its hello on."""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import web

from handoff import frames
from handoff.frames import Kind, Passing, cursor_of
from handoff.reader import Reader
from hub.store.db import AWAY
from hub.store.events import Position
from hub.types import Agent

SLOW = 15.0
"""Seconds that a socket may take for one frame before it is cut off."""

_CONVERSATIONS = frozenset({"message", "note", "status", "person", "case", "typing"})


class Socket:
    """Carries its place in the log with it and pulls what follows."""

    def __init__(self, ws: web.WebSocketResponse, reader: Reader, agent: Agent, position: Position) -> None:
        self._ws = ws
        self._reader = reader
        self._position = position
        self._sees_conversations = bool({"agent", "admin"} & set(agent.roles))
        self._passing: deque[Passing] = deque(maxlen=50)
        self._wake = asyncio.Event()

    def pass_by(self, passing: Passing) -> None:
        """Something that is not kept is to be shown, if there is time."""
        self._passing.append(passing)
        self._wake.set()

    async def tell(self) -> None:
        """Sends whatever happens; ends with an error when the other side is gone or too slow."""
        with self._reader.following(self._wake.set):
            while True:
                self._wake.clear()
                try:
                    following = await self._reader.after(self._position)
                except AWAY:
                    await asyncio.sleep(1)
                    self._wake.set()
                    following = ()
                for frame in following:
                    if self._may_see(frame.kind):
                        await self._send(frame.text)
                    self._position = frame.position
                await self._tell_passing()
                if not following:
                    await self._wake.wait()

    async def _tell_passing(self) -> None:
        while self._passing:
            event = self._passing.popleft()
            if self._may_see(event.kind):
                await self._send(frames.event(cursor_of(self._position), event.kind, event.data, event.conversation))

    def _may_see(self, kind: Kind) -> bool:
        return self._sees_conversations or kind not in _CONVERSATIONS

    async def _send(self, text: str) -> None:
        async with asyncio.timeout(SLOW):
            await self._ws.send_str(text)
