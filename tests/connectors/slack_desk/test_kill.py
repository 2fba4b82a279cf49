"""Killed with no word of warning, again and again, while customers and agents go on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys

import msgspec
import pytest

from handoff.context import TranscriptContexts
from handoff.desk import Desk
from hub import outbox
from hub.bus import Bus
from hub.connector import Channels
from hub.steps import Steps
from hub.store.db import Database
from tests.connectors.slack_desk.office import AGENTS, Office, both_sides
from tests.simulators.slack_workspace import Json

ROUNDS = 3


async def process(office: Office) -> asyncio.subprocess.Process:
    """The product in a process of its own."""
    settings = msgspec.json.encode({**office.slack.channel(), **office.more}).decode()
    arguments = ("-m", "tests.connectors.slack_desk.process", office.database_url, settings, str(office.port))
    running = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", office.port))[1].close()
                return running
            await asyncio.sleep(0.05)


async def until_taken(office: Office, payload: Json) -> None:
    """Slack delivers, and goes on for as long as it takes."""
    while not await office.slack.tell(payload):
        pass


def writes(office: Office, who: str, text: str, channel: str, thread: str | None) -> Json:
    """Somebody writes; answers what Slack delivers."""
    message = office.slack._written(who, text, channel, thread)
    return next(office.slack.workspace.told(channel, message))


@pytest.mark.slow
async def test_killed_again_and_again_nothing_is_missing_and_nothing_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SENDING", 1.5)
    monkeypatch.setattr("tests.simulators.slack.RETRIES", (0.0, 6.0, 6.0))
    async with office.open() as desks:
        bob = await desks.hire("bob")
        conversation = await desks.hands_over()
        thread = await desks.thread()
        await desks.product.desk.claim(bob, conversation)
        await desks.at_rest()
    db, chance = Database(office.database_url), random.Random(4)
    console = Desk(db, Steps(db, Bus(None), Channels(), TranscriptContexts()), Channels())
    direct, room = office.slack.workspace.direct("ann"), office.slack.workspace.room(AGENTS)
    told: list[asyncio.Task[None]] = []
    for number in range(ROUNDS):
        running = await process(office)
        try:
            for step in range(8):
                question = writes(office, "ann", f"question {number}.{step}", direct, None)
                answer = writes(office, "bob", f"answer {number}.{step}", room, thread)
                told += [asyncio.create_task(until_taken(office, payload)) for payload in (question, answer)]
                await console.say(bob, conversation, f"console {number}.{step}")
                await asyncio.sleep(chance.uniform(0.05, 0.25))
        finally:
            running.kill()
            await running.wait()
    await db.close()
    async with office.open() as desks:
        await asyncio.gather(*told)
        await both_sides(desks, conversation, thread, late=True)
        said = [message.text for message in await desks.transcript(conversation)]
        for number in range(ROUNDS):
            for step in range(8):
                assert said.count(f"question {number}.{step}") == 1
                for text in (f"console {number}.{step}", f"answer {number}.{step}"):
                    assert said.count(text) == 1
                    assert desks.seen_by().count(text) == 1
        assert len(desks.firsts()) == 1
