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
_LANDLINE = re.compile(r"(?<![a-z0-9])0[0-9]{2,3}[ -]?[0-9]{7,8}(?![0-9])", re.IGNORECASE)
_ORDER = re.compile(
    r"(?<![a-z0-9])(?:P ?L[ :#._-]{0,3}([0-9](?:[ ._-]?[0-9]){7})(?![0-9])"
    # Eight digits alone do, and in two halves, unless those are years (2024-2025) or there are more on either side.
    r"|(?<!\+)(?<![0-9]\.)([0-9]{8})(?![a-z0-9])"
    r"|(?<![0-9][ -])(?!(?:19|20)[0-9]{2}[ -](?:19|20)[0-9]{2})([0-9]{4}[ -][0-9]{4})(?![ -]?[0-9a-z]))",
    re.IGNORECASE,
)
_NO_DIGIT = re.compile(r"[^0-9]")


def find(text: str) -> list[Found]:
    """What there is in `text`, each in one way only: a telephone's digits are no order number."""
    return sorted(_find(_plain(text)), key=lambda found: found.start)


def _find(text: str) -> Iterator[Found]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Found("email", match[0].lower(), *match.span())
        text = _EMAIL.sub(_blank, text)
    for match in _PHONE.finditer(text):
        yield Found("phone", _digits(match[1]), *match.span())
    text = _LANDLINE.sub(_blank, _PHONE.sub(_blank, text))
    for match in _ORDER.finditer(text):
        yield Found("order_number", "PL" + _digits(match[match.lastindex or 0]), *match.span())


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
