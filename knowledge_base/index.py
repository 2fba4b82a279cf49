"""All phrasings of all published articles in one matrix, searched exactly.

An index never changes: a published or archived article makes a new one, so that searches in other threads go on
undisturbed in the old one. What the old one knows of a phrasing is taken over, not computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.types import Language
from knowledge_base.embedder import Embedder, Vectors, normalised
from knowledge_base.lexical import Lexicon

BEST_WEIGHT = 0.4  # of the best phrasing; the rest is the centroid's
LEXICAL_WEIGHT: dict[Language, float] = {"zh": 0.1, "en": 0.2}  # of shared words beside meaning


class Translation(Struct, frozen=True):
    """What an article says in one language. `questions` are the ways in which customers ask for it."""

    title: str
    questions: tuple[str, ...]
    answer: str


class Article(Struct, frozen=True):
    """One revision of an article, in one language or both."""

    id: str
    revision: int
    translations: Mapping[Language, Translation]

    def phrasings(self) -> list[str]:
        """What questions are compared with: questions and titles of both languages."""
        spoken = [(*text.questions, text.title) for text in self.translations.values()]
        return list(dict.fromkeys(phrasing for texts in spoken for phrasing in texts if phrasing.strip()))


class Match(Struct, frozen=True):
    """An article found, and its phrasing that came closest."""

    article: Article
    score: float
    question: str


class Index:
    """Articles in a fixed order, their phrasings in the same order, and one matrix of phrasings above centroids."""

    def __init__(self, articles: Iterable[Article], embedder: Embedder, known: Index | None = None) -> None:
        self.embedder = embedder
        self.articles = {article.id: article for article in articles}
        owned = [(article, article.phrasings()) for article in self.articles.values()]
        self._order = [article for article, phrasings in owned if phrasings]
        self.phrasings = [phrasing for _, phrasings in owned for phrasing in phrasings]
        sizes = np.array([len(phrasings) for _, phrasings in owned if phrasings], dtype=np.intp)
        self._starts = np.cumsum(sizes) - sizes
        self._several = sizes > 1
        vectors = self._vectors(known)
        centroids = normalised(np.add.reduceat(vectors, self._starts)) if self._order else vectors
        self.matrix: Vectors = np.concatenate([vectors, centroids])
        self.lexicon: Lexicon = Lexicon(self.phrasings, known.lexicon if known else None)

    def __len__(self) -> int:
        return len(self._order)

    def search(self, question: str, vector: Vectors, language: Language, count: int) -> list[Match]:
        """The best `count` articles for a question whose vector is `vector`, best first."""
        if not self._order:
            return []
        nearness = self.matrix @ vector
        scores = self._scores(nearness, self.lexicon.likeness(question), LEXICAL_WEIGHT[language])
        best = np.argsort(-scores, kind="stable")[:count]
        return [Match(self._order[i], float(scores[i]), self._closest(nearness, int(i))) for i in best]

    def top_scores(self, questions: Sequence[str], vectors: Vectors, language: Language) -> NDArray[np.float32]:
        """The score of the best article for each of many questions."""
        if not self._order:
            return np.zeros(len(vectors), dtype=np.float32)
        nearness = vectors @ self.matrix.T
        likeness = np.stack([self.lexicon.likeness(question) for question in questions])
        return np.asarray(self._scores(nearness, likeness, LEXICAL_WEIGHT[language]).max(axis=-1), dtype=np.float32)

    def _vectors(self, known: Index | None) -> Vectors:
        vectors = np.empty((len(self.phrasings), self.embedder.dimension), dtype=np.float32)
        place = {phrasing: i for i, phrasing in enumerate(known.phrasings)} if known else {}
        kept = [i for i, phrasing in enumerate(self.phrasings) if phrasing in place]
        new = [i for i, phrasing in enumerate(self.phrasings) if phrasing not in place]
        if known and kept:
            vectors[kept] = known.matrix[[place[self.phrasings[i]] for i in kept]]
        if new:
            vectors[new] = self.embedder.encode([self.phrasings[i] for i in new])
        return vectors

    def _scores(self, nearness: Vectors, likeness: Vectors, weight: float) -> Vectors:
        """Per article, over the last axis: its best phrasing, the centroid of all of them, and shared words."""
        phrasings, centroids = nearness[..., : len(self.phrasings)], nearness[..., len(self.phrasings) :]
        best = np.maximum.reduceat(phrasings, self._starts, axis=-1)
        scores = np.where(self._several, BEST_WEIGHT * best + (1 - BEST_WEIGHT) * centroids, best)
        shared = np.maximum.reduceat(likeness, self._starts, axis=-1)
        return np.asarray((1 - weight) * scores + weight * shared, dtype=np.float32)

    def _closest(self, nearness: Vectors, article: int) -> str:
        start = self._starts[article]
        end = self._starts[article + 1] if article + 1 < len(self._order) else len(self.phrasings)
        closest: str = self.phrasings[start + int(np.argmax(nearness[start:end]))]
        return closest
