"""The agents' socket: everything that changes, none missing, none twice, from any cursor on.

Each socket pulls what follows its own place in the log, so that nothing is held for it and nothing lost; who reads too
slowly is cut off and comes back with the cursor. Typing and presence only pass by, under the last cursor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import WSMsgType, web

from handoff.frames import (
    ErrorFrame,
    EventFrame,
    Hello,
    Passing,
    Presently,
    Ready,
    Resync,
    Typing,
    cursor_of,
    position_of,
    text,
)
from handoff.hydrate import Articles, Hydrator
from handoff.presence import EVERY, Presence
from handoff.reader import Reader
from handoff.socket import Socket
from hub.bus import Bus
from hub.ending import end
from hub.http import Route, from_own_page, token_of
from hub.store import events, users
from hub.store.db import AWAY, Database
from hub.store.events import Position
from hub.types import Agent

log = logging.getLogger(__name__)

Authenticate = Callable[[str], Awaitable[Agent | None]]
"""Whose token this is."""

HELLO_WITHIN = 10.0
TRY_AGAIN = 1013
"""The close code while the database is away; there is nothing wrong with the client, so it gets no error frame."""

_WATCH_PRESENCE = 5.0


class Refused(Exception):
    """The socket is closed with this code; `frame` says why."""

    def __init__(self, close_code: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.frame = ErrorFrame(code, message)


class Feed:
    """All sockets of this process."""

    def __init__(
        self, db: Database, bus: Bus, authenticate: Authenticate, presence: Presence, articles: Articles | None = None
    ) -> None:
        self._db = db
        self._bus = bus
        self._authenticate = authenticate
        self._presence = presence
        self._reader = Reader(db, bus, Hydrator(articles))
        self._sockets: dict[Socket, web.WebSocketResponse] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def routes(self) -> list[Route]:
        """The socket's route."""
        return [
            Route(
                method="GET",
                path="/api/v1/feed",
                handler=self.handle,
                summary="Socket: all that happens, as frames; the first frame is a hello",
                answers={101: EventFrame},
                open=True,
            )
        ]

    async def start(self) -> None:
        """Begins to follow the log. Does not wait for the database."""
        self._tasks = [asyncio.create_task(self._reader.run()), asyncio.create_task(self._watch_presence())]

    async def stop(self) -> None:
        """Closes every socket, then ends."""
        closing = [ws.close(code=1001, message=b"restarting") for ws in self._sockets.values()]
        await asyncio.gather(*closing, return_exceptions=True)
        await end(*self._tasks)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """A socket from its first frame to its end."""
        ws = web.WebSocketResponse(heartbeat=25, max_msg_size=64 * 1024, compress=False)
        await ws.prepare(request)
        try:
            token, agent, position = await self._greet(ws, request)
            await self._run(ws, token, agent, position)
        except Refused as refused:
            if refused.close_code != TRY_AGAIN:
                with contextlib.suppress(ConnectionError):
                    await ws.send_str(text(refused.frame))
            await ws.close(code=refused.close_code, message=refused.frame.code.encode())
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()  # a polite close would have to wait in the same line
        except ConnectionError:
            pass
        except Exception:
            log.exception("feed: a socket failed")
            await ws.close(code=1011, message=b"internal error")
        return ws

    async def _greet(self, ws: web.WebSocketResponse, request: web.Request) -> tuple[str, Agent, Position]:
        hello = await self._hello(ws)
        token = hello.token
        if token is None:
            token, by_cookie = token_of(request)
            if by_cookie and not from_own_page(request):
                raise Refused(4403, "forbidden", "another site's page may not use this log-in")
        try:
            agent = await self._authenticate(token) if token else None
            if token is None or agent is None:
                raise Refused(4401, "unauthenticated", "the token is not, or no longer, valid; log in again")
            await self._presence.seen(agent.id)
            kept, position = await self._place(hello.after)
        except AWAY as error:
            raise Refused(TRY_AGAIN, "unavailable", "the database is away; try again soon") from error
        if not kept:
            await ws.send_str(text(Resync()))
        await ws.send_str(text(Ready(cursor_of(position))))
        return token, agent, position

    async def _hello(self, ws: web.WebSocketResponse) -> Hello:
        try:
            message = await ws.receive(timeout=HELLO_WITHIN)
        except TimeoutError as error:
            raise Refused(4408, "timeout", "the first frame has to come within 10 s") from error
        if message.type is not WSMsgType.TEXT:
            raise Refused(4400, "invalid_request", 'the first frame has to be {"type":"hello","token","after"}')
        try:
            return msgspec.json.decode(message.data, type=Hello)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Refused(4400, "invalid_request", f"hello: {error}") from error

    async def _place(self, after: str | None) -> tuple[bool, Position]:
        """Where the feed begins, and whether everything behind the cursor is still kept."""
        position = position_of(after) if after is not None else None
        async with self._db.connection() as conn:
            if position is not None and await events.is_kept(conn, position):
                return True, position
            return after is None, await events.now(conn)

    async def _run(self, ws: web.WebSocketResponse, token: str, agent: Agent, position: Position) -> None:
        socket = Socket(ws, self._reader, agent, position)
        self._sockets[socket] = ws
        work = [asyncio.create_task(part) for part in (socket.tell(), self._hear(ws), self._stay(token, agent))]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._sockets[socket]
            await end(*work)
        for task in done:
            task.result()

    async def _hear(self, ws: web.WebSocketResponse) -> None:
        async for _ in ws:
            pass  # nothing is said after the hello; reading notices the end

    async def _stay(self, token: str, agent: Agent) -> None:
        """Counts as a sign of life, and looks whether the log-in still holds."""
        while True:
            await asyncio.sleep(EVERY)
            with contextlib.suppress(*AWAY):
                if await self._authenticate(token) is None:
                    raise Refused(4401, "unauthenticated", "the log-in is over")
                await self._presence.seen(agent.id)

    # What only passes by -----------------------------------------------------------------------------------------

    def _pass_by(self, passing: Passing) -> None:
        for socket in self._sockets:
            socket.pass_by(passing)

    async def _watch_presence(self) -> None:
        known: dict[str, Agent] | None = None
        woken = asyncio.Event()
        typing = self._bus.listening("typing", lambda key, word: self._pass_by(Passing("typing", Typing(word), key)))
        with typing, self._bus.listening("presence", lambda *_: woken.set()):
            while True:
                woken.clear()
                try:
                    known = await self._compare(known)
                except Exception:
                    log.exception("presence could not be compared; looks again later")
                # Not `wait_for`: it forgets that it was cancelled where it is woken at the same moment.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_WATCH_PRESENCE):
                        await woken.wait()

    async def _compare(self, known: dict[str, Agent] | None) -> dict[str, Agent] | None:
        try:
            async with self._db.connection() as conn:
                online = await users.online(conn)
        except AWAY:
            return known
        if known is not None:
            for id in online.keys() ^ known.keys():
                agent = online.get(id) or known[id]
                self._pass_by(Passing("presence", Presently(id, agent.name, id in online)))
        return online
