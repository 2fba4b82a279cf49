"""Every process learns from what became of answers, wherever that was said."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from hub.bus import Bus
from hub.types import Decision
from knowledge_base import learning
from knowledge_base.embedder import Embedder, Vectors, normalised
from knowledge_base.outcomes import Lessons, Recalibration, Wrong
from knowledge_base.remembered import WORTH_KEEPING
from knowledge_base.service import Knowledge
from tests.hub.house import open_house
from tests.knowledge_base_service.desk import RETURNS, WARRANTY, Desk
from tests.knowledge_base_service.shop import Shop


@pytest.fixture
async def shop(desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """A shop that knows about returns and warranty, and learns without delay."""
    monkeypatch.setattr(learning, "EVERY", 0.01)
    async with open_house(database_url) as house:
        await desk.published("Fourteen days.", RETURNS)
        await desk.published("Two years.", WARRANTY)
        yield Shop(house, desk, desk.knowledge())


async def until(knowledge: Knowledge, decision: str) -> Decision:
    """Asks until this is decided, which is bound to happen."""
    async with asyncio.timeout(20):
        while (decided := await knowledge.decide(RETURNS, "en", 0)).decision != decision:
            await asyncio.sleep(0.01)
    return decided


async def test_all_processes_learn_from_a_correction_and_from_its_undoing(shop: Shop) -> None:
    processes = [shop.desk.knowledge(Bus(None)) for _ in range(2)]
    for process in processes:
        await process.start()
    answer = await shop.tell(RETURNS)
    for right, decision in ((False, "clarify"), (None, "answer"), (False, "clarify"), (True, "answer")):
        await shop.correct(answer, right)
        for process in processes:
            assert (await until(process, decision)).hits[0].article == answer.sources[0].article


async def test_thumbs_of_more_than_one_teach_too_and_other_questions_are_answered_as_before(shop: Shop) -> None:
    for sender, decision in (("ann", "answer"), ("ann", "answer"), ("ben", "clarify")):
        await shop.thumb(await shop.tell(RETURNS, sender=sender), False)
        await shop.knowledge.learn()
        assert (await shop.knowledge.decide(RETURNS, "en", 0)).decision == decision
    assert (await shop.knowledge.decide(WARRANTY, "en", 0)).decision == "answer"


async def test_what_was_learned_outlives_a_publication(shop: Shop) -> None:
    await shop.correct(await shop.tell(RETURNS), False)
    await shop.knowledge.learn()
    await shop.desk.published("By parcel.", "How do you ship?")
    decided = await shop.knowledge.decide(RETURNS, "en", await shop.desk.version())
    assert decided.decision == "clarify"


async def test_a_publication_does_not_wait_for_what_is_learned(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    knowledge, learns, published = shop.knowledge, threading.Event(), threading.Event()
    await shop.correct(await shop.tell(RETURNS), False)
    lessons = knowledge._learning.lessons

    def slow(*given: Any) -> Lessons:
        learns.set()
        assert published.wait(20)
        return lessons(*given)

    monkeypatch.setattr(knowledge._learning, "lessons", slow)
    learning_on = asyncio.create_task(knowledge.learn())
    assert await asyncio.to_thread(learns.wait, 20)
    await shop.desk.published("By parcel.", "How do you ship my order?")
    version = await shop.desk.version()
    assert (await knowledge.decide("How do you ship my order?", "en", version)).decision == "answer"
    published.set()
    await learning_on
    assert (await knowledge.decide("How do you ship my order?", "en", version)).decision == "answer"
    assert (await knowledge.decide(RETURNS, "en", version)).decision == "clarify"


class Half:
    """A quick model whose vectors fit no other's."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = self.fingerprint = "half"
        self.dimension = embedder.dimension // 2
        self._embedder = embedder

    def encode(self, texts: Sequence[str]) -> Vectors:
        return normalised(self._embedder.encode(texts)[:, : self.dimension])


