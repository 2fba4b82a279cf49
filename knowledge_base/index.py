"""All phrasings of all published articles, searched exactly.

An index never changes: a published or archived article makes a new one, so that searches in other threads go on
undisturbed in the old one. The articles are in parts that indexes share. A new index adds a part of what is new and
hides what is gone in the others; parts are joined when they have become many, or hollow. So a change costs what was
changed, and not what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.types import Language
from knowledge_base import pinyin
from knowledge_base.embedder import Embedder, Vectors, normalised
from knowledge_base.lexical import Asked, Lexicon, Mask, Places, Words, held
from knowledge_base.spelling import Speller, vocabulary
from knowledge_base.text import fold, spelled

BEST_WEIGHT = 0.4  # of the best phrasing; the rest is the centroid's
LEXICAL_WEIGHT: dict[Language, float] = {"zh": 0.2, "en": 0.1}  # of shared words beside meaning

_JOIN = 4
"""A part is joined with all that came after it when these, and what is hidden in it, are more than one in so many."""

_DIGITS = 6
"""Scores that are equal so far are equal: the rest depends on how the parts were multiplied, and differs by process."""

_BATCH = 64
"""Questions scored at once: their scores against every phrasing are in memory together."""

_ENCODED = 4096  # phrasings encoded at once

_RENEWED = 50_000
"""Of the best articles found earlier as many are looked up anew in a change as make so many comparisons of a question
and an article. So all have had their turn before a hundredth of the articles has changed."""


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
    """An article found, and its phrasing that came closest; `nearness` is that one's cosine."""

    article: Article
    score: float
    question: str
    nearness: float = 0.0


class Tops(Struct, frozen=True, eq=False):
    """For each of some questions the best article, its score, and how many changes ago all articles were asked."""

    scores: NDArray[np.float32]
    articles: Sequence[Article | None]
    ages: Places


class Part:
    """Some articles, their phrasings in the same order, and one matrix of phrasings above centroids. Never changes."""

    def __init__(
        self,
        articles: Sequence[Article],
        sizes: Places,
        phrasings: Sequence[str],
        matrix: Vectors,
        words: Words,
        spelled: Words,
    ) -> None:
        """`sizes` are the articles' numbers of phrasings; none is 0. `spelled` are the words in full."""
        self.articles = articles
        self.phrasings = phrasings
        self.matrix = matrix
        self.words = words
        self.spelled = spelled
        self.sizes = sizes
        self.owners = np.repeat(np.arange(len(articles)), sizes)
        self._starts = np.cumsum(sizes) - sizes
        self._several = sizes > 1

    @classmethod
    def of(cls, articles: Sequence[Article], embedder: Embedder, known: Mapping[str, Vectors]) -> Part:
        """These articles, none of which is without phrasings. Phrasings whose vectors are `known` are not encoded."""
        owned = [article.phrasings() for article in articles]
        phrasings = [phrasing for found in owned for phrasing in found]
        matrix = np.empty((len(phrasings) + len(articles), embedder.dimension), dtype=np.float32)
        new = [place for place, phrasing in enumerate(phrasings) if phrasing not in known]
        for first in range(0, len(new), _ENCODED):
            places = new[first : first + _ENCODED]
            matrix[places] = embedder.encode([phrasings[place] for place in places])
        for place, phrasing in enumerate(phrasings):
            if phrasing in known:
                matrix[place] = known[phrasing]
        sizes = np.array([len(found) for found in owned], dtype=np.intp)
        matrix[len(phrasings) :] = normalised(np.add.reduceat(matrix[: len(phrasings)], np.cumsum(sizes) - sizes))
        folded = [fold(phrasing) for phrasing in phrasings]
        # Phrasings in pinyin teach characters: nobody's "fapiao" is a brand because somebody else typed it too.
        read = [pinyin.to_characters(text) for text in folded]
        return cls(articles, sizes, phrasings, matrix, Words.of(folded), Words.of(read, spelled))

    @classmethod
    def joined(cls, parts: Sequence[tuple[Part, Mask]]) -> Part:
        """Several parts' articles, of each those that its mask keeps."""
        kept = [(part, living[part.owners], living) for part, living in parts]
        articles = [article for part, living in parts for article in compress(part.articles, living)]
        phrasings = [phrasing for part, spoken, _ in kept for phrasing in compress(part.phrasings, spoken)]
        matrix = np.empty((len(phrasings) + len(articles), parts[0][0].matrix.shape[1]), dtype=np.float32)
        row = 0
        for rows in ([(part, 0, spoken) for part, spoken, _ in kept], [(p, len(p.phrasings), m) for p, m in parts]):
            for part, first, mask in rows:
                places = np.flatnonzero(mask) + first
                np.take(part.matrix, places, axis=0, out=matrix[row : row + len(places)], mode="clip")
                row += len(places)
        sizes = np.concatenate([part.sizes[living] for part, living in parts])
        words = Words.joined([(part.words, spoken) for part, spoken, _ in kept])
        spelled = Words.joined([(part.spelled, spoken) for part, spoken, _ in kept])
        return cls(articles, sizes, phrasings, matrix, words, spelled)

    def scores(self, nearness: Vectors, likeness: Vectors, weight: float) -> Vectors:
        """Per article, over the last axis: its best phrasing, the centroid of all of them, and shared words."""
        phrasings, centroids = nearness[..., : len(self.phrasings)], nearness[..., len(self.phrasings) :]
        best = np.maximum.reduceat(phrasings, self._starts, axis=-1)
        scores = np.where(self._several, BEST_WEIGHT * best + (1 - BEST_WEIGHT) * centroids, best)
        shared = np.maximum.reduceat(likeness, self._starts, axis=-1)
        return np.asarray((1 - weight) * scores + weight * shared, dtype=np.float32)

    def rows(self, place: int) -> slice:
        """Where an article's phrasings are."""
        return slice(int(self._starts[place]), int(self._starts[place] + self.sizes[place]))


