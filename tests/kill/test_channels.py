"""`kill -9` while all platforms deliver: what was acknowledged is stored once, in its order, and answered once."""

from __future__ import annotations

import pytest

from tests.kill.channels import deliver, kills, platforms, product


@pytest.mark.slow
async def test_five_hundred_deliveries_over_all_channels_survive_kills() -> None:
    simulated = platforms(hurry=10)
    async with product(simulated) as stack:
        trouble = kills(stack, ("hub", "postgres", "hub"), first=0.5, every=5)
        tally = await deliver(stack, simulated, 500, customers=3, seed=7, trouble=trouble, until_sent=False)
    print(tally)
    assert tally.clean, str(tally)
    assert tally.deliveries >= 500
    assert tally.kills.total() >= 2, f"it was over too soon: {tally}"
    assert min(tally.acknowledged.values()) > 0
    assert tally.acknowledged.total() > 300
