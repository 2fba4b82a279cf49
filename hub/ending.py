"""How background tasks are ended."""

from __future__ import annotations

import asyncio
from typing import Any

PATIENCE = 5.0
"""Seconds that a task has for its last words before it is cancelled once more."""


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancels tasks, and comes back when all have ended, whether well or not.

    Again and again, because a cancellation can get lost: `asyncio.wait_for` of Python 3.11, which libraries use,
    forgets it where what it waits for is done at the same moment.
    """
    while going := [task for task in tasks if not task.done()]:
        for task in going:
            task.cancel()
        await asyncio.wait(going, timeout=PATIENCE)
    await asyncio.gather(*tasks, return_exceptions=True)