async def test_what_was_learned_is_not_told_to_the_quick_model(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there was an import while it was learned."""
    knowledge, lessons, loop = shop.knowledge, shop.knowledge._learning.lessons, asyncio.get_running_loop()
    await shop.correct(await shop.tell(RETURNS), False)

    async def imports() -> None:
        for number in range(3):
            await shop.desk.published("By parcel.", f"How do you ship parcel {number}?")
        await knowledge.refresh()

    async def never() -> None: ...

    def meanwhile(*given: Any) -> Lessons:
        asyncio.run_coroutine_threadsafe(imports(), loop).result(20)
        return lessons(*given)

    monkeypatch.setattr(knowledge, "_meanwhile", Half(shop.desk.embedder))
    monkeypatch.setattr(knowledge, "_encode", never)
    monkeypatch.setattr(knowledge._learning, "lessons", meanwhile)
    await knowledge.learn()
    assert (await knowledge.ready())[1].endswith("model half")
    assert (await knowledge.decide(RETURNS, "en", 0)).hits[0].title == RETURNS


async def test_many_wrong_answers_make_it_less_sure_of_all(shop: Shop) -> None:
    answer = await shop.tell(RETURNS)
    before = await shop.knowledge.decide(WARRANTY, "en", 0)
    await shop.correct(answer, False)
    async with shop.house.db.connection() as conn:  # as many more of them
        await conn.execute(
            """with said as (
                insert into messages (id, identity, conversation, seq, author, text, channel, turn, delivery)
                select 'x' || n, identity, conversation, 1000 + n, 'bot', '', channel, turn, 'sent'
                from messages, generate_series(1, 2000) n where key = $1 returning key)
            insert into served_answers (message, article, revision, odds, correct, corrected_by, corrected_at)
            select said.key, article, revision, odds, correct, corrected_by, corrected_at
            from said, served_answers where message = $1""",
            answer.key,
        )
    await shop.knowledge.learn()
    after = await shop.knowledge.decide(WARRANTY, "en", 0)
    assert after.confidence < before.confidence
    assert after.odds == before.odds


async def test_it_reads_labels_only_where_there_are_new_ones(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shop.knowledge._learning
    ranking = (await shop.knowledge.refresh()).ranking

    async def reads(version: int) -> bool:
        async with shop.house.db.connection() as conn:
            found = await made.read(conn, version)
        if found is not None:
            made.lessons(found, ranking)
        return found is not None

    assert [await reads(1), await reads(1), await reads(2)] == [True, False, True]  # other revisions are served
    await shop.correct(await shop.tell(RETURNS), False)
    assert [await reads(2), await reads(2)] == [True, False]
    monkeypatch.setattr(made, "_again_at", 0.0)
    assert await reads(2)  # and once in a while


async def test_what_could_not_be_learned_is_learned_the_next_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> Recalibration:
        raise MemoryError

    knowledge = shop.knowledge
    await shop.correct(await shop.tell(RETURNS), False)
    with monkeypatch.context() as now:
        now.setattr(learning, "fit", fails)
        with pytest.raises(MemoryError):
            await knowledge.learn()
    await knowledge.learn()
    assert (await knowledge.decide(RETURNS, "en", 0)).decision == "clarify"


class Noting:
    """The model, noting what it is given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        return self._embedder.encode(texts)


async def test_customers_words_are_encoded_once_and_never_kept_on_the_disk(shop: Shop) -> None:
    noting = Noting(shop.desk.embedder)
    ranking = (await shop.knowledge.refresh()).ranking
    taught = learning.Learning(noting, 1000)
    wrong = [Wrong(n, ("a", 1), f"question number {n}", "agent") for n in range(100)]
    lessons = taught.lessons(learning.Labels([], wrong), ranking)
    assert lessons.wrong["a", 1].shape == (100, noting.dimension)
    assert max(map(len, noting.batches)) < WORTH_KEEPING
    assert sum(map(len, noting.batches)) == 100

    fewer = taught.lessons(learning.Labels([], [*wrong[:50], Wrong(200, ("b", 1), "a new one", "agent")]), ranking)
    assert {key: len(vectors) for key, vectors in fewer.wrong.items()} == {("a", 1): 50, ("b", 1): 1}
    assert sum(map(len, noting.batches)) == 101
    assert len(taught._vectors) == 51  # what was taken back or erased is forgotten
