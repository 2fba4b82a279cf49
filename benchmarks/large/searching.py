"""Searching a large index and changing it, in one process and without the database.

The pace to hold against is one product of a matrix and a vector: that of all phrasings with the question, in numpy,
with the same numbers and on one thread as well. Both are taken in turn, question by question.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

import psutil
from msgspec import Struct

from benchmarks.large import corpus
from hub.language import detect
from knowledge_base.embedder import Embedder
from knowledge_base.index import Article, Index
from knowledge_base.ranking import CHOICES, Background, Ranking

QUESTIONS = 200
CHANGES = 30


class Searching(Struct, frozen=True):
    """What one width of vectors takes; milliseconds, where nothing else is said, and the median of many."""

    dimension: int
    articles: int
    phrasings: int
    encoding: float
    """Seconds that encoding all phrasings takes; a part of `start`."""
    start: float
    """Seconds from articles to a ranking that answers."""
    memory: float
    """What ranking and background added to the process, in MiB."""
    bare: float
    search: float
    ratio: float
    change: float
    slowest_change: float
    parts: int
    """Of the index, after all changes."""
    search_after: float
    ratio_after: float


def measure(articles: Sequence[Article], embedder: Embedder) -> Searching:
    """Builds an index, asks it, changes it article by article, and asks again."""
    texts = [phrasing for article in articles for phrasing in article.phrasings()]
    encoding = _milliseconds(lambda: embedder.encode(texts)) / 1000
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
    background = Background(embedder)
    ranking = Ranking(Index(articles, embedder), background)
    start, memory = time.perf_counter() - began, psutil.Process().memory_info().rss - before
    bare, search = _searches(ranking.index)
    ranking, changes = _changed(ranking, background)
    bare_after, search_after = _searches(ranking.index)
    return Searching(
        dimension=embedder.dimension,
        articles=len(articles),
        phrasings=len(texts),
        encoding=encoding,
        start=start,
        memory=memory / 2**20,
        bare=bare,
        search=search,
        ratio=search / bare,
        change=statistics.median(changes),
        slowest_change=max(changes),
        parts=len(ranking.index.shelves),
        search_after=search_after,
        ratio_after=search_after / bare_after,
    )


def _searches(index: Index) -> tuple[float, float]:
    """One bare product, and one search."""
    part = index.shelves[0].part
    phrasings = part.matrix[: len(part.phrasings)]
    bare, search = [], []
    asked = corpus.questions()[:QUESTIONS]
    for text, vector in zip(asked, index.embedder.encode(asked), strict=True):
        language = detect(text) or "en"
        bare.append(_milliseconds(lambda vector=vector: phrasings @ vector))  # type: ignore[misc]
        search.append(_milliseconds(lambda t=text, v=vector, s=language: index.search(t, v, s, CHOICES)))  # type: ignore[misc]
    return statistics.median(bare), statistics.median(search)


def _changed(ranking: Ranking, background: Background) -> tuple[Ranking, list[float]]:
    """One article after another is written anew, archived or added; each makes a ranking of its own."""
    dice, topics, took = random.Random(2), corpus.topics(), []
    for number in range(CHANGES):
        served = dict(ranking.index.articles)
        id = f"new{number}" if number % 3 == 0 else dice.choice(list(served))
        if number % 3 == 1:
            del served[id]
        else:
            served[id] = corpus.about(dice.choice(topics), id, f"Newest {number}", dice, 2 + number)
        began = time.perf_counter()
        ranking = Ranking(Index(served.values(), ranking.index.embedder, ranking.index), background, ranking)
        took.append(1000 * (time.perf_counter() - began))
    return ranking, took


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
