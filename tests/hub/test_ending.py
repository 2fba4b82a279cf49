"""Background tasks end when they are told to, whatever library they are in."""

from __future__ import annotations

import asyncio

import pytest

from hub import ending
from hub.ending import end


async def test_a_cancellation_that_got_lost_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "PATIENCE", 0.01)
    lost = asyncio.Event()

    async def forgetful() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as `asyncio.wait_for` may
            lost.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end(task)
    assert lost.is_set()
    assert task.cancelled()


async def test_errors_and_ended_tasks_are_no_trouble() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError

    task, done = asyncio.create_task(fails()), asyncio.create_task(asyncio.sleep(0))
    await done
    await end(task, done)
    assert isinstance(task.exception(), RuntimeError)
    await end()


async def test_whoever_is_cancelled_while_ending_others_ends_too() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if asyncio.current_task() in allowed:
                    raise

    allowed: set[asyncio.Task[None] | None] = set()
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    ends = asyncio.create_task(end(task))
    await asyncio.sleep(0)
    ends.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ends
    allowed.add(task)
    await end(task)
