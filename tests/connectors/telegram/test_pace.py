"""The pace of calls, by a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from connectors.telegram.pace import ALL, CHAT, GROUP, PATIENCE, Line, Pace
from hub.errors import Transient


def within(turns: list[float], seconds: float) -> int:
    """The most turns in any span of so many seconds."""
    return max(sum(start <= turn < start + seconds for turn in turns) for start in turns)


@pytest.mark.parametrize(("kind", "seconds", "most"), [(GROUP, 60, 20), (ALL, 1, 30), (CHAT, 1, 1)])
@pytest.mark.parametrize("every", [0.0, 0.01, 0.3, 2.5])
def test_no_span_of_time_has_more_than_telegram_allows(
    kind: tuple[float, int], seconds: float, most: int, every: float
) -> None:
    line = Line(*kind)

    turns = [line.take(100 + number * every) for number in range(300)]

    assert turns == sorted(turns)
    assert within(turns, seconds - 1e-6) <= most


def test_a_quiet_chat_is_written_to_at_once() -> None:
    line = Line(*CHAT)

    assert [line.take(100), line.take(200), line.take(200)] == [100, 200, 201]


async def test_whoever_has_to_wait_long_is_told_how_long_and_keeps_the_turn() -> None:
    now, told = 100.0, dict[str, float]()
    pace = Pace(lambda: now)
    for number in range(30):
        try:
            async with asyncio.timeout(0.001):  # those whose turn is near wait here
                await pace.turn("-1", f"-1:{number}")
        except Transient as error:
            told[f"-1:{number}"] = now + (error.retry_after or 0)
        except TimeoutError:
            pass

    assert len(told) == 30 - 5 - PATIENCE / 4
    assert list(told.values()) == sorted(told.values())
    for sender, turn in told.items():
        now = turn
        await pace.turn("-1", sender)  # does not raise, and does not wait


async def test_chats_of_the_past_are_forgotten() -> None:
    now = 100.0
    pace = Pace(lambda: now)
    for number in range(5000):
        now += 0.1
        await pace.turn(str(number), str(number))

    assert len(pace._chats) <= 2000
