"""What customers are told follows what is published: in this process and in the others, asked or not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hub.bus import Bus
from hub.errors import InvalidRequest
from hub.store.db import Database
from knowledge_base import importer
from knowledge_base.articles import Articles
from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.ranking import Background
from knowledge_base.service import Knowledge
from tests.knowledge_base_service.desk import RETURNS, WARRANTY, Desk, draft, line

SAMPLE = len(list(importer.read(importer.SAMPLE)))


async def told(knowledge: Knowledge, question: str, version: int) -> tuple[str, int]:
    """The answer served for a question, and its revision."""
    decision = await knowledge.decide(question, "en", version)
    assert decision.decision == "answer"
    return decision.hits[0].answer, decision.hits[0].revision


async def until(true: Callable[[], bool]) -> None:
    """Waits for something that is bound to happen."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_question_finds_what_was_published_before_it(desk: Desk) -> None:
    knowledge = desk.knowledge()
    assert (await knowledge.decide(RETURNS, "en", await desk.version())).hits == ()

    article = await desk.published("Fourteen days.", RETURNS)
    assert await told(knowledge, RETURNS, await desk.version()) == ("Fourteen days.", 1)

    await desk.articles.save(article, draft("Thirty days.", RETURNS), None)
    assert await told(knowledge, RETURNS, await desk.version()) == ("Fourteen days.", 1)

    await desk.articles.publish(article)
    assert await told(knowledge, RETURNS, await desk.version()) == ("Thirty days.", 2)

    await desk.articles.archive(article)
    gone = await knowledge.decide(RETURNS, "en", await desk.version())
    assert (gone.decision, gone.hits) == ("abstain", ())


async def test_a_published_article_is_fetched_in_the_language_it_has(desk: Desk) -> None:
    knowledge = desk.knowledge()
    article = await desk.published("Two years.", WARRANTY)
    for language in ("en", "zh"):
        hit = await knowledge.fetch(article, language, 1)
        assert hit is not None
        assert (hit.article, hit.revision, hit.language, hit.title, hit.answer) == (
            article,
            1,
            "en",
            WARRANTY,
            "Two years.",
        )
    assert await knowledge.fetch("none", "en", 1) is None
    await desk.articles.archive(article)
    assert await knowledge.fetch(article, "en", await desk.version()) is None


async def test_a_process_that_nobody_asks_follows_by_its_signal(desk: Desk) -> None:
    knowledge = desk.knowledge(desk.bus)
    await knowledge.start()
    await until(lambda: knowledge._served is not None)
    await desk.published("Fourteen days.", RETURNS)
    await until(lambda: knowledge._served is not None and knowledge._served.version == 1)


async def test_a_process_that_hears_no_signal_follows_by_its_timer(desk: Desk) -> None:
    knowledge = desk.knowledge(Bus(None))
    await knowledge.start()
    await until(lambda: knowledge._served is not None)
    await desk.published("Fourteen days.", RETURNS)
    await until(lambda: knowledge._served is not None and knowledge._served.version == 1)


async def test_it_is_ready_once_it_has_loaded(desk: Desk) -> None:
    await importer.import_sample(desk.db, desk.bus)
    knowledge = desk.knowledge()
    assert await knowledge.ready() == (False, "not loaded yet")
    await knowledge.start()
    await until(lambda: knowledge._served is not None)
    assert await knowledge.ready() == (True, f"{SAMPLE} articles, version 1, model bundled-fast")


