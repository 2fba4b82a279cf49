"""Numbers and addresses in a message: order numbers, mobile numbers, e-mail addresses. Plain Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple


class Found(NamedTuple):
    """One of them: `value` is the form in which it is looked up, `text[start:end]` what was typed."""

    entity: str
    value: str
    start: int
    end: int


_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}", re.IGNORECASE)
_PHONE = re.compile(r"(?<![a-z0-9])(?:\(?(?:\+|00)?86\)?[ -]?)?(1[3-9](?:[ -]?[0-9]){9})(?![0-9])", re.IGNORECASE)
_LANDLINE = re.compile(r"(?<![a-z0-9])\(?0[0-9]{2,3}\)?[ -]?[0-9]{4}[ -]?[0-9]{3,4}(?![0-9])", re.IGNORECASE)
_ORDER = re.compile(r"(?<![a-z0-9])P ?L[ :#._-]{0,3}([0-9](?:[ ._-]?[0-9]){7})(?![0-9])", re.IGNORECASE)
_BARE = re.compile(  # eight digits, or two halves that are no years (2024-2025), without more on either side
    r"(?<![a-z0-9+])(?<![0-9][ .-])"
    r"(?:[0-9]{8}(?![a-z0-9])|(?!(?:19|20)[0-9]{2}[ -](?:19|20)[0-9]{2})[0-9]{4}[ -][0-9]{4}(?![ -]?[0-9a-z]))",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[ -]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_OF_ORDERS = re.compile(
    r"订单|订但|訂單|单号|單號|单子|[这那]个?单|一单|查|到哪"
    r"|(?<![a-z])(?:dan ?hao|ding ?dan|order|no|track|where|check|look up)(?![a-z])",
    re.IGNORECASE,
)
_OF_TELEPHONES = re.compile(
    r"座机|固话|电话|電話|传真|(?<![a-z])(?:tel|telephone|phone|landline|fax|qq)(?![a-z])", re.IGNORECASE
)
_NEAR = 16
"""Characters on either side in which is said what a bare number is."""

_NO_DIGIT = re.compile(r"[^0-9]")


def find(text: str, asked: str | None = None) -> list[Found]:
    """What there is in `text`, each in one way only: a telephone's digits are no order number.

    `asked`: what the customer has just been asked for (`order_number`, `contact`), if anything. Without it, digits that
    nobody calls an order have to stand alone to be one: they might be a date or a telephone.
    """
    return sorted(_find(_plain(text), asked), key=lambda found: found.start)


def _find(text: str, asked: str | None) -> Iterator[Found]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Found("email", match[0].lower(), *match.span())
        text = _EMAIL.sub(_blank, text)
    for match in _PHONE.finditer(text):
        yield Found("phone", _digits(match[1]), *match.span())
    text = _LANDLINE.sub(_blank, _PHONE.sub(_blank, text))
    for match in _ORDER.finditer(text):
        yield Found("order_number", "PL" + _digits(match[1]), *match.span())
    text = _ORDER.sub(_blank, text)
    for match in _BARE.finditer(text):
        if _is_order(match, asked):
            yield Found("order_number", "PL" + _digits(match[0]), *match.span())


def _is_order(match: re.Match[str], asked: str | None) -> bool:
    text, (start, end) = match.string, match.span()
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    line = text[text.rfind("\n", 0, start) + 1 : start] + text[end:].partition("\n")[0]
    alone = not any(character.isalnum() for character in line)
    if alone:
        return asked == "order_number" or (asked != "contact" and not _DATE.fullmatch(match[0]))
    if _DATE.fullmatch(match[0]) or _OF_TELEPHONES.search(before):
        return False
    return asked == "order_number" or bool(_OF_ORDERS.search(before) or _OF_ORDERS.search(after))


def _plain(text: str) -> str:
    """Full-width letters and digits as plain ones; each character stays one, so that places still hold."""
    if text.isascii():
        return text
    plain = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(new if len(new) == 1 else old for new, old in zip(plain, text, strict=True))


def _digits(text: str) -> str:
    return _NO_DIGIT.sub("", text)


def _blank(match: re.Match[str]) -> str:
    return "\n" * len(match[0])
