"""What customers meant to type: pinyin in characters, slips of the finger, characters that only sound right.

Corrects towards the words of this knowledge base, and only where that is likelier than what stands there. A question is
searched as it is corrected; what the customer wrote stays as it is everywhere else.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

import rjieba
from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from knowledge_base import pinyin
from knowledge_base.text import HAN, fold

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+")
_SHORTEST, _LONG = 4, 8  # letters of an English word that is corrected; from which on it may have two slips
_SPANS = (4, 3, 2)  # characters that are read by their sound together
_SLIP = -8.0  # log probability of typing a character that only sounds right
_UNKNOWN = -16.0  # log probability of a word or character that is in no vocabulary


class Speller:
    """Knows the words of some text, and which of them another word may stand for. Never changes."""

    def __init__(self, phrasings: Iterable[str], vocabulary: Mapping[str, float]) -> None:
        """`vocabulary`: words and characters of both languages at large, with their log probabilities."""
        self._vocabulary = vocabulary
        chinese: Counter[str] = Counter()
        latin: Counter[str] = Counter()
        for phrasing in phrasings:
            for run in _RUN.findall(fold(phrasing)):
                if HAN.match(run):
                    chinese.update(word for word in rjieba.cut(run))
                else:
                    latin[run] += 1
        self._latin = frozenset(latin)
        self._targets: defaultdict[str, list[str]] = defaultdict(list)
        for word, _ in latin.most_common():
            if len(word) >= _SHORTEST:
                self._targets[word[0]].append(word)
        total = chinese.total()
        self._chinese = {word: math.log(count / total) for word, count in chinese.items()}
        self._sounds: dict[str, str] = {}
        for word, _ in reversed(chinese.most_common()):
            if len(word) in _SPANS and (sound := pinyin.sound(word)):
                self._sounds[sound] = word
        self._nearest = lru_cache(4096)(self._look_up)

    def corrected(self, question: str) -> str:
        """The question, folded and corrected."""
        return _RUN.sub(self._run, pinyin.to_characters(fold(question)))

    def _run(self, found: re.Match[str]) -> str:
        run = found[0]
        if HAN.match(run):
            return self._by_sound(run)
        if len(run) < _SHORTEST or run in self._latin or run in self._vocabulary:
            return run
        return self._nearest(run)

    def _look_up(self, word: str) -> str:
        """The word one or two slips away; the first letter is hardly ever one of them."""
        slips = 2 if len(word) >= _LONG else 1
        found = extractOne(word, self._targets.get(word[0], ()), scorer=OSA.distance, score_cutoff=slips)
        return found[0] if found else word

    def _by_sound(self, run: str) -> str:
        """What is likelier a word of the knowledge base than the words that stand there, where both sound the same."""
        words: list[str] = rjieba.cut(run)
        place, read = 0, ""
        while place < len(words):
            meant, end = self._meant(words, place)
            read, place = read + meant, end
        return read

    def _meant(self, words: list[str], place: int) -> tuple[str, int]:
        """What the words from `place` on mean together, and where that ends."""
        for end in range(min(len(words), place + _SPANS[0]), place, -1):
            span = "".join(words[place:end])
            if len(span) in _SPANS and span not in self._chinese and span not in self._vocabulary:
                meant = self._sounds.get(pinyin.sound(span) or "")
                if meant and self._chinese[meant] + _SLIP > sum(map(self._likely, words[place:end])):
                    return meant, end
        return words[place], place + 1

    def _likely(self, word: str) -> float:
        return max(self._chinese.get(word, _UNKNOWN), self._vocabulary.get(word, _UNKNOWN))
