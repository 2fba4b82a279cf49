"""A process of the product with a mail channel, to be killed: `python -m ... DATABASE_URL SETTINGS PORT`."""

from __future__ import annotations

import asyncio
import json
import sys

from connectors.mail import mailbox
from hub import alone, outbox, turns
from tests.contracts.product import product


async def main(database_url: str, settings: str, port: str) -> None:
    """Runs until it is killed. What one that died had in hand is taken over sooner than it really is."""
    alone.LEASE, turns.LEASE, outbox.SENDING = 1.5, 2.0, 3.0
    mailbox.SOONEST, mailbox.SLOWEST = 0.1, 0.5
    async with product(database_url, json.loads(settings), int(port)):
        print("runs", flush=True)
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