class _Shelf:
    """A part as it stands in one index: which of its articles are served, and what its words weigh there."""

    def __init__(self, part: Part, living: Mask, lexicon: Lexicon) -> None:
        self.part = part
        self.living = living
        self._hidden = np.flatnonzero(~living)
        self._weighed = lexicon.weighed(part.words)

    def nearness(self, vectors: Vectors) -> Vectors:
        """The cosines of one question or many and each phrasing, then each centroid."""
        return vectors @ self.part.matrix.T

    def scores(self, nearness: Vectors, asked: Sequence[Asked], language: Language) -> Vectors:
        """Per question and article; of what is not served, minus infinity."""
        likeness = np.stack([self._weighed.likeness(question) for question in asked])
        scores = self.part.scores(nearness, likeness, LEXICAL_WEIGHT[language])
        scores[:, self._hidden] = -np.inf
        return scores


class Index:
    """The articles that are served. `known` is the index before the change: what it knows is not computed again."""

    def __init__(self, articles: Iterable[Article], embedder: Embedder, known: Index | None = None) -> None:
        self.embedder = embedder
        self.articles = {article.id: article for article in articles}
        stock, vectors = self._left(known)
        before = known.articles if known else {}
        new = [article for article in self.articles.values() if before.get(article.id) is not article]
        if new := [article for article in new if article.phrasings()]:
            part = Part.of(new, embedder, vectors)
            stock.append((part, np.ones(len(new), dtype=np.bool_)))
        self._size = sum(int(np.count_nonzero(living)) for _, living in stock)
        kept = [(part, living[part.owners]) for part, living in stock]
        self._lexicon = Lexicon([(part.words, spoken) for part, spoken in kept])
        self.speller = Speller(held((part.spelled, spoken) for part, spoken in kept), vocabulary())
        self._new = [_Shelf(part, living, self._lexicon) for part, living in stock[len(stock) - bool(new) :]]
        self.shelves = [_Shelf(part, living, self._lexicon) for part, living in _tidied(stock)]

    def __len__(self) -> int:
        return self._size

    def search(self, question: str, vector: Vectors, language: Language, count: int) -> list[Match]:
        """The best `count` articles for a question whose vector is `vector`, best first; of equals, by their ids."""
        asked = [self._lexicon.asked(question)]
        found = []
        for shelf in self.shelves:
            nearness = shelf.nearness(vector)
            scores = shelf.scores(nearness, asked, language)[0]
            for place in _leading(scores, count):
                article = shelf.part.articles[place]
                score, rows = float(scores[place]), shelf.part.rows(place)
                found.append(((-round(score, _DIGITS), article.id), score, article, shelf.part, rows, nearness[rows]))
        found.sort(key=lambda one: one[0])
        return [
            Match(article, score, part.phrasings[rows.start + int(np.argmax(near))], float(near.max()))
            for _, score, article, part, rows, near in found[:count]
        ]

    def tops(self, questions: Sequence[str], vectors: Vectors, language: Language, known: Tops | None = None) -> Tops:
        """The best article for each of many questions.

        Where the index before this one found `known`, only what is new is compared with those; and all articles for
        questions whose best is gone, and in turn for as many others as `_RENEWED` allows, since the rarity of words
        moves a little with each change.
        """
        count = len(questions)
        known = known or Tops(np.zeros(count, np.float32), [None] * count, np.zeros(count, np.intp))
        scores, ages, articles = known.scores.copy(), known.ages + 1, list(known.articles)
        stale = np.array([best is None or self.articles.get(best.id) is not best for best in articles], dtype=np.bool_)
        stale[np.argsort(-ages, kind="stable")[: _RENEWED // max(1, self._size)]] = True
        scores[stale], ages[stale] = -np.inf, 0
        for mask, shelves in ((stale, self.shelves), (~stale, self._new)):
            places = np.flatnonzero(mask).tolist()
            better, best = self._best(shelves, [questions[place] for place in places], vectors[places], language)
            for place, score, article in zip(places, better, best, strict=True):
                if score > scores[place]:
                    scores[place], articles[place] = score, article
        scores[scores == -np.inf] = 0  # there is no article
        return Tops(scores, articles, ages)

    def top_scores(self, questions: Sequence[str], vectors: Vectors, language: Language) -> NDArray[np.float32]:
        """The score of the best article for each of many questions."""
        return self.tops(questions, vectors, language).scores

    def _left(self, known: Index | None) -> tuple[list[tuple[Part, Mask]], dict[str, Vectors]]:
        """What is still served of the parts of the index before, and the vectors of what is not."""
        stock, vectors = list[tuple[Part, Mask]](), dict[str, Vectors]()
        for shelf in known.shelves if known else ():
            part = shelf.part
            same = (self.articles.get(article.id) is article for article in part.articles)
            living = np.fromiter(same, np.bool_, len(part.articles)) & shelf.living
            for place in np.flatnonzero(shelf.living & ~living).tolist():
                rows = part.rows(place)
                vectors.update(zip(part.phrasings[rows], part.matrix[rows], strict=True))
            stock.append((part, living))
        return stock, vectors

    def _best(
        self, shelves: Sequence[_Shelf], questions: Sequence[str], vectors: Vectors, language: Language
    ) -> tuple[NDArray[np.float32], list[Article | None]]:
        """The best article of these shelves for each of many questions, and its score; None of nothing."""
        scores = np.full(len(questions), -np.inf, dtype=np.float32)
        articles: list[Article | None] = [None] * len(questions)
        for first in range(0, len(questions), _BATCH):
            asked = [self._lexicon.asked(question) for question in questions[first : first + _BATCH]]
            for shelf in shelves:
                found = shelf.scores(shelf.nearness(vectors[first : first + _BATCH]), asked, language)
                for place, best in enumerate(found.argmax(axis=-1), first):
                    if (score := found[place - first, best]) > scores[place]:
                        scores[place], articles[place] = score, shelf.part.articles[best]
        return scores, articles


def _tidied(stock: Sequence[tuple[Part, Mask]]) -> Sequence[tuple[Part, Mask]]:
    """The same articles in few parts that hide little."""
    kept = [int(np.count_nonzero(living[part.owners])) for part, living in stock]
    for place, (part, _) in enumerate(stock):
        size = len(part.phrasings)
        if _JOIN * (size - kept[place] + sum(kept[place + 1 :])) > size:
            if not any(kept[place:]):
                return stock[:place]
            joined = Part.joined(stock[place:])
            return [*stock[:place], (joined, np.ones(len(joined.articles), dtype=np.bool_))]
    return stock


def _leading(scores: Vectors, count: int) -> list[int]:
    """The places of the `count` best scores, and of all that equal the last of these."""
    least = np.partition(scores, -count)[-count] - 10**-_DIGITS if len(scores) > count else -np.inf
    found: list[int] = np.flatnonzero((scores >= least) & (scores > -np.inf)).tolist()
    return found
