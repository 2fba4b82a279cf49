"""What customers meant to type: pinyin in characters, slips of the finger, characters that only sound right.

Corrects towards the words of this knowledge base, and only where that is likelier than what stands there. A question is
searched as it is corrected; what the customer wrote stays as it is everywhere else.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache, partial

import rjieba
from msgspec import Struct, json
from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from knowledge_base import pinyin
from knowledge_base.embedder import BUNDLED_PATH
from knowledge_base.text import HAN, fold

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+")
_SPELLED_OUT = re.compile(r"(?<!\w)(?!a )(?:[a-z] )+(?:[0-9] )*[0-9](?!\w)")  # a product's number; "a 5" is none
_SHORTEST, _LONG = 4, 8  # letters of an English word that is corrected; from which on it may have two slips
_ENDINGS = (("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))
_SPANS = (4, 3, 2)  # characters that are read by their sound together
_SLIP = -8.0  # log probability of typing a character that only sounds right
_MISREAD = -5.0  # and of our reading pinyin as such a character
_ELSEWHERE = 2000  # words that a customer might say beside those of the knowledge base: a small one proves little
_UNKNOWN = -16.0  # log probability of a word or character that is in no vocabulary
_A_PIECE = -15.9  # the tokenizer's score of what is no English word, but part of some


class Speller:
    """Knows the words of some text, and which of them another word may stand for. Never changes."""

    def __init__(self, words: Mapping[str, int], vocabulary: Mapping[str, float]) -> None:
        """`words`: how many phrasings hold each word, as `text.spelled` cuts them.

        `vocabulary`: words and characters of both languages at large, with their log probabilities.
        """
        self._vocabulary = vocabulary
        self._latin = {word for word, count in words.items() if count and not HAN.match(word)}
        targets: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted(self._latin, key=lambda word: (-words[word], word)):
            if len(word) >= _SHORTEST:
                targets[word[0]].append(word)
        chinese = {word: count for word, count in words.items() if count and HAN.match(word)}
        total = sum(chinese.values()) + _ELSEWHERE
        self._chinese = {word: math.log(count / total) for word, count in chinese.items()}
        self._sounds: dict[str, str] = {}
        for word in sorted(chinese, key=lambda word: (chinese[word], word)):
            if len(word) in _SPANS and (sound := pinyin.sound(word)):
                self._sounds[sound] = word
        self._nearest = lru_cache(4096)(partial(_nearest, targets))

    def corrected(self, question: str) -> str:
        """The question, folded and corrected."""
        folded = _SPELLED_OUT.sub(lambda number: number[0].replace(" ", ""), fold(question))
        read = pinyin.to_characters(folded, self._latin)
        return _RUN.sub(partial(self._run, _SLIP if read == folded else _MISREAD), read)

    def _run(self, slip: float, found: re.Match[str]) -> str:
        run = found[0]
        if HAN.match(run):
            return self._by_sound(run, slip)
        return run if len(run) < _SHORTEST or self._is_word(run) else self._nearest(run)

    def _is_word(self, word: str) -> bool:
        """Whether it is known, or one of its forms: "primes" is no slip for "prices" where "prime" is known."""
        bare = (word.removesuffix(ending) + base for ending, base in _ENDINGS if word.endswith(ending))
        return any(form in self._latin or form in self._vocabulary for form in (word, *bare))

    def _by_sound(self, run: str, slip: float) -> str:
        """What is likelier a word of the knowledge base than the words that stand there, where both sound the same."""
        words: list[str] = rjieba.cut(run)
        place, read = 0, ""
        while place < len(words):
            meant, end = self._meant(words, place, slip)
            read, place = read + meant, end
        return read

    def _meant(self, words: list[str], place: int, slip: float) -> tuple[str, int]:
        """What the words from `place` on mean together, and where that ends."""
        for end in range(min(len(words), place + _SPANS[0]), place, -1):
            span = "".join(words[place:end])
            if len(span) in _SPANS and span not in self._chinese and span not in self._vocabulary:
                meant = self._sounds.get(pinyin.sound(span) or "")
                if meant and self._chinese[meant] + slip > sum(map(self._likely, words[place:end])):
                    return meant, end
        return words[place], place + 1

    def _likely(self, word: str) -> float:
        return max(self._chinese.get(word, _UNKNOWN), self._vocabulary.get(word, _UNKNOWN))


def _nearest(targets: Mapping[str, Sequence[str]], word: str) -> str:
    """The word one or two slips away; the first letter is hardly ever one of them."""
    slips = 2 if len(word) >= _LONG else 1
    found = extractOne(word, targets.get(word[0], ()), scorer=OSA.distance, score_cutoff=slips)
    return found[0] if found else word


class _Model(Struct):
    vocab: list[tuple[str, float]]


class _Tokenizer(Struct):
    model: _Model


@cache
def vocabulary() -> Mapping[str, float]:
    """What the bundled model's tokenizer knows, whichever model embeds: words, and how probable each is."""
    known = json.decode((BUNDLED_PATH / "tokenizer.json").read_bytes(), type=_Tokenizer).model.vocab
    return {word: score for word, score in known if score > _A_PIECE or not word.isascii()}
