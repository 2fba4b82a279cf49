"""Reads the feed's log, once for all sockets of a process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence

from handoff.hydrate import Hydrator
from handoff.ring import Frame, Ring
from hub.bus import Bus
from hub.store import events
from hub.store.db import AWAY, Connection, Database
from hub.store.events import Position

log = logging.getLogger(__name__)

BATCH = 200
_BREATH = 0.005  # what comes in a burst is read as one
_HELD = 0.02  # the first look after something that a running transaction holds back
_REPLAYS = 4  # connections that catching up may take at once


class Reader:
    """Follows the log while somebody wants it, and keeps its end in a ring."""

    def __init__(self, db: Database, bus: Bus, hydrator: Hydrator) -> None:
        self._db = db
        self._bus = bus
        self._hydrator = hydrator
        self._ring: Ring | None = None
        self._wake = asyncio.Event()
        self._followers: set[Callable[[], None]] = set()
        self._replaying = asyncio.Semaphore(_REPLAYS)
        self._held = 0

    @contextlib.contextmanager
    def following(self, wake: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `wake` is called whenever there may be something new."""
        self._followers.add(wake)
        self._wake.set()
        try:
            yield
        finally:
            self._followers.discard(wake)

    async def after(self, position: Position) -> Sequence[Frame]:
        """What follows `position`, as far as it is settled: from the ring, or further back from the database."""
        frames = self._ring.after(position, BATCH) if self._ring is not None else None
        if frames is None:
            async with self._replaying, self._db.connection() as conn:
                frames = await self._read(conn, position)
        return frames

    async def run(self) -> None:
        """Follows the log until it is cancelled."""
        with self._bus.listening("feed", lambda *_: self._wake.set()):
            while True:
                self._wake.clear()
                pause = await self._advance()
                # Not `wait_for`: it forgets that it was cancelled where it is woken at the same moment.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                await asyncio.sleep(_BREATH)

    async def _advance(self) -> float:
        """Reads what is new; answers after how many seconds to look again unless woken."""
        if not self._followers:
            self._ring = None
            return 3600
        try:
            async with self._db.connection() as conn:
                if self._ring is None:
                    self._ring = Ring(await events.now(conn))
                    # What was settled just before is not in it: whoever looked before that has to look again.
                    self._tell()
                frames = await self._read(conn, self._ring.end)
                held = await events.held_back(conn)
        except AWAY as error:
            log.warning("feed: the database is away (%s)", type(error).__name__)
            return self._bus.sweep_interval
        except Exception:
            log.exception("feed: could not be read; tries again")
            return self._bus.sweep_interval
        self._ring.extend(frames)
        if frames:
            self._tell()
        if len(frames) == BATCH:
            return 0
        self._held = self._held + 1 if held and not frames else 0
        return min(_HELD * 2 ** min(self._held, 10), self._bus.sweep_interval) if held else self._bus.sweep_interval

    def _tell(self) -> None:
        for wake in tuple(self._followers):
            wake()

    async def _read(self, conn: Connection, position: Position) -> list[Frame]:
        batch = await events.after(conn, position, BATCH)
        return await self._hydrator.frames(conn, batch) if batch else []
