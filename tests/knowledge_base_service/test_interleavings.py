"""Whatever editors do in whatever order, every process serves what the database's last state says, and nothing else."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.bus import Bus
from knowledge_base.articles import Articles
from knowledge_base.service import Knowledge
from tests.knowledge_base_service.desk import RETURNS, WARRANTY, Desk, draft

QUESTIONS = (RETURNS, WARRANTY, "Where is my parcel?")
ACTS = ("save", "publish", "publish", "publish an old one", "archive", "restore", "ask", "ask", "nap", "die")


@dataclass
class Newsroom:
    """Articles, one for each question, with what should be told of them; two processes that serve them."""

    desk: Desk
    ids: list[str] = field(default_factory=list)
    processes: list[Knowledge] = field(default_factory=list)
    latest: dict[str, int] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)

    async def open(self) -> None:
        async with self.desk.db.connection() as conn:
            await conn.execute("truncate articles, revisions")
        self.processes = [self.desk.knowledge(), self.desk.knowledge()]
        for place, question in enumerate(QUESTIONS):
            article = await self.desk.articles.create(draft(f"{place}/1", question), None)
            self.ids.append(article.id)
            self.latest[article.id] = 1

    async def edit(self, articles: Articles, act: str, place: int, number: int) -> None:
        """One act of an editor, and what is to come of it."""
        article = self.ids[place]
        old = 1 + number % self.latest[article]
        if act == "save":
            answer = f"{place}/{self.latest[article] + 1}"
            self.latest[article] = (await articles.save(article, draft(answer, QUESTIONS[place]), None)).latest_revision
        elif act == "publish":
            self.published[article] = (await articles.publish(article)).published_revision or 0
        elif act == "publish an old one":
            await articles.publish(article, old)
            self.published[article] = old
        elif act == "archive":
            await articles.archive(article)
            self.published.pop(article, None)
        elif act == "restore":
            before = self.published.get(article)
            restored = await articles.restore(article, old, None)
            assert restored.published_revision == before
            assert restored.state == ("draft" if before is None else "published")
            self.latest[article] = restored.latest_revision

    async def ask(self, process: int) -> None:
        """A customer who comes now is told the published revision's own words, or nothing."""
        knowledge, version = self.processes[process], await self.desk.version()
        for article, question in zip(self.ids, QUESTIONS, strict=True):
            decision = await knowledge.decide(question, "en", version)
            served = {hit.article: hit.revision for hit in decision.hits}
            assert served == self.published
            hit = await knowledge.fetch(article, "en", version)
            assert (hit and hit.revision) == self.published.get(article)
            if hit is not None:
                assert decision.decision == "answer"
                assert decision.hits[0].article == article
                said = await self.desk.articles.revisions(article)
                assert hit.answer == decision.hits[0].answer == said[-hit.revision].translations["en"].answer


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 2), st.integers(0, 100)), min_size=3, max_size=30))
async def test_whatever_the_order(desk: Desk, acts: list[tuple[str, int, int]]) -> None:
    room = Newsroom(desk)
    await room.open()
    for act, place, number in acts:
        if act == "ask":
            await room.ask(number % 2)
        elif act == "nap":
            await room.processes[number % 2].refresh()  # its timer
        elif act == "die":
            room.processes[number % 2] = desk.knowledge()  # nothing of it is left but the database
        else:
            await room.edit(desk.articles, act, place, number)
    for process in range(2):
        await room.ask(process)
    await desk.close()


@pytest.mark.parametrize("seed", range(3))
async def test_all_at_once(desk: Desk, seed: int) -> None:
    room, dice = Newsroom(desk), random.Random(seed)
    await room.open()
    buses = [Bus(None), Bus(None)]
    room.processes = [desk.knowledge(bus) for bus in buses]
    for knowledge in room.processes:
        await knowledge.start()

    async def editor(bus: Bus, seed: int) -> None:
        own, articles = random.Random(seed), Articles(desk.db, bus)
        for _ in range(25):
            place, act = own.randrange(3), own.choice(("save", "publish", "publish", "archive", "restore"))
            if act == "save":
                await articles.save(room.ids[place], draft(f"{place}/saved", QUESTIONS[place]), None)
            elif act == "publish":
                await articles.publish(room.ids[place])
            elif act == "archive":
                await articles.archive(room.ids[place])
            else:
                await articles.restore(room.ids[place], 1, None)

    async def customer(knowledge: Knowledge, seed: int) -> None:
        own, newest = random.Random(seed), 0
        for _ in range(40):
            place, version = own.randrange(3), await desk.version()
            hit = await knowledge.fetch(room.ids[place], "en", version)
            assert knowledge._served is not None
            assert knowledge._served.version >= max(version, newest), "older than what was asked for, or than before"
            newest = knowledge._served.version
            assert hit is None or hit.answer == await _answer(desk, room.ids[place], hit.revision)
            await asyncio.sleep(own.random() * 0.002)

    await asyncio.gather(
        *(editor(bus, dice.randrange(10**9)) for bus in buses for _ in range(2)),
        *(customer(knowledge, dice.randrange(10**9)) for knowledge in room.processes for _ in range(2)),
    )
    entries = [await desk.articles.get(article) for article in room.ids]
    room.published = {e.id: e.published_revision for e in entries if e.published_revision is not None}
    for process in range(2):
        await room.ask(process)


async def _answer(desk: Desk, article: str, revision: int) -> str:
    said = await desk.articles.revisions(article)
    return said[-revision].translations["en"].answer