class Slow:
    """The real embedder under another name, which encodes nothing until it may."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.fingerprint, self.dimension = "slow", "slow", embedder.dimension
        self._embedder = embedder
        self.may, self.fails = threading.Event(), False

    def encode(self, texts: Sequence[str]) -> Vectors:
        assert self.may.wait(60)
        if self.fails:
            raise RuntimeError
        return self._embedder.encode(texts)


async def test_a_quick_model_answers_until_the_other_has_encoded_all(desk: Desk, embedder: Embedder) -> None:
    slow = Slow(embedder)
    knowledge = Knowledge(desk.db, desk.bus, slow, desk.background, embedder)
    await knowledge.start()
    try:
        await until(lambda: knowledge._served is not None)
        await desk.published("Fourteen days.", RETURNS)
        assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)
        assert (await knowledge.ready())[1].endswith(f"model {embedder.name}")
        await knowledge.learn()  # its vectors would not fit
        slow.may.set()
        await until(lambda: knowledge._served is not None and knowledge._served.model is slow)
        assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)
    finally:
        slow.may.set()
        await knowledge.stop()


async def test_what_could_not_be_encoded_is_tried_again(desk: Desk, embedder: Embedder) -> None:
    await desk.published("Fourteen days.", RETURNS)
    slow = Slow(embedder)
    knowledge = Knowledge(desk.db, desk.bus, slow, desk.background, embedder)
    slow.fails = True
    slow.may.set()
    await knowledge.refresh()
    await until(lambda: knowledge._encoding is not None and knowledge._encoding.done())
    assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)
    slow.fails = False
    await knowledge.refresh()
    await until(lambda: knowledge._served is not None and knowledge._served.model is slow)
    assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)
    await knowledge.stop()


async def test_what_is_published_meanwhile_is_not_lost(desk: Desk, embedder: Embedder) -> None:
    await desk.published("Fourteen days.", RETURNS)
    slow = Slow(embedder)
    knowledge = Knowledge(desk.db, desk.bus, slow, desk.background, embedder)
    await knowledge.refresh()
    await desk.published("Two years.", WARRANTY)
    assert await told(knowledge, WARRANTY, 2) == ("Two years.", 1)
    slow.may.set()
    await until(lambda: knowledge._served is not None and knowledge._served.model is slow)
    assert await told(knowledge, WARRANTY, 2) == ("Two years.", 1)
    assert await told(knowledge, RETURNS, 2) == ("Fourteen days.", 1)
    await desk.published("By post.", "How do I send something back?")  # from now on as always
    await knowledge.refresh()
    assert knowledge._served is not None
    assert knowledge._served.model is slow
    await knowledge.stop()


async def test_it_waits_for_a_database_that_is_away(
    desk: Desk, embedder: Embedder, background: Background, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")
    knowledge = Knowledge(nowhere, Bus(None), embedder, background)
    await knowledge.start()
    await until(lambda: "the database is away" in caplog.text)
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        await knowledge.decide(RETURNS, "en", 0)
    assert not (await knowledge.ready())[0]
    knowledge._db = desk.db
    await until(lambda: knowledge._served is not None)
    await knowledge.stop()


class Counting:
    """The bundled model, noting what it is given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        return self._embedder.encode(texts)


async def test_only_new_phrasings_are_encoded(desk: Desk, background: Background) -> None:
    counting = Counting(desk.embedder)
    desk.embedder = counting
    knowledge = desk.knowledge()
    article = await desk.published("Fourteen days.", RETURNS)
    await desk.published("Two years.", WARRANTY)
    await knowledge.refresh()
    assert sorted(counting.batches.pop()) == sorted([RETURNS, WARRANTY])

    await desk.articles.save(article, draft("Thirty days.", RETURNS, "May I bring it back?"), None)
    await knowledge.refresh()
    await desk.articles.publish(article)
    await knowledge.refresh()
    assert counting.batches == [["May I bring it back?"]]
    await knowledge.refresh()
    assert len(counting.batches) == 1


async def test_questions_that_wait_are_encoded_together_and_each_gets_its_own_answer(desk: Desk) -> None:
    counting = Counting(desk.embedder)
    desk.embedder = counting
    knowledge = desk.knowledge()
    await desk.published("Fourteen days.", RETURNS)
    await desk.published("Two years.", WARRANTY)
    await knowledge.refresh()
    counting.batches.clear()

    questions = [RETURNS, WARRANTY] * 40
    version = await desk.version()
    answers = await asyncio.gather(*(told(knowledge, question, version) for question in questions))
    assert [answer for answer, _ in answers] == ["Fourteen days.", "Two years."] * 40
    assert sum(map(len, counting.batches)) == 80
    assert len(counting.batches) < 10


