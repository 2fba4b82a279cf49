"""One spelling for what customers type: the form in which text is tokenised, compared and counted."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import rjieba

_CHARACTERS = Path(__file__).with_name("traditional_to_simplified.txt")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
_WORDS = re.compile(r"[a-z]+|[\u3400-\u9fff]+")
_RUNS = re.compile(r"[a-z]+|[0-9]+|[\u3400-\u9fff]+")

HAN = re.compile(r"[\u3400-\u9fff]")


@cache
def simplification() -> dict[int, int]:
    """Traditional characters and their Simplified forms, for `str.translate`; one to one, from CC-CEDICT."""
    traditional, simplified = _CHARACTERS.read_text("utf-8").split("\n")[:2]
    return str.maketrans(traditional, simplified)


def fold(text: str) -> str:
    """`text` in lower case, without accents and full-width forms, in Simplified characters, "don't" as "dont"."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(simplification())
    text = text.lower()
    return _APOSTROPHE.sub("", text) if "'" in text or "’" in text else text


_STEM = 6
"""Letters of an English word that count: endings carry little, and so do most typing errors behind them."""


def words(folded: str) -> frozenset[str]:
    """What a folded text is compared by: pairs of Chinese characters, beginnings of English words, numbers.

    Pairs, because who cuts Chinese into words cuts the customer's and the editor's differently.
    """
    found: list[str] = []
    for run in _RUNS.findall(folded):
        found.extend(_pairs(run) if HAN.match(run) else [run[:_STEM]])
    return frozenset(found)


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]


def spelled(folded: str) -> frozenset[str]:
    """The words of a folded text in full, Chinese and Latin."""
    found: list[str] = []
    for run in _WORDS.findall(folded):
        found.extend(rjieba.cut(run) if HAN.match(run) else [run])
    return frozenset(found)
