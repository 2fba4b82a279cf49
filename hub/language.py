"""Which of our languages somebody writes, by the share of the scripts."""

from __future__ import annotations

import re

from hub.types import Language

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_NO_WORDS = re.compile(
    r"https?://\S+|[\w.+-]{1,64}@[\w.-]{1,255}"  # addresses
    r"|(?<![A-Za-z])[A-Za-z]{1,4}[ ._:-]{0,2}\d{4}\w*",  # numbers of orders, parcels and devices
    re.ASCII,
)
_ENOUGH = 1000
"""Characters that tell the language of any text."""


def detect(text: str) -> Language | None:
    """The language of `text`, or None where it does not tell (a number, an order number too, a link, an emoji).

    A Chinese character says about as much as an English word, so the one is counted against the other; product names
    within a Chinese sentence leave it Chinese.
    """
    text = _NO_WORDS.sub(" ", text[:_ENOUGH])
    han = len(_HAN.findall(text))
    words = len(_WORD.findall(text))
    if han == 0 and words == 0:
        return None
    return "zh" if han >= words else "en"


def size(text: str) -> int:
    """How much is said: Chinese characters and English words."""
    return len(_HAN.findall(text)) + len(_WORD.findall(text))
