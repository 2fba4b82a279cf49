"""Two real processes over one database: each serves what the last state says, also after one of them was killed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from hub.bus import Bus
from hub.store.db import Database
from hub.types import Decision, Hit
from knowledge_base import embedder
from knowledge_base.service import Knowledge
from tests.knowledge_base_service.desk import Desk, draft

ROOT = Path(__file__).parents[2]
PROCESSES, ARTICLES, ACTS = 2, 6, 40


class Asked(msgspec.Struct):
    """What a process is asked: a question, and an article by its id, in this version of what is served or a newer."""

    question: str
    article: str
    version: int


class Told(msgspec.Struct):
    """What it answers."""

    decision: Decision
    hit: Hit | None


@dataclass
class House:
    """The processes, and what they should say."""

    url: str
    desk: Desk
    dice: random.Random
    running: list[Process] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    revisions: dict[str, list[str]] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)

    async def start(self) -> Process:
        """One more process; it begins to load and takes questions."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUN, self.url, cwd=ROOT, stdin=PIPE, stdout=PIPE
        )

    async def edit(self) -> None:
        """Some act of an editor."""
        act, id = (
            self.dice.choice(("save", "publish", "publish", "old", "archive", "restore")),
            self.dice.choice(self.ids),
        )
        said, articles = self.revisions[id], self.desk.articles
        old = self.dice.randint(1, len(said))
        if act == "save":
            said.append(f"{id}, revision {len(said) + 1}")
            await articles.save(id, draft(said[-1], question(self.ids.index(id), len(said))), None)
        elif act == "publish":
            self.served[id] = (await articles.publish(id)).published_revision or 0
        elif act == "old":
            self.served[id] = (await articles.publish(id, old)).published_revision or 0
        elif act == "archive":
            await articles.archive(id)
            self.served.pop(id, None)
        else:
            await articles.restore(id, old, None)
            said.append(said[old - 1])

    async def check(self, process: Process) -> None:
        """Every article is told as it was published last, or not at all."""
        version = await self.desk.version()
        for place, id in enumerate(self.ids):
            revision = self.served.get(id)
            asked = question(place, self.revisions[id].index(self.revisions[id][(revision or 1) - 1]) + 1)
            told = await ask(process, Asked(asked, id, version))
            assert (told.hit and told.hit.revision) == revision
            assert {hit.article for hit in told.decision.hits} <= self.served.keys()
            for hit in (told.hit, *told.decision.hits):
                assert hit is None or hit.revision == self.served[hit.article]
                assert hit is None or hit.answer == self.revisions[hit.article][hit.revision - 1]
            if revision is not None:
                assert told.decision.hits[0].article == id


def question(article: int, revision: int) -> str:
    """The one question of an article's revision."""
    thing = ("parcel", "invoice", "warranty", "password", "refund", "headphones")[article]
    return f"What about my {thing}, for the {revision}. time?"


async def ask(process: Process, asked: Asked) -> Told:
    """The process's answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(asked) + b"\n")
    async with asyncio.timeout(60):
        return msgspec.json.decode(await process.stdout.readline(), type=Told)


RUN = "import asyncio, sys; from tests.knowledge_base_service import test_processes; asyncio.run(test_processes.main())"


async def main() -> None:
    """The process: answers a line for each line."""
    db, bus = Database(sys.argv[1]), Bus(None)
    knowledge = Knowledge(db, bus, embedder.load(embedder.FAST))
    await knowledge.start()
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = msgspec.json.decode(line, type=Asked)
        decision = await knowledge.decide(asked.question, "en", asked.version)
        told = Told(decision, await knowledge.fetch(asked.article, "en", asked.version))
        print(msgspec.json.encode(told).decode(), flush=True)
    await knowledge.stop()
    await db.close()


@pytest.fixture
async def house(desk: Desk, database_url: str) -> AsyncIterator[House]:
    made = House(database_url, desk, random.Random(6))
    made.running = [await made.start() for _ in range(PROCESSES)]
    for place in range(ARTICLES):
        id = (await desk.articles.create(draft("first", question(place, 1)), None)).id
        made.ids.append(id)
        made.revisions[id] = ["first"]
    yield made
    for process in made.running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_each_process_tells_what_the_last_state_says(house: House) -> None:
    for number in range(ACTS):
        await house.edit()
        await house.check(house.running[number % PROCESSES])
        if number == ACTS // 2:
            house.running[0].kill()
            await house.running[0].wait()
            house.running[0] = await house.start()
    await asyncio.gather(*(house.check(process) for process in house.running))
