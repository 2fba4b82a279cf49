"""Shared words: a model number or a rare word that the vectors blur still counts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from knowledge_base.everyday import bank
from knowledge_base.text import fold, words


class Lexicon:
    """Which phrasing holds which words, and how rare each word is, in them and in everyday talk. Never changes."""

    def __init__(self, phrasings: Sequence[str], known: Lexicon | None = None) -> None:
        earlier = known.terms if known else {}
        self.terms: dict[str, frozenset[str]] = {
            phrasing: earlier[phrasing] if phrasing in earlier else words(fold(phrasing)) for phrasing in phrasings
        }
        self._size = len(phrasings)
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, phrasing in enumerate(phrasings):
            for term in self.terms.get(phrasing, ()):
                places[term].append(place)
        everyday, lines = _everyday()
        total = lines + len(self.terms)
        self._unknown = math.log(1 + total)
        self._rarity = {term: math.log(1 + total / count) for term, count in everyday.items()}
        for term, found in places.items():
            self._rarity[term] = math.log(1 + total / (len(found) + everyday[term]))
        lengths = np.ones(self._size, dtype=np.float32)
        for place, phrasing in enumerate(phrasings):
            if terms := self.terms.get(phrasing):
                lengths[place] = self._length(terms)
        self._shares = {
            term: (np.array(found), np.float32(self._rarity[term] ** 2) / lengths[found])
            for term, found in places.items()
        }

    def likeness(self, question: str) -> NDArray[np.float32]:
        """For each phrasing the cosine, 0 to 1, of its words and the question's, weighted by rarity."""
        likeness = np.zeros(self._size, dtype=np.float32)
        if self.terms and (terms := words(fold(question))):
            for term in terms:
                if share := self._shares.get(term):
                    likeness[share[0]] += share[1]
            likeness /= self._length(terms)
        return likeness

    def _length(self, terms: frozenset[str]) -> float:
        return math.sqrt(sum(self._rarity.get(term, self._unknown) ** 2 for term in terms))


@cache
def _everyday() -> tuple[Counter[str], int]:
    """How many lines of everyday talk hold each word, and how many lines there are."""
    lines = [*bank("zh"), *bank("en")]
    return Counter(term for line in lines for term in words(fold(line))), len(lines)
