"""Shared words: a model number or a rare word that the vectors blur still counts.

`Words` is what some phrasings hold, and never changes. How much a word counts depends on all phrasings that there are,
so that a `Lexicon` is made anew, from the words, whenever one of them changes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from knowledge_base.everyday import bank
from knowledge_base.text import fold, words

Places = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Words:
    """Which of some phrasings, numbered from 0, hold which words."""

    def __init__(self, vocabulary: Mapping[str, int], ids: Places, owners: Places, size: int) -> None:
        """`ids` are words by their number in the vocabulary, `owners` the phrasings that hold them, in order."""
        self.vocabulary = vocabulary
        self.size = size
        self.ids = ids
        self.owners = owners

    @classmethod
    def of(cls, folded: Iterable[str], cut: Callable[[str], Iterable[str]] = words) -> Words:
        """The words of these phrasings, which are folded; `cut` finds each once."""
        vocabulary: dict[str, int] = {}
        held = [[vocabulary.setdefault(word, len(vocabulary)) for word in cut(text)] for text in folded]
        ids = np.array([id for found in held for id in found], dtype=np.intp)
        owners = np.repeat(np.arange(len(held)), np.array([len(found) for found in held], dtype=np.intp))
        return cls(vocabulary, ids, owners, len(held))

    @classmethod
    def joined(cls, parts: Sequence[tuple[Words, Mask]]) -> Words:
        """The words of several parts' phrasings, of each those that its mask keeps."""
        vocabulary: dict[str, int] = {}
        ids, owners, size = [], [], 0
        for part, kept in parts:
            here = kept[part.owners]
            held, used = part.ids[here], np.zeros(len(part.vocabulary), dtype=np.bool_)
            used[held] = True
            number = np.array(
                [
                    vocabulary.setdefault(word, len(vocabulary)) if use else -1
                    for word, use in zip(part.vocabulary, used.tolist(), strict=True)
                ],
                dtype=np.intp,
            )
            ids.append(number[held])
            owners.append((size + np.cumsum(kept) - 1)[part.owners[here]])
            size += int(np.count_nonzero(kept))
        return cls(vocabulary, np.concatenate(ids), np.concatenate(owners), size)

    def counts(self, kept: Mask) -> Places:
        """For each word how many of the phrasings that `kept` keeps hold it."""
        ids = self.ids if kept.all() else self.ids[kept[self.owners]]
        return np.bincount(ids, minlength=len(self.vocabulary))

    def holders(self, word: str) -> Places:
        """The phrasings that hold a word."""
        id = self.vocabulary.get(word)
        by_word, ends = self._sorted
        if id is None:
            return by_word[:0]
        return by_word[ends[id - 1] if id else 0 : ends[id]]

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each phrasing the sum of its words' values."""
        return np.bincount(self.owners, values[self.ids], self.size).astype(np.float64)

    @cached_property
    def everyday(self) -> Places:
        """For each word how many lines of everyday talk hold it."""
        common, _ = everyday()
        return np.array([common[word] for word in self.vocabulary], dtype=np.intp)

    @cached_property
    def _sorted(self) -> tuple[Places, Places]:
        """The phrasings in the order of the words that they hold, and where each word's end."""
        counts = np.bincount(self.ids, minlength=len(self.vocabulary))
        return self.owners[np.argsort(self.ids, kind="stable")], np.cumsum(counts)


def held(parts: Iterable[tuple[Words, Mask]]) -> dict[str, int]:
    """How many of several parts' phrasings hold each word, of each part those that its mask keeps."""
    found: dict[str, int] = {}
    for words_, kept in parts:
        counts = dict(zip(words_.vocabulary, words_.counts(kept).tolist(), strict=True))
        for word in counts.keys() & found.keys():
            counts[word] += found[word]
        found |= counts
    return found


class Asked(Struct, frozen=True):
    """A question's words with their squared rarities, and the length of both as a vector."""

    words: Sequence[tuple[str, float]]
    length: float


class Weighed:
    """Words of phrasings, and how long each phrasing is as a vector of their rarities."""

    def __init__(self, words: Words, rarities: NDArray[np.float64]) -> None:
        lengths = np.sqrt(words.sums(rarities**2))
        self._words = words
        self._lengths = np.where(lengths > 0, lengths, 1).astype(np.float32)

    def likeness(self, asked: Asked) -> NDArray[np.float32]:
        """For each phrasing the cosine, 0 to 1, of its words and the question's, weighted by rarity."""
        likeness = np.zeros(self._words.size, dtype=np.float32)
        for word, weight in asked.words:
            likeness[self._words.holders(word)] += np.float32(weight)
        if asked.words:
            likeness /= self._lengths * np.float32(asked.length)
        return likeness


class Lexicon:
    """How rare each word is, in all phrasings and in everyday talk. Never changes."""

    def __init__(self, parts: Sequence[tuple[Words, Mask]]) -> None:
        self._held = held(parts)
        self._everyday, lines = everyday()
        self._total = lines + sum(int(np.count_nonzero(kept)) for _, kept in parts)

    def asked(self, question: str) -> Asked:
        """A question's words, weighed."""
        found = [(word, self._rarity(word) ** 2) for word in _words(question)]
        return Asked(found, math.sqrt(sum(weight for _, weight in found)))

    def weighed(self, of: Words) -> Weighed:
        """The words of some phrasings, weighed."""
        held = np.fromiter((self._held.get(word, 0) for word in of.vocabulary), np.intp, len(of.vocabulary))
        return Weighed(of, np.log(1 + self._total / np.maximum(1, held + of.everyday)))

    def _rarity(self, word: str) -> float:
        return math.log(1 + self._total / max(1, self._held.get(word, 0) + self._everyday[word]))


@lru_cache(4096)
def _words(question: str) -> frozenset[str]:
    """The bank's lines are asked again after each change."""
    return words(fold(question))


@cache
def everyday() -> tuple[Counter[str], int]:
    """How many lines of everyday talk hold each word, and how many lines there are."""
    lines = [*bank("zh"), *bank("en")]
    return Counter(word for line in lines for word in words(fold(line))), len(lines)
