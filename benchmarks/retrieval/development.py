"""The development sets, and what each part of the ranking says about them by itself, computed once.

A set is a pair of files `NAME.articles.jsonl` and `NAME.queries.jsonl`, as `knowledge_base.evaluation` reads them, or
the demo shop's questions over the sample. None of them is the benchmark: here choices may be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from benchmarks.dialogues import HELD_OUT
from benchmarks.retrieval.data import LANGUAGES
from benchmarks.retrieval.measures import Flags
from hub.language import detect
from hub.types import Language
from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.evaluation import ArticleLine, QueryLine, merged, read
from knowledge_base.everyday import bank
from knowledge_base.importer import SAMPLE, Line
from knowledge_base.index import BEST_WEIGHT, Article, Part
from knowledge_base.lexical import Lexicon

SHOP = "shop"
_NO_ARTICLE = -1


class Development(Struct, frozen=True):
    """A set's articles, and questions with the id of the article that answers, or None."""

    name: str
    articles: Sequence[Article]
    queries: Sequence[QueryLine]

    @property
    def family(self) -> str:
        """Sets of one family are made of the same text: what is fitted for one of them must not have seen the other."""
        return self.name.partition("_")[0]


class Likeness:
    """What the best phrasing, the centroid and shared words say about some texts and articles, each by itself."""

    def __init__(self, articles: Sequence[Article], embedder: Embedder, texts: Sequence[str]) -> None:
        part = Part.of(articles, embedder, {})
        lexicon = Lexicon([(part.words, np.ones(len(part.phrasings), dtype=np.bool_))])
        weighed = lexicon.weighed(part.words)
        starts = np.cumsum(part.sizes) - part.sizes
        nearness = embedder.encode(texts) @ part.matrix.T
        words = np.stack([weighed.likeness(lexicon.asked(text)) for text in texts])
        self._best = np.maximum.reduceat(nearness[:, : len(part.phrasings)], starts, axis=1)
        self._centroid = nearness[:, len(part.phrasings) :]
        self._shared = np.maximum.reduceat(words, starts, axis=1)
        self._several = part.sizes > 1

    def scores(self, lexical: NDArray[np.float64] | float, best: float = BEST_WEIGHT) -> Vectors:
        """Per text and article, as `Part.scores` with these weights; `lexical` is one for all texts or one for each."""
        weight = np.reshape(lexical, (-1, 1))
        meaning = np.where(self._several, best * self._best + (1 - best) * self._centroid, self._best)
        return np.asarray((1 - weight) * meaning + weight * self._shared, dtype=np.float32)


class Measured:
    """A set, and its likenesses. `languages` and `places` are the questions': what they are taken for, and the place
    of the article that answers."""

    def __init__(self, found: Development, embedder: Embedder) -> None:
        self.name, self.family = found.name, found.family
        texts = [query.text for query in found.queries]
        places = {article.id: place for place, article in enumerate(found.articles)}
        self.places = np.array([places.get(query.article or "", _NO_ARTICLE) for query in found.queries])
        self.languages = np.array([detect(text) or "en" for text in texts])
        self.questions = Likeness(found.articles, embedder, texts)
        self.everyday = {language: Likeness(found.articles, embedder, bank(language)) for language in LANGUAGES}

    def first(self, scores: Vectors) -> Flags:
        """Which questions have their article first."""
        return np.asarray(scores.argmax(axis=1) == self.places, dtype=np.bool_)


def groups(sets: Iterable[Measured], least: int = 30) -> Iterator[tuple[str, Measured, Language, Flags]]:
    """The questions of each set and language that have an article, unless they are fewer than `least`."""
    for found in sets:
        for language in LANGUAGES:
            asked = (found.languages == language) & (found.places != _NO_ARTICLE)
            if asked.sum() >= least:
                yield f"{found.name} {language}", found, language, asked


def load(folder: Path) -> list[Development]:
    """The demo shop and the sets in `folder`. Raises `OSError`, `BadLine` or `msgspec.ValidationError`."""
    return [_shop(), *(_set(path) for path in sorted(folder.glob("*.articles.jsonl")))]


def _set(path: Path) -> Development:
    name = path.name.removesuffix(".articles.jsonl")
    articles = merged(list(read(path, ArticleLine)))
    return Development(name, articles, list(read(path.with_name(f"{name}.queries.jsonl"), QueryLine)))


def _shop() -> Development:
    lines = [
        msgspec.json.decode(line, type=Line)
        for path in sorted(SAMPLE.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
        if line
    ]
    queries = [query for path in sorted(HELD_OUT.glob("*.jsonl")) for query in read(path, QueryLine)]
    return Development(SHOP, [Article(line.id, 1, line.translations) for line in lines], queries)
