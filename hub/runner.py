"""Runs one kind of work over many conversations: those of one conversation one after the other, many at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hub.bus import Bus, Topic
from hub.store.db import AWAY

log = logging.getLogger(__name__)


class Runner:
    """Woken by the signals of `topic`, and by a timer that asks `due` which conversations have work.

    `work` must bear being called for nothing, and twice at once from two processes.
    """

    def __init__(
        self,
        topic: Topic,
        bus: Bus,
        due: Callable[[], Awaitable[list[str]]],
        work: Callable[[str], Awaitable[None]],
        concurrency: int = 16,
    ) -> None:
        self._topic = topic
        self._bus = bus
        self._due = due
        self._work = work
        self._slots = asyncio.Semaphore(concurrency)
        self._working: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def run(self) -> None:
        """Works until it is cancelled; then lets what has begun come to its end."""
        try:
            with self._bus.listening(self._topic, lambda conversation, _: self._look_at(conversation)):
                while True:
                    await self._sweep()
                    await asyncio.sleep(self._bus.sweep_interval)
        finally:
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _sweep(self) -> None:
        try:
            for conversation in await self._due():
                self._look_at(conversation)
        except AWAY as error:
            log.warning("%s: the database is away (%s)", self._topic, type(error).__name__)
        except Exception:
            log.exception("%s: could not look for work; looks again", self._topic)

    def _look_at(self, conversation: str) -> None:
        if conversation in self._working:
            self._again.add(conversation)
            return
        task = asyncio.create_task(self._run(conversation))
        self._working[conversation] = task
        task.add_done_callback(lambda _: self._done(conversation))

    async def _run(self, conversation: str) -> None:
        try:
            async with self._slots:
                await self._work(conversation)
        except AWAY as error:
            log.warning("%s: waits for the database (%s)", self._topic, type(error).__name__)
        except Exception:
            log.exception("%s: conversation %s failed", self._topic, conversation)

    def _done(self, conversation: str) -> None:
        del self._working[conversation]
        if conversation in self._again:
            self._again.discard(conversation)
            self._look_at(conversation)
