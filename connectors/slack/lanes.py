"""Many things at once, those of one lane one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hub.ending import end


class Lanes:
    """`at_once` is how many are under way; whoever adds one more waits until there is room."""

    def __init__(self, at_once: int = 16) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._last: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, lane: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begins `work` behind what was added to its lane before. It has to deal with its own errors."""
        await self._room.acquire()
        task = asyncio.create_task(self._run(self._last.get(lane), work))
        self._last[lane] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(lane, done))

    async def end(self) -> None:
        """Ends what is under way."""
        await end(*self._tasks)

    async def _run(self, before: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]) -> None:
        if before is not None:
            await asyncio.wait([before])
        await work()

    def _done(self, lane: str, task: asyncio.Task[None]) -> None:
        self._room.release()
        self._tasks.discard(task)
        if self._last.get(lane) is task:
            del self._last[lane]
