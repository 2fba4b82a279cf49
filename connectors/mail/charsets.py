"""Bytes of unknown or wrong charset as text. Never fails; says when the label was wrong.

The label is tried first, by its superset (what is called gb2312 is GB18030 in practice), then UTF-8, then GB18030. A
charset that takes every byte proves nothing by doing so: what it makes has to look like text, else the next is tried.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "ksc5601": "cp949",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis_620": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
}
_NAMES = {  # labels that are written, and that Python does not know
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312_charset": "gb18030",
    "chinesebig5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-8859-8-i": "iso8859-8",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
}
_ESCAPING = {"iso2022_jp_ext", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr", "hz", "utf-7", "utf-16", "utf-32"}
_ESCAPING |= {"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"}
_GUESSED_FROM = 65_536
_CJK = {"gb18030", "big5hkscs", "cp932", "cp949"}
_GOOD = 0.75  # the likeness from which a charset is believed


class Decoded(NamedTuple):
    """`fault`: what was wrong, in words; "" where the label was right."""

    text: str
    charset: str
    fault: str = ""


def decode(data: bytes, label: str = "") -> Decoded:
    """The text that `data` is, whatever its label says."""
    named = codec(label)
    if named not in _ESCAPING and data.isascii():
        return Decoded(clean(data.decode("ascii")), named or "ascii")
    if data.startswith(codecs.BOM_UTF8):
        data, named = data[3:], "utf-8"
    elif data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and len(data) % 2 == 0:
        named = "utf-16"
    best = _strict(data, named) or _lenient(data, named)
    return Decoded(clean(best.text), best.charset, _fault(label, named, best))


@lru_cache(maxsize=256)
def codec(label: str) -> str:
    """Python's name of the superset of a label; "" where nobody knows it."""
    label = label.strip(" \t\"'").lower()
    label = _NAMES.get(label, label)
    try:
        name = codecs.lookup(label).name
        "".encode(name)  # not the codecs that are none for text: rot13, hex
    except (LookupError, ValueError, TypeError):
        return ""
    return _SUPERSETS.get(name, name)


_UNWANTED = re.compile("[\ud800-\udfff\x00-\x08\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """A text that every store and every encoder takes, with line feeds as line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text).lstrip("\ufeff")


def _strict(data: bytes, named: str) -> Decoded | None:
    """What decodes without a fault and looks most like text; the label where that is good enough."""
    if named in ("", "utf-8"):
        text = _whole(data, "utf-8")
        if text is not None:  # hardly anything else is UTF-8 by accident
            return Decoded(text, "utf-8")
    best, best_score = None, 0.0
    for name in dict.fromkeys((named, "utf-8", "gb18030", "big5hkscs", "cp1252")):
        text = _whole(data, name)
        if text is None:
            continue
        score = likeness(text)
        if name == "utf-8":
            score += 0.3  # hardly anything else is UTF-8 by accident
        sure = score >= _GOOD and name not in _CJK
        if name in _ESCAPING:
            sure = score >= 0.5
        elif name != "utf-8":
            sure = sure and _whole(data, "utf-8") is None
        if name == named and sure:
            return Decoded(text, name)
        if score > best_score:
            best, best_score = Decoded(text, name), score
    return best if best_score >= _GOOD or (best is not None and best.charset == named and best_score >= 0.5) else None


def _whole(data: bytes, name: str) -> str | None:
    """What decodes without a fault; the last character may be cut off."""
    if not name:
        return None
    for tail in (0, 1, 2, 3):
        if tail and (len(data) < 12 or name in _ESCAPING):
            return None
        try:
            return data[: len(data) - tail].decode(name)
        except (UnicodeError, LookupError, ValueError):
            continue
    return None


def _lenient(data: bytes, named: str) -> Decoded:
    """What has the fewest broken characters; a guess where all have many."""
    found = []
    for name in dict.fromkeys((named, "utf-8", "gb18030")):
        if name:
            try:
                text = data.decode(name, "replace")
            except (UnicodeError, LookupError, ValueError):
                continue
            found.append((text.count("\ufffd") - (name == "utf-8"), 1 - likeness(text), name, text))
    broken, _, name, text = min(found, key=lambda one: (one[0] + len(one[3]) * one[1] / 4, one[1]))
    if broken > len(text) / 20 or likeness(text) < 0.75:
        guessed = _guess(data)
        if guessed is not None:
            return guessed
    return Decoded(text, name, "broken characters")


def _guess(data: bytes) -> Decoded | None:
    for name in ("cp932", "cp949"):
        text = _whole(data, name)
        if text is not None and likeness(text) >= 0.85:
            return Decoded(text, name)
    if len(data) < 24:
        return None
    from charset_normalizer import from_bytes

    match = from_bytes(data[:_GUESSED_FROM]).best()
    if match is None:
        return None
    try:
        return Decoded(data.decode(match.encoding, "replace"), match.encoding)
    except (UnicodeError, LookupError, ValueError):
        return None


def _fault(label: str, named: str, best: Decoded) -> str:
    if best.fault:
        return f"{best.fault} in text labelled {label or 'with no charset'}, read as {best.charset}"
    if not label:
        return "" if best.charset == "utf-8" else f"no charset given, read as {best.charset}"
    if not named:
        return f"unknown charset {label[:40]}, read as {best.charset}"
    return "" if named == best.charset else f"labelled {label[:40]}, is {best.charset}"


# What looks like text ---------------------------------------------------------------------------------------------


def likeness(text: str) -> float:
    """How much of what is not ASCII looks like what people write, from 0 to 1."""
    marked = [character for character in text[:4000] if character >= "\x80"]
    if not marked:
        return 1.0
    good = sum(map(_weight, marked))
    latin = sum("\xc0" <= character <= "\u024f" for character in marked)
    if latin and _LATIN_RUNS.search(text[:4000]):  # no language has so many accents in a row
        good -= latin
    return max(0.0, good / len(marked))


_LATIN_RUNS = re.compile("[\xa1-\xff]{4}")
_PLAIN = "\xa0·×÷°€£¥§©®™…—–‘’“”„‚•«»¿¡\u200b\u200d\ufe0f\u3000、。〈〉《》「」『』【】〔〕～"


@lru_cache(maxsize=8192)
def _weight(character: str) -> float:
    if character in _PLAIN:
        return 1.0
    if "\u4e00" <= character <= "\u9fff":
        return 1.0 if _common(character) else 0.35
    if "\u3040" <= character <= "\u30ff" or "\uac00" <= character <= "\ud7af" or "\uff01" <= character <= "\uff5e":
        return 1.0
    if "\ue000" <= character <= "\uf8ff" or character == "\ufffd" or character < "\xa0":
        return 0.0
    if "\xc0" <= character <= "\u052f" or "\u0590" <= character <= "\u0e7f":
        return 0.8
    return 1.0 if character >= "\U0001f300" else 0.6


def _common(character: str) -> bool:
    """Of the characters in daily use: level one of GB 2312 or of Big5."""
    for name, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            if first <= character.encode(name)[0] <= last:
                return True
        except UnicodeEncodeError:
            continue
    return False
