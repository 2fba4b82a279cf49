"""A mail's text as lines that know how deep they are quoted, from plain text and from HTML alike."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Mark = Literal["", "attribution", "signature", "rule", "ruled"]


class Line(Struct, frozen=True):
    """A line. `depth`: how often it is quoted. `sure`: a program says so; `weak`: it is only indented.

    `signs` are those that stood before it.
    `mark`: what a program says of it; "rule" is a short rule, "ruled" what stands in a box with a rule above it.
    """

    text: str
    depth: int = 0
    weak: bool = False
    sure: bool = False
    mark: Mark = ""
    signs: str = ""

    @property
    def blank(self) -> bool:
        """Nothing to read."""
        return not self.text.strip()

    @property
    def shown(self) -> str:
        """As it stands in a text: with a sign for each level of quotation."""
        if not self.depth or self.weak:
            return self.text
        return ((self.signs or "> " * self.depth) + self.text).rstrip()


_SIGNS = re.compile(r"(?:> ?)++")
MAX_LINES = 20_000


def from_plain(text: str, *, flowed: bool = False, delsp: bool = False) -> list[Line]:
    """The lines of a plain text; those of format=flowed (RFC 3676) are put together again."""
    lines = []
    for raw in text.split("\n")[:MAX_LINES]:
        signs, rest = unsigned(raw)
        depth = min(50, signs.count(">"))
        if flowed and rest.startswith(" "):  # stuffed
            rest = rest[1:]
        lines.append(Line(rest if flowed else rest.rstrip(), depth, signs=signs))
    return _unwrapped(lines, delsp) if flowed else lines


def unsigned(raw: str) -> tuple[str, str]:
    """The signs of quotation before a line, and the line without them."""
    signs = _SIGNS.match(raw)
    return (signs[0], raw[signs.end() :]) if signs else ("", raw)


def _unwrapped(lines: list[Line], delsp: bool) -> list[Line]:
    whole: list[Line] = []
    parts: list[str] = []
    depth = 0
    for line in lines:
        if parts and line.depth != depth:
            whole.append(Line("".join(parts).rstrip(), depth))
            parts = []
        depth = line.depth
        soft = line.text.endswith(" ") and line.text != "-- "
        parts.append(line.text[:-1] if soft and delsp else line.text)
        if not soft:
            whole.append(Line("".join(parts) if line.text == "-- " else "".join(parts).rstrip(), depth))
            parts = []
    if parts:
        whole.append(Line("".join(parts).rstrip(), depth))
    return whole


def joined(lines: list[Line]) -> str:
    """The lines as a text, quotation signs and all."""
    return tidy("\n".join(line.shown for line in lines))


_BLANKS = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """A text without blank lines at its ends, and with not more than one in a row."""
    return _BLANKS.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")
