"""Retrieval quality on labelled questions, in an index of its own; nothing touches the database.

The figures, all as shares between 0 and 1:

- `recall@1`, `recall@3`, `mrr@10`: over the queries that have an article; the rank is among articles.
- `oos_auroc`: how well the best score tells queries with an article from those without one (0.5 is chance); null
  where the file holds only one of the two kinds.
- `answered`: of all queries, those with the decision `answer`.
- `answered_correctly`: of the answered queries, those whose article is right (precision).
- `abstained_correctly`: of the queries without an article, those not answered (asking back counts as not answered).

A share of nothing is null. `latency_ms` is one decision, encoding included, on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from msgspec import Struct, field

from hub.language import detect
from hub.types import Language
from knowledge_base.embedder import Embedder
from knowledge_base.index import Article, Translation
from knowledge_base.ranking import Ranking, build

DEPTH = 10


class BadLine(ValueError):
    """A line that is no article or query; says in which file and line, and why."""


class ArticleLine(Struct):
    """A line of the articles' file."""

    id: str
    questions: list[str]
    language: Language | None = None
    title: str = ""
    answer: str = ""


class QueryLine(Struct):
    """A line of the queries' file; `article` is null where no article answers."""

    text: str
    article: str | None


class Latency(Struct):
    """Milliseconds of one decision."""

    p50: float
    p99: float


class Report(Struct):
    """What the module's docstring explains."""

    recall_1: float | None = field(name="recall@1")
    recall_3: float | None = field(name="recall@3")
    mrr_10: float | None = field(name="mrr@10")
    oos_auroc: float | None
    answered: float | None
    answered_correctly: float | None
    abstained_correctly: float | None
    latency_ms: Latency
    articles: int
    queries: int


class Outcome(Struct):
    """What became of one query: the 1-based `rank` of its article among the first ten, 0 where it is not there."""

    labelled: bool
    rank: int
    confidence: float
    answered: bool
    milliseconds: float


def evaluate(articles: Path, queries: Path, embedder: Embedder) -> Report:
    """Indexes `articles`, asks all `queries`. Raises `BadLine` or `OSError`."""
    lines = list(read(articles, ArticleLine))
    asked = list(read(queries, QueryLine))
    ranking = build(merged(lines), embedder)
    if asked:
        ranking.decide(asked[0].text, "zh")  # loads what is loaded on first use, so that no query pays for it
    return report([ask(ranking, query) for query in asked], len(ranking.index.articles))


Line = TypeVar("Line", ArticleLine, QueryLine)


def read(path: Path, kind: type[Line]) -> Iterator[Line]:
    """The lines of a JSONL file; empty ones are passed over."""
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                try:
                    yield decoder.decode(raw)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise BadLine(f"{path}, line {number}: {error}") from error


def merged(lines: list[ArticleLine]) -> list[Article]:
    """Articles; lines of one id are the languages of one article, or more phrasings of it."""
    found: dict[str, dict[Language, Translation]] = {}
    for line in lines:
        language = line.language or detect(" ".join([line.title, *line.questions])) or "en"
        spoken = found.setdefault(line.id, {})
        earlier = spoken.get(language, Translation(title=line.title, questions=(), answer=line.answer))
        spoken[language] = msgspec.structs.replace(earlier, questions=(*earlier.questions, *line.questions))
    return [Article(id=name, revision=1, translations=spoken) for name, spoken in found.items()]


def ask(ranking: Ranking, query: QueryLine) -> Outcome:
    """One query, timed."""
    began = time.perf_counter()
    language = detect(query.text) or "en"
    decision = ranking.decide(query.text, language)
    elapsed = time.perf_counter() - began
    found = [match.article.id for match in ranking.find(query.text, language, DEPTH)]
    score = decision.hits[0].score if decision.hits else 0.0
    return Outcome(
        labelled=query.article is not None,
        rank=found.index(query.article) + 1 if query.article in found else 0,
        confidence=score - ranking.limits[language].answer,
        answered=decision.decision == "answer",
        milliseconds=1000 * elapsed,
    )


def report(outcomes: list[Outcome], articles: int) -> Report:
    """The figures over all outcomes."""
    labelled = [outcome for outcome in outcomes if outcome.labelled]
    foreign = [outcome for outcome in outcomes if not outcome.labelled]
    answered = [outcome for outcome in outcomes if outcome.answered]
    times = [outcome.milliseconds for outcome in outcomes] or [0.0]
    return Report(
        recall_1=share([outcome.rank == 1 for outcome in labelled]),
        recall_3=share([0 < outcome.rank <= 3 for outcome in labelled]),
        mrr_10=share([1 / outcome.rank if outcome.rank else 0 for outcome in labelled]),
        oos_auroc=auroc([o.confidence for o in labelled], [o.confidence for o in foreign]),
        answered=share([outcome.answered for outcome in outcomes]),
        answered_correctly=share([outcome.rank == 1 for outcome in answered]),
        abstained_correctly=share([not outcome.answered for outcome in foreign]),
        latency_ms=Latency(p50=round(float(np.quantile(times, 0.5)), 3), p99=round(float(np.quantile(times, 0.99)), 3)),
        articles=articles,
        queries=len(outcomes),
    )


def share(values: list[bool] | list[float]) -> float | None:
    """The mean, or None of nothing."""
    return round(float(np.mean(values)), 4) if values else None


def auroc(inside: list[float], outside: list[float]) -> float | None:
    """How often a query from `inside` scores above one from `outside`; a tie counts half."""
    if not inside or not outside:
        return None
    ranked = np.sort(outside)
    below, up_to = np.searchsorted(ranked, inside, "left"), np.searchsorted(ranked, inside, "right")
    return round(float((below + up_to).mean() / (2 * len(outside))), 4)