async def test_who_goes_away_while_waiting_holds_up_nobody(desk: Desk) -> None:
    knowledge = desk.knowledge()
    await desk.published("Fourteen days.", RETURNS)
    await knowledge.refresh()
    asked = [asyncio.create_task(told(knowledge, RETURNS, 1)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in asked[:3]:
        task.cancel()
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(end, asyncio.CancelledError) for end in ends] == [True] * 3 + [False] * 2
    assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)


async def test_an_error_while_searching_reaches_who_asked_and_nobody_later(desk: Desk) -> None:
    knowledge = desk.knowledge()
    await desk.published("Fourteen days.", RETURNS)
    await knowledge.refresh()
    with pytest.raises((TypeError, UnicodeError)):
        await knowledge.decide("\ud800", "en", 1)
    assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)


@pytest.mark.parametrize("text", ["", " ", "?!", "😀", "12345", "a" * 100_000, "退" * 100_000, "\0", "/restart"])
async def test_any_text_gets_a_decision(desk: Desk, text: str) -> None:
    knowledge = desk.knowledge()
    await desk.published("Fourteen days.", RETURNS)
    for language in ("zh", "en"):
        assert (await knowledge.decide(text, language, 1)).decision in ("answer", "clarify", "abstain")


async def test_the_sample_is_imported_once_however_many_try(desk: Desk) -> None:
    new = await asyncio.gather(*(importer.import_sample(desk.db, desk.bus) for _ in range(4)))
    assert sorted(new) == [0, 0, 0, SAMPLE]
    assert await desk.version() == 1
    hit = (await desk.knowledge().decide("怎么取消订单？", "zh", 1)).hits[0]
    assert (hit.article, hit.revision, hit.language) == ("order-cancel", 1, "zh")


async def test_the_sample_leaves_an_editors_articles_alone(desk: Desk) -> None:
    await desk.articles.create(draft("Mine.", RETURNS), None)
    assert await importer.import_sample(desk.db, desk.bus) == 0


async def test_a_file_adds_what_is_not_there_yet(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_bytes(line("returns", "Fourteen days.", RETURNS, category="returns") + b"\n")
    assert await importer.import_file(desk.db, file) == 1
    await desk.articles.save("returns", draft("Thirty days.", RETURNS), None)

    file.write_bytes(line("returns", "Seven days.", RETURNS) + line("warranty", "Two years.", WARRANTY))
    assert await importer.import_file(desk.db, file) == 1
    assert await importer.import_file(desk.db, file) == 0
    assert await desk.version() == 2
    assert (await desk.articles.get("returns")).translations["en"].answer == "Thirty days."
    assert (await desk.articles.get("returns")).category == "returns"
    assert await desk.events() == ["returns", "returns", "warranty"]


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        (b"{", "line 2: "),
        (b'{"id": "x", "translations": {"fr": {"title": "x", "questions": [], "answer": "y"}}}', "line 2: .*fr"),
        (b'{"id": "x", "translations": {"en": {"title": "", "questions": [], "answer": "y"}}}', "line 2: .*title"),
        (line("returns", "Again.", RETURNS), "line 2: .*only once"),
        (b"\xff", "line 2: "),
    ],
)
async def test_a_file_with_a_bad_line_changes_nothing(
    desk: Desk, tmp_path: Path, second: bytes, complaint: str
) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_bytes(line("returns", "Fourteen days.", RETURNS) + second)
    with pytest.raises(InvalidRequest, match=complaint):
        await importer.import_file(desk.db, file)
    assert await desk.version() == 0


async def test_articles_needs_no_service(desk: Desk) -> None:
    """Another process may write: only the database connects the two."""
    other = Articles(desk.db, Bus(None))
    knowledge = desk.knowledge()
    made = await other.create(draft("Fourteen days.", RETURNS), None)
    await other.publish(made.id)
    assert await told(knowledge, RETURNS, 1) == ("Fourteen days.", 1)


async def test_whoever_is_woken_while_it_ends_ends(desk: Desk) -> None:
    bus = Bus(None)
    for _ in range(20):
        knowledge = desk.knowledge(bus)
        await knowledge.start()
        await knowledge.refresh()
        await asyncio.sleep(0.01)  # it waits for the next signal
        bus.signal("knowledge")
        async with asyncio.timeout(10):
            await knowledge.stop()
