"""A minute of `kill -9` under load: what was acknowledged is stored once and answered once."""

from __future__ import annotations

import aiohttp
import pytest

from tests.kill.stack import running_stack
from tests.kill.storm import storm


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_or_answered_twice() -> None:
    async with running_stack() as stack:
        async with aiohttp.ClientSession() as http:
            await stack.until_encoded(http)
        count = await storm(stack, seconds=60, visitors=16, seed=7)
    print(count)
    assert count.clean, str(count)
    assert count.acknowledged > 100, f"too little happened: {count}"
    assert count.handed_over < count.acknowledged / 2, f"too little was answered: {count}"
    assert sum(count.kills.values()) >= 10
