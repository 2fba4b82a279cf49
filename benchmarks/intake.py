"""Durable intake: how many customers' messages a second are stored for good, beside the database's own pace.

The bare pace is one row inserted and committed at a time, over the same pool, on the same server, with the same
durability (`fsync` and `synchronous_commit` are on). A message of ours is more than a row: it is looked up, gets its
number in its stream, belongs to a conversation, and is told to the agents' feed, all in one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from msgspec import Struct

from app.migrate import upgrade
from app.supervisor.part import wait_until_ready
from app.supervisor.postgres import Postgres
from app.supervisor.process import Process
from handoff.context import TranscriptContexts
from hub.bus import Bus
from hub.connector import Channels
from hub.intake import Intake
from hub.steps import Steps
from hub.store.db import Database
from hub.types import InboundMessage

TEXT = "The headphones that I bought last week crackle on the left side. Can I send them back?"
CALLERS = (1, 8, 32)
PER_CONVERSATION = 8
"""Messages of one customer before the next one comes."""

BARE = "create table if not exists bare (key bigint generated always as identity primary key, sender text, text text)"


class Intakes(Struct, frozen=True):
    """Medians at a number of concurrent callers: messages and bare transactions a second, and their ratio."""

    callers: int
    messages: float
    bare: float
    ratio: float


Store = Callable[[str, int], Awaitable[object]]
"""Stores one message of a caller: the caller's name, and which of its messages it is."""


@contextlib.asynccontextmanager
async def database(bench: Path) -> AsyncIterator[str]:
    """The address of an empty database of ours, on a PostgreSQL of its own."""
    server = Postgres(bench / "intake")
    process = Process(server.prepare())
    try:
        await wait_until_ready(server)
        name = f"bench_{uuid.uuid4().hex[:12]}"
        await _execute(server.url_of("postgres"), f"create database {name}")
        await upgrade(server.url_of(name))
        try:
            yield server.url_of(name)
        finally:
            await _execute(server.url_of("postgres"), f"drop database {name} with (force)")
    finally:
        await process.stop()


async def measure(url: str, seconds: float, rounds: int) -> list[Intakes]:
    """Measures both in turn in the database, `seconds` each, `rounds` times for every number of callers."""
    db = Database(url)
    try:
        return await _measure(db, seconds, rounds)
    finally:
        await db.close()


async def _measure(db: Database, seconds: float, rounds: int) -> list[Intakes]:
    bus = Bus(None)
    intake = Intake(db, bus, Steps(db, bus, Channels(), TranscriptContexts()))
    row = await bare(db)

    async def message(caller: str, number: int) -> None:
        sender = f"{caller}-{number // PER_CONVERSATION}"
        await intake.receive(
            InboundMessage(channel="rest", sender=sender, scope=sender, external_id=str(uuid.uuid4()), text=TEXT)
        )

    found = []
    for store in (message, row):
        await rate(store, max(CALLERS), min(1.0, seconds))  # opens the pool, warms the plans
    for callers in CALLERS:
        pairs = [(await rate(message, callers, seconds), await rate(row, callers, seconds)) for _ in range(rounds)]
        ours, rows = (statistics.median(rates) for rates in zip(*pairs, strict=True))
        found.append(Intakes(callers, ours, rows, ours / rows))
    return found


async def bare(db: Database) -> Store:
    """What ours is compared with: one row inserted and committed."""
    async with db.connection() as conn:
        await conn.execute(BARE)

    async def row(caller: str, number: int) -> None:
        async with db.connection() as conn:
            await conn.execute("insert into bare (sender, text) values ($1, $2)", caller, TEXT)

    return row


async def rate(store: Store, callers: int, seconds: float) -> float:
    """Calls a second of so many callers, each the next one when the last has been committed."""
    run_id = uuid.uuid4().hex
    began = time.perf_counter()
    until = began + seconds

    async def call(name: str) -> int:
        done = 0
        while time.perf_counter() < until:
            await store(name, done)
            done += 1
        return done

    counts = await asyncio.gather(*(call(f"{run_id}-{caller}") for caller in range(callers)))
    return sum(counts) / (time.perf_counter() - began)


async def _execute(url: str, statement: str) -> None:
    db = Database(url, size=2)
    try:
        async with db.connection() as conn:
            await conn.execute(statement)
    finally:
        await db.close()
