"""Many things at once, those of one lane in their order."""

from __future__ import annotations

import asyncio

from connectors.slack.lanes import Lanes


async def test_one_lane_keeps_its_order_and_does_not_hold_up_another() -> None:
    done: list[str] = []
    gate, lanes = asyncio.Event(), Lanes()

    async def wait() -> None:
        await gate.wait()
        done.append("a1")

    async def note(name: str) -> None:
        done.append(name)

    await lanes.add("a", wait)
    await lanes.add("a", lambda: note("a2"))
    await lanes.add("b", lambda: note("b1"))
    async with asyncio.timeout(5):
        while not done:
            await asyncio.sleep(0)
    assert done == ["b1"]
    gate.set()
    async with asyncio.timeout(5):
        while len(done) < 3:
            await asyncio.sleep(0)
    assert done == ["b1", "a1", "a2"]


async def test_who_adds_too_much_waits_and_the_end_ends_all() -> None:
    lanes, begun = Lanes(at_once=2), 0

    async def forever() -> None:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()

    await lanes.add("a", forever)
    await lanes.add("a", forever)
    third = asyncio.create_task(lanes.add("b", forever))
    for _ in range(5):
        await asyncio.sleep(0)
    assert (third.done(), begun) == (False, 1)
    third.cancel()
    async with asyncio.timeout(5):
        await lanes.end()
    assert begun == 1
