"""Strangers who write several things before they are known: all of it at once, and with more to come."""

from __future__ import annotations

import asyncio

from tests.hub.house import open_house

EACH = 8


async def test_many_first_words_at_once_do_not_wait_for_each_other_in_a_circle(database_url: str) -> None:
    async with open_house(database_url) as house:
        words = iter([(f"stranger {n // EACH}", f"hello {n}") for n in range(50 * EACH)])

        async def write() -> None:
            for sender, text in words:
                await house.say(text, sender=sender)

        await asyncio.gather(*(write() for _ in range(2 * EACH)))
        async with house.db.connection() as conn:
            streams = await conn.fetch("select count(*), max(seq) from messages group by identity")
    assert [tuple(stream) for stream in streams] == [(EACH, EACH)] * 50
