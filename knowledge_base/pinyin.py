"""Pinyin typed instead of characters: "wo de kuaidi dao na le" becomes 我的快递到哪了.

A run of Latin words is read as English, as pinyin, or as some of both, whichever is the likeliest by how often the
words occur. Tones are not written. The table, `pinyin.tsv`, is made by `knowledge_base.training.pinyin`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("pinyin.tsv")
_TOKEN = re.compile(r"[a-z]+|[^a-z]+")
_GAP = re.compile(r"[ '’]+")
_LONGEST_SYLLABLE, _LONGEST_WORD = 6, 4  # letters, syllables
_LONGEST_SPAN = 14  # Latin words read as one stretch of pinyin
_WAYS = 4  # of cutting letters into syllables that are looked at
_UNKNOWN, _UNKNOWN_LETTER = -14.0, -1.6  # log probability of an English word that nobody counted
_ENGLISH_WORD, _PINYIN_SPAN = -2.0, -4.0  # of going on in one or the other
_COMMON = -11.5  # an English word more frequent than this is never a reason to look for pinyin
_SINGLE = -4.0  # "a", "i"


@cache
def table() -> tuple[dict[str, tuple[str, float]], dict[str, float], dict[str, str]]:
    """Pinyin (syllables joined by an apostrophe) to word and log probability; English words; characters to pinyin."""
    words: dict[str, tuple[str, float]] = {}
    english: dict[str, float] = {}
    readings: dict[str, str] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, key, rest = line.split("\t", 2)
            if kind == "p":
                word, score = rest.split("\t")
                words[key] = (word, -int(score) / 10)
            elif kind == "e":
                english[key] = -int(rest) / 10
            else:
                readings.update(dict.fromkeys(rest, key))
    return words, english, readings


@cache
def _syllables() -> frozenset[str]:
    return frozenset(syllable for key in table()[0] for syllable in key.split("'"))


def to_characters(folded: str, known: Container[str] = ()) -> str:
    """Folded text with what is pinyin in it written in characters. Takes microseconds where there is none.

    What might be pinyin and is nothing but `known` words stays: a brand, "GaN".
    """
    parts = _TOKEN.findall(folded)
    found: list[str] = []
    place = 0
    while place < len(parts):
        if not parts[place][0].islower() or not parts[place].isascii():
            found.append(parts[place])
            place += 1
            continue
        end = place + 1
        while end + 1 < len(parts) and _GAP.fullmatch(parts[end]) and parts[end + 1].isascii():
            end += 2
        found.append(_read(parts[place:end], known))
        place = end
    return "".join(found)


def _read(parts: list[str], known: Container[str]) -> str:
    """Words and the gaps between them, read in the likeliest way.

    As they stand where most of them are English then, or the others are all `known`.
    """
    words, gaps = parts[::2], [*parts[1::2], ""]
    ways = [_cut(word) for word in words]
    english = table()[1]
    if not any(found and english.get(word, -99.0) < _COMMON for word, found in zip(words, ways, strict=True)):
        return "".join(parts)
    # Log probability, what is read, how many words are English in it, and how many others are not known.
    best: list[tuple[float, str, int, int]] = [(0.0, "", 0, 0)]
    for end in range(1, len(words) + 1):
        score, text, kept, new = best[end - 1]
        last = words[end - 1]
        choices = [(score + _ENGLISH_WORD + _english(last), text + last + gaps[end - 1], kept + 1, new)]
        spans: list[tuple[str, ...]] = [()]
        for start in range(end - 1, max(-1, end - 1 - _LONGEST_SPAN), -1):
            if not ways[start]:
                break
            spans = [(*way, *span) for way in ways[start] for span in spans][: 2 * _WAYS]
            read = max((found for span in spans if (found := _decode(span))), default=None)
            if read:
                score, text, kept, new = best[start]
                new += sum(word not in known for word in words[start:end])
                choices.append((score + _PINYIN_SPAN + read[0], text + read[1] + gaps[end - 1], kept, new))
        best.append(max(choices))
    _, text, kept, new = best[-1]
    return text if new and kept <= len(words) / 2 else "".join(parts)


def _english(word: str) -> float:
    if len(word) == 1:
        return _SINGLE
    return table()[1].get(word, _UNKNOWN + _UNKNOWN_LETTER * len(word))


@lru_cache(4096)
def _cut(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to cut letters into syllables, those of longer syllables first."""
    found: list[tuple[str, ...]] = []
    known = _syllables()

    def go(place: int, taken: tuple[str, ...]) -> None:
        if place == len(word):
            found.append(taken)
        for size in range(min(_LONGEST_SYLLABLE, len(word) - place), 0, -1):
            if len(found) < _WAYS and word[place : place + size] in known:
                go(place + size, (*taken, word[place : place + size]))

    if len(word) <= 60:
        go(0, ())
    return tuple(found)


@lru_cache(4096)
def _decode(syllables: tuple[str, ...]) -> tuple[float, str] | None:
    """The likeliest words of these syllables, and their log probability."""
    words = table()[0]
    best: list[tuple[float, str] | None] = [(0.0, "")]
    for end in range(1, len(syllables) + 1):
        top: tuple[float, str] | None = None
        for start in range(max(0, end - _LONGEST_WORD), end):
            before, word = best[start], words.get("'".join(syllables[start:end]))
            if before and word and (top is None or before[0] + word[1] > top[0]):
                top = before[0] + word[1], before[1] + word[0]
        best.append(top)
    return best[-1]


@lru_cache(2**16)
def sound(word: str) -> str | None:
    """How Chinese characters sound, for comparing; easily confused beginnings and endings count as the same."""
    readings = table()[2]
    syllables = [readings.get(character) for character in word]
    return None if None in syllables else "'".join(_SAME_SOUND.sub(_alike, str(one)) for one in syllables)


_SAME_SOUND = re.compile(r"^[zcs]h|(?<=[iae])ng$|^l")


def _alike(found: re.Match[str]) -> str:
    return {"zh": "z", "ch": "c", "sh": "s", "ng": "n", "l": "n"}[found[0]]


def score(count: float, total: float) -> int:
    """A count as it stands in the table: minus ten times the log of the share."""
    return round(-10 * math.log(count / total))
