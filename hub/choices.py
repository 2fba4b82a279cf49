"""Which of the offered buttons somebody means who writes instead of pressing: a number, or the words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from hub.types import Button

LONGEST = 40
"""Characters; whoever writes more than that says something else."""

_NUMBERS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_ALONE = re.compile(
    r"(?:我?(?:要|选|想问)的?(?:是)?|就是|是|number|no\.?|option|choice|#)?\s*第?\s*([1-9]|[一二两三四五]|one|two|three|four|five)"
    r"\s*(?:个|条|项|号|种)?(?:那个)?[\s,]*(?:吧|please|pls|谢谢)?",
    re.ASCII,
)
_ORDINAL = re.compile(
    r"(?:the\s+|it'?s\s+the\s+)?(first|second|third|fourth|fifth|1st|2nd|3rd|4th)"
    r"(?:\s+(?:one|option|choice))?(?:[\s,]+(?:please|pls))?"
)
_LAST = re.compile(r"(?:(?:我?选)?最后(?:一|那)?个|(?:the\s+)?last(?:\s+one)?)")
_EDGES = " \t\r\n.,!?;:。,!?;:、~～()（）\"'“”‘’【】[]"
_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]")
_EMPTY_WORDS = frozenset("的了吧啊呢是我要想问选那这个一") | frozenset(
    ["the", "a", "an", "one", "about", "please", "i", "want", "it", "is", "s", "to", "of", "my", "that", "and"]
)
_NEGATION = re.compile(r"[不没别无勿]|\b(?:no|not|none|never|without|[a-z]+n['’]?t)\b")
_SHARE = 0.75
"""How much of what was written has to stand in an article's title, for it to be meant."""

ARTICLE = "article:"
"""How the payload of an article begins: a wrong guess there costs an answer, elsewhere perhaps a complaint."""

_ENDS_SOMETHING = frozenset({"/stop", "/no_number", "take_back"})
"""What takes something away from the customer is never meant by a number."""


def by_words(button: Button) -> bool:
    """Whether a button is only meant by its words: whoever lists choices offers no number for it."""
    return button.payload in _ENDS_SOMETHING


def meant(text: str, offered: Sequence[Button]) -> str | None:
    """The payload of the one button that `text` means; None where it means none of them, or might mean two."""
    said = unicodedata.normalize("NFKC", text).strip(_EDGES).lower()
    if not offered or not said or len(said) > LONGEST:
        return None
    number = _number(said, len(offered))
    if number is not None:
        payload = offered[number - 1].payload if number <= len(offered) else None
        return None if number <= len(offered) and by_words(offered[number - 1]) else payload
    titles = [unicodedata.normalize("NFKC", button.title).strip(_EDGES).lower() for button in offered]
    if said in titles:
        return offered[titles.index(said)].payload
    return _by_words(said, titles, offered)


def _number(said: str, last: int) -> int | None:
    if found := _ALONE.fullmatch(said):
        return int(found[1]) if found[1].isdigit() else _NUMBERS[found[1]]
    if found := _ORDINAL.fullmatch(said):
        return _ORDINALS[found[1]]
    return last if _LAST.fullmatch(said) else None


def _by_words(said: str, titles: Sequence[str], offered: Sequence[Button]) -> str | None:
    words = _words(said)
    same = [button for button, title in zip(offered, titles, strict=True) if words and words == _words(title)]
    if len(same) == 1:
        return same[0].payload
    if len(words) < 2 and not any(word.isascii() and len(word) > 3 for word in words):
        return None
    shares = [
        len(words & _words(title)) / len(words)
        if button.payload.startswith(ARTICLE) and bool(_NEGATION.search(said)) == bool(_NEGATION.search(title))
        else 0.0
        for button, title in zip(offered, titles, strict=True)
    ]
    best = max(shares)
    if best < _SHARE or shares.count(best) > 1:
        return None
    return offered[shares.index(best)].payload


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text)) - _EMPTY_WORDS
