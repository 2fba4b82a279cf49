"""Webhooks: how many deliveries a second each channel stores for good, beside the database's own pace.

A platform's side signs deliveries beforehand and sends them over HTTP; a process of its own serves the channels' routes
on the real core and acknowledges each after its commit. No turns are taken meanwhile, so nobody answers; a request that
WeChat keeps open for the answer is not held.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import uuid
from collections.abc import AsyncIterator, Sequence

import aiohttp
import msgspec
import uvloop
from aiohttp import web
from msgspec import Struct

from app.middlewares import problems, security_headers
from app.serve import MAX_BODY
from app.settings import ChannelSettings
from app.wiring import connector_of
from benchmarks.dialogues import ROOT
from benchmarks.intake import PER_CONVERSATION, TEXT, bare, rate
from handoff.context import TranscriptContexts
from handoff.desk import Desk
from hub.bus import Bus
from hub.connector import Channels, Limits, Part
from hub.core import Core
from hub.intake import Intake
from hub.outbox import Outbox
from hub.people import People
from hub.replies import Replies
from hub.steps import Steps
from hub.store.db import Database
from hub.types import Receipt
from tests.contracts.kind import Kind
from tests.contracts.kinds import KINDS
from tests.kill.stack import free_port
from tests.simulators.base import Simulator, running

CALLERS = 16
"""Deliveries of one platform at a time."""

CROWD = 2 * CALLERS
"""Customers who write at a time."""

AHEAD = 2500
"""Deliveries that are signed before a second of sending begins; more than a second can take."""


class Webhooks(Struct, frozen=True):
    """Medians: deliveries of a channel and bare transactions a second, and their ratio."""

    channel: str
    deliveries: float
    bare: float
    ratio: float


def kinds() -> list[Kind]:
    """The kinds that are told of each message by a request of its own."""
    return [kind for kind in KINDS if kind.guarded and kind.tells_all]


async def measure(url: str, seconds: float, rounds: int) -> list[Webhooks]:
    """Measures each channel and the bare pace in turn, `seconds` each, `rounds` times."""
    found, db = [], Database(url)
    row = await bare(db)
    platforms = [kind.make(kind.id) for kind in kinds()]
    try:
        await rate(row, CALLERS, min(0.5, seconds))
        async with running(*platforms), _served(url, platforms), aiohttp.ClientSession() as http:
            for platform in platforms:
                await _deliver(http, platform, 0.3)  # warms the plans
                pairs = [
                    (await _deliver(http, platform, seconds), await rate(row, CALLERS, seconds)) for _ in range(rounds)
                ]
                ours, rows = (statistics.median(rates) for rates in zip(*pairs, strict=True))
                found.append(Webhooks(platform.name, ours, rows, ours / rows))
    finally:
        await db.close()
    return found


def _sender(number: int) -> int:
    """Who writes a delivery: customers take turns, a new crowd of them when each has written a conversation's worth."""
    return number // (CROWD * PER_CONVERSATION) * CROWD + number % CROWD


async def _deliver(http: aiohttp.ClientSession, platform: Simulator, seconds: float) -> float:
    """Deliveries a second; raises where one is not acknowledged."""
    crowd = uuid.uuid4().hex
    ready = iter([platform.delivery(f"{crowd}{_sender(n)}", TEXT) for n in range(int(AHEAD * seconds))])
    loop = asyncio.get_running_loop()
    began, done = loop.time(), 0

    async def call() -> None:
        nonlocal done
        while loop.time() < began + seconds and (delivery := next(ready, None)) is not None:
            async with http.request(
                delivery.method,
                platform.webhook,
                params=delivery.query,
                headers=delivery.headers,
                data=delivery.body,
            ) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"{platform.name}: {answer.status} {await answer.text()}")
            done += 1

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return done / (loop.time() - began)


# The process that serves -----------------------------------------------------------------------------------------


class Wanted(Struct):
    """What the serving process is told."""

    database_url: str
    port: int
    channels: list[ChannelSettings]


@contextlib.asynccontextmanager
async def _served(url: str, platforms: Sequence[Simulator]) -> AsyncIterator[None]:
    wanted = {"database_url": url, "port": free_port(), "channels": [platform.channel() for platform in platforms]}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.webhooks", cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(wanted) + b"\n")
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the channels could not be served; see above")
        for platform in platforms:
            await platform.connect(f"http://127.0.0.1:{wanted['port']}")
        yield
    finally:
        process.stdin.close()
        await process.wait()


class Unheld(Replies):
    """Keeps no request open: nobody answers here."""

    @contextlib.asynccontextmanager
    async def reply(
        self, receipt: Receipt, limits: Limits, seconds: float, *, whatever: bool = False, together: bool = False
    ) -> AsyncIterator[Part | None]:
        """Nothing to carry back."""
        yield None


async def serve(wanted: Wanted) -> None:
    """Serves until the standard input ends."""
    db, bus, channels = Database(wanted.database_url), Bus(None), Channels()
    steps = Steps(db, bus, channels, TranscriptContexts())
    outbox = Outbox(db, bus, channels)
    desk = Desk(db, steps, channels)
    core = Core(db, bus, steps, Intake(db, bus, steps), outbox, Unheld(db, bus), People(db, bus), desk)
    app = web.Application(middlewares=[security_headers, problems], client_max_size=MAX_BODY)
    connectors = [connector_of(one, core, f"http://127.0.0.1:{wanted.port}") for one in wanted.channels]
    for connector in connectors:
        channels.add(connector)
        app.add_routes(connector.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", wanted.port).start()
    for connector in connectors:
        await connector.start()
    for connector in connectors:
        async with asyncio.timeout(30):
            while not (await connector.health()).ok:
                await asyncio.sleep(0.05)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for connector in connectors:
        await connector.stop()
    await runner.cleanup()
    await db.close()


if __name__ == "__main__":
    uvloop.run(serve(msgspec.json.decode(sys.stdin.readline(), type=Wanted)))
