"""One process of the product, to be killed: `python -m tests.connectors.slack_desk.process DATABASE SETTINGS PORT`."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from connectors.slack import desk, pace
from hub import alone, outbox
from tests.contracts.product import product


async def main(database_url: str, settings: str, port: str) -> None:
    """Works until it is killed."""
    pace.INTERVAL, desk.IDLE, alone.LEASE, outbox.SENDING = 1 / 30, 0.2, 0.5, 1.5
    async with product(database_url, msgspec.json.decode(settings, type=dict[str, object]), int(port)):
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
