"""The knowledge base in one process: what is published, in memory, never older than who asks wants it.

Nothing of it is kept but in the database. Signals and a timer make it follow; a question that knows of a newer version
makes it load that first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from asyncio import Future
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from msgspec import Struct

from hub.bus import Bus, Wake
from hub.ending import end
from hub.store.db import AWAY, Database
from hub.types import Decision, Hit, Language
from knowledge_base import learning, store
from knowledge_base.embedder import Embedder
from knowledge_base.index import Article, Index, Match
from knowledge_base.learning import Learning
from knowledge_base.ranking import Background, Ranking, build
from knowledge_base.store import Change

log = logging.getLogger(__name__)

LONGEST_QUESTION = 1000
"""Characters of a question that count. A longer text is a story, and its beginning says what it is about."""

_BATCH = 16


class _Served(Struct, frozen=True):
    """What is served in one version."""

    version: int
    ranking: Ranking

    @property
    def model(self) -> Embedder:
        """By which it is searched."""
        return self.ranking.index.embedder


class _Question(Struct, frozen=True, eq=False):
    """Somebody waits for this."""

    text: str
    language: Language
    decision: Future[Decision]


class Knowledge:
    """Searches what is published; the core's `KnowledgeBase`.

    One thread searches and another builds, so that a large change does not hold up the questions. `meanwhile` is a
    quick embedder, by which questions are answered while `embedder` encodes most of what is published: at a first
    start, after an import.
    """

    def __init__(
        self,
        db: Database,
        bus: Bus,
        embedder: Embedder,
        background: Background | None = None,
        meanwhile: Embedder | None = None,
    ) -> None:
        self._db = db
        self._bus = bus
        self._embedder = embedder
        self._meanwhile = meanwhile
        self._background = background
        self._served: _Served | None = None
        self._learning = Learning(embedder, LONGEST_QUESTION)
        self._refreshing = asyncio.Lock()
        self._searcher = ThreadPoolExecutor(1, "knowledge-search")
        self._builder = ThreadPoolExecutor(1, "knowledge-build")
        self._waiting: list[_Question] = []
        self._searching = False
        self._following: list[asyncio.Task[None]] = []
        self._encoding: asyncio.Task[None] | None = None
        self._encoded: Ranking | None = None  # the last one by `embedder`, while the quick one serves

    async def start(self) -> None:
        """Begins to load and to follow. Does not wait for the database."""
        self._following = [asyncio.create_task(self._watch()), asyncio.create_task(self._keep_learning())]

    async def stop(self) -> None:
        """Ends it. Nobody may ask any more; whoever still waits is cancelled."""
        for question in self._waiting:
            question.decision.cancel()
        self._waiting.clear()
        await end(*self._following, *([self._encoding] if self._encoding else []))
        for thread in (self._searcher, self._builder):
            await asyncio.to_thread(thread.shutdown)

    async def ready(self) -> tuple[bool, str]:
        """Whether it has loaded what is published, and a few words about it."""
        if self._served is None:
            return False, "not loaded yet"
        served = self._served
        return True, f"{len(served.ranking.index)} articles, version {served.version}, model {served.model.name}"

    async def decide(self, text: str, language: Language, version: int) -> Decision:
        """What to do with a customer's question; raises one of `AWAY` where `version` cannot be loaded."""
        await self._catch_up(version)
        question = _Question(text[:LONGEST_QUESTION], language, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if not self._searching:
            self._search()
        return await question.decision

    async def fetch(self, article: str, language: Language, version: int) -> Hit | None:
        """A served article, in `language` where it has that; raises one of `AWAY` where `version` cannot be loaded."""
        ranking = (await self._catch_up(version)).ranking
        found = ranking.index.articles.get(article)
        if found is None:
            return None
        text = found.translations.get(language) or next(iter(found.translations.values()))
        return ranking.judge([Match(found, 1.0, text.title)], language).hits[0]

    async def refresh(self, version: int | None = None) -> _Served:
        """Loads what was published since the last time, unless that is `version` or newer already."""
        async with self._refreshing:
            served = self._served
            if served is not None and version is not None and served.version >= version:
                return served
            async with self._db.connection() as conn:
                change = await store.changes(conn, served.version if served else 0)
            if served is None or change.version > served.version:
                loop = asyncio.get_running_loop()
                self._served = served = await loop.run_in_executor(self._builder, self._follow, served, change)
                log.info("knowledge base: version %d, %d articles", served.version, len(served.ranking.index))
            if served.model is not self._embedder and (self._encoding is None or self._encoding.done()):
                self._encoding = asyncio.create_task(self._encode())
            return served

    async def learn(self) -> None:
        """Takes up what became of the answers since the last time, if there is something to learn from it."""
        served = self._served or await self.refresh()
        if served.model is not self._embedder:
            return  # its vectors are no use there
        async with self._db.connection() as conn:
            found = await self._learning.read(conn, served.version)
        if found is None:
            return
        # In no thread of ours, and without the lock: neither questions nor publications wait for it.
        lessons = await asyncio.to_thread(self._learning.lessons, found, served.ranking)
        async with self._refreshing:
            served = self._served or served
            if served.model is self._embedder:
                self._served = _Served(served.version, served.ranking.taught(lessons))

    async def _catch_up(self, version: int) -> _Served:
        served = self._served
        return served if served is not None and served.version >= version else await self.refresh(version)

    async def _watch(self) -> None:
        with Wake(self._bus, "knowledge") as wake:
            while True:
                with _tries_again("load what is published"):
                    await self.refresh()
                await wake.wait()

    async def _keep_learning(self) -> None:
        while True:
            with _tries_again("learn from outcomes"):
                await self.learn()
            await asyncio.sleep(learning.EVERY)

    async def _encode(self) -> None:
        """Replaces what the quick embedder serves, once the other has encoded it."""
        with _tries_again("encode what is published"):
            while (served := self._served) is not None and served.model is not self._embedder:
                # In no thread of ours: what is published meanwhile does not wait for it.
                self._encoded = await asyncio.to_thread(self._rank, served.ranking.index.articles, self._encoded)
                async with self._refreshing:
                    if self._served is served:
                        self._served = _Served(served.version, self._encoded)
                        self._encoded = None

    def _follow(self, served: _Served | None, change: Change) -> _Served:
        """What is served after a change; blocks."""
        articles = dict(served.ranking.index.articles) if served else {}
        if served and not change.served and not any(id in articles for id in change.gone):
            return _Served(change.version, served.ranking)
        encoded = served.ranking if served and served.model is self._embedder else None
        many = len(change.served) > len(articles) or (served is not None and encoded is None)
        for id in change.gone:
            articles.pop(id, None)
        for item in change.served:
            article = store.served_article(*item)
            articles[article.id] = article
        if self._meanwhile is not None and many:
            self._encoded = encoded or self._encoded
            return _Served(change.version, build(articles.values(), self._meanwhile))
        return _Served(change.version, self._rank(articles, encoded))

    def _rank(self, articles: Mapping[str, Article], known: Ranking | None) -> Ranking:
        if self._background is None:
            self._background = Background(self._embedder)
        index = Index(articles.values(), self._embedder, known.index if known else None)
        return Ranking(index, self._background, known)

    def _search(self) -> None:
        """Takes the questions that wait, at most a batch, to the searching thread; later ones go with the next."""
        assert self._served is not None, "who asks has caught up"
        batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._searcher, _decide, self._served.ranking, batch)
        done.add_done_callback(partial(self._answer, batch))
        self._searching = True

    def _answer(self, batch: list[_Question], done: Future[list[Decision]]) -> None:
        error = done.exception()
        for place, question in enumerate(batch):
            if question.decision.done():
                continue  # whoever asked has gone
            if error is not None:
                question.decision.set_exception(error)
            else:
                question.decision.set_result(done.result()[place])
        self._searching = False
        if self._waiting:
            self._search()


@contextlib.contextmanager
def _tries_again(what: str) -> Iterator[None]:
    try:
        yield
    except AWAY as error:
        log.warning("knowledge base: the database is away (%s)", type(error).__name__)
    except Exception:
        log.exception("knowledge base: could not %s; tries again", what)


def _decide(ranking: Ranking, questions: list[_Question]) -> list[Decision]:
    return ranking.decide_all([(question.text, question.language) for question in questions])
