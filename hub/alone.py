"""Work that only one process may do at a time: a lease in the database, kept while the work goes on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable

from hub.ending import end
from hub.store import channel_state
from hub.store.db import AWAY, Database

log = logging.getLogger(__name__)

LEASE = 15.0
"""Seconds after which another process takes over from one that died."""


async def alone(db: Database, channel: str, key: str, work: Callable[[], Awaitable[None]]) -> None:
    """Runs `work` whenever no other process does, until it is cancelled. `work` goes on until it is cancelled, too.

    An error that `work` raises is logged, and it is begun anew a little later.
    """
    holder = uuid.uuid4().hex
    while True:
        if await _acquire(db, channel, key, holder):
            try:
                await _while_held(db, channel, key, holder, work)
            finally:
                with contextlib.suppress(*AWAY):
                    async with db.connection() as conn:
                        await channel_state.give_up(conn, channel, key, holder)
        await asyncio.sleep(LEASE / 5)


async def _while_held(db: Database, channel: str, key: str, holder: str, work: Callable[[], Awaitable[None]]) -> None:
    working = asyncio.ensure_future(work())
    kept = asyncio.get_running_loop().time()
    try:
        while not working.done():
            await asyncio.wait([working], timeout=LEASE / 3)
            now = asyncio.get_running_loop().time()
            mine = await _acquire(db, channel, key, holder)
            if mine:
                kept = now
            elif mine is False or now - kept > LEASE * 2 / 3:
                log.warning("%s: %s is left to another process", channel, key)
                return
        if (error := working.exception()) is not None:
            log.error("%s: %s failed; begins anew", channel, key, exc_info=error)
    finally:
        await end(working)


async def _acquire(db: Database, channel: str, key: str, holder: str) -> bool | None:
    """Whether the lease is ours; None while the database is away."""
    try:
        async with db.connection() as conn:
            return await channel_state.acquire(conn, channel, key, holder, LEASE)
    except AWAY:
        return None
