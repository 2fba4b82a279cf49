"""Headers as they really come: raw 8-bit, words encoded in every wrong way, repeated, cut, made up.

They are kept as bytes and read one by one when asked for, so that a broken one breaks nothing else.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from connectors.mail import charsets
from connectors.mail.types import Address

MAX_VALUE = 65_536
_MAX_ADDRESSES = 200
_MAX_REFERENCES = 200


class Headers:
    """The headers of one part, in their order."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self._fields = fields

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return iter(self._fields)

    def __bool__(self) -> bool:
        return bool(self._fields)

    def __contains__(self, name: str) -> bool:
        return any(found == name for found, _ in self._fields)

    def all(self, name: str) -> list[bytes]:
        """The raw values, folded as they came."""
        return [value for found, value in self._fields if found == name]

    def text(self, name: str) -> str:
        """The first value, unfolded and decoded; "" where there is none."""
        return next((words(value) for value in self.all(name)), "")

    def texts(self, name: str) -> list[str]:
        """All values, unfolded and decoded."""
        return [words(value) for value in self.all(name)]


# Words ------------------------------------------------------------------------------------------------------------

_FOLD = re.compile(rb"(?:\r\n|\r|\n)[ \t]*")
_ENCODED = re.compile(r"=\?([^?\s]{1,60})\?([bq])\?((?:[^?]|\?(?!=))*+)\?=", re.IGNORECASE)
_BETWEEN = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bq]\?)", re.IGNORECASE)


def words(value: bytes) -> str:
    """A header's value as people read it."""
    raw = _FOLD.sub(b" ", value[:MAX_VALUE].replace(b"\r\n ", b"\n ")).strip()
    return decode_words(raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text).strip()


def decode_words(text: str) -> str:
    """A text with its encoded words (RFC 2047) decoded.

    Neighbours of one charset are joined before they are decoded: many programs cut characters in two.
    """
    if "=?" not in text:
        return charsets.clean(text)
    text = _BETWEEN.sub(r"\1", text)
    pieces: list[str] = []
    waiting, label, end = b"", "", 0
    for match in _ENCODED.finditer(text, 0, text.rfind("?=") + 2):  # beyond it every beginning would look for its end
        between, named = text[end : match.start()], match[1].partition("*")[0]
        if waiting and (between or named.lower() != label.lower()):
            pieces.append(charsets.decode(waiting, label).text)
            waiting = b""
        pieces.append(between)
        waiting, label, end = waiting + _unpacked(match[2], match[3]), named, match.end()
    if waiting:
        pieces.append(charsets.decode(waiting, label).text)
    return charsets.clean(" ".join("".join([*pieces, text[end:]]).split("\n")))


def _unpacked(how: str, packed: str) -> bytes:
    raw = packed.encode("utf-8", "replace")
    if how in "qQ":
        return binascii.a2b_qp(raw.replace(b"\n", b" ").rstrip(b"=") if raw.endswith(b"=") else raw, header=True)
    return from_base64(raw)


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def from_base64(raw: bytes) -> bytes:
    """What base64 holds, however it is broken: rubbish between, padding missing or in the middle, cut at the end."""
    kept = raw.translate(None, _NOT_BASE64)
    if b"=" not in kept.rstrip(b"="):
        kept = kept.rstrip(b"=")
        return binascii.a2b_base64((kept[:-1] if len(kept) % 4 == 1 else kept) + b"=" * (-len(kept) % 4))
    return b"".join(from_base64(piece) for piece in kept.split(b"=") if piece)  # several texts, one after another


# Parameters -------------------------------------------------------------------------------------------------------

_PARAMETER = re.compile(
    rb"""[;\s]\s*+([^\s=;*"]{1,60}+)(\*\d{1,3})?(\*)?\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;]*+))""", re.DOTALL
)
_MAX_PARAMETERS = 8192


def kind_and_parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """`Content-Type: a/b; c=d` as ("a/b", {"c": "d"}): RFC 2231 in parts, RFC 2047 where it must not be, raw 8-bit."""
    value = _FOLD.sub(b" ", value[:_MAX_PARAMETERS])
    kind, _, rest = value.partition(b";")
    parts: dict[str, list[tuple[int, bool, bytes]]] = {}
    for match in _PARAMETER.finditer(b";" + rest):
        raw = match[4].replace(b'\\"', b'"').replace(b"\\\\", b"\\") if match[4] is not None else match[5].strip()
        name = match[1].decode("ascii", "replace").lower()
        parts.setdefault(name, []).append((int(match[2][1:]) if match[2] else -1, bool(match[3]), raw))
    return kind.strip().decode("ascii", "replace").lower(), {name: _joined(found) for name, found in parts.items()}


def _joined(found: list[tuple[int, bool, bytes]]) -> str:
    extended = [part for part in found if part[0] >= 0 or part[1]]
    if not extended:
        raw = found[0][2]
        text = decode_words(raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text).strip()
        return charsets.decode(unquote_to_bytes(text)).text if _PERCENT.fullmatch(text) else text
    label, data = "", b""
    for number, encoded, raw in sorted(extended, key=lambda part: part[0]):
        if encoded and number <= 0 and raw.count(b"'") >= 2:
            named, _, raw = raw.split(b"'", 2)
            label = named.decode("ascii", "replace")
        data += unquote_to_bytes(raw) if encoded else raw
    text = charsets.decode(data, label).text
    return decode_words(text)


_PERCENT = re.compile(r"(?:[\w.~()-]|%[0-9A-Fa-f]{2})*%[89A-Fa-f][0-9A-Fa-f](?:[\w.~()-]|%[0-9A-Fa-f]{2})*", re.ASCII)

# Addresses --------------------------------------------------------------------------------------------------------

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"?|<[^<>]*+>|[,;]|[^",;<>]++|.', re.DOTALL)
_NOT_IN_MAILBOX = re.compile(r"[\s<>()\[\],;:\"']+")
_QUOTED_MAILBOX = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*+\"@[^\s<>()\[\],;:\"'@]++)\s*")
_LONGEST_MAILBOX = 400
_COMMENT = re.compile(r"\(([^()]*)\)")


def addresses(values: list[bytes]) -> tuple[Address, ...]:
    """All addresses of the headers `values`, in their order, each once."""
    found: dict[str, Address] = {}
    for value in values[:20]:
        raw = _FOLD.sub(b" ", value[:MAX_VALUE])
        text = raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text
        name, address = "", ""
        for piece in [*_PIECE.findall(_without_group(text)), ","]:
            if piece in (",", ";"):
                one = _address(name, address)
                if one is not None:
                    found.setdefault(one.address.lower(), one)
                name, address = "", ""
            elif piece.startswith("<") and piece.endswith(">"):
                address = piece[1:-1]
            else:
                name += piece
        if len(found) > _MAX_ADDRESSES:
            break
    return tuple(found.values())


def _without_group(text: str) -> str:
    """`Team: a@b, c@d;` without its name."""
    group = re.match(r"\s*[^<>@\",:]{0,200}:(?=[^:]*;?\s*$)", text)
    return text[group.end() :] if group else text


def _address(name: str, address: str) -> Address | None:
    """Whom it names. What stands in encoded words counts only where nothing else is an address: it is for display."""
    bare = charsets.clean(name.strip())
    name, address = decode_words(bare), decode_words(address.strip())
    mailbox = _mailbox(address)
    if not mailbox and not address:
        mailbox = _mailbox(bare) or _mailbox(name)
        name = name.replace(mailbox, "").replace("<>", "").replace("<", "")
    if not mailbox:
        return None
    shown = re.sub(r"\\(.)", r"\1", name).strip(" \t\"'")
    comment = _COMMENT.fullmatch(shown)
    shown = " ".join((comment[1] if comment else shown).split())[:200]
    return Address("" if shown.lower() == mailbox.lower() else shown, mailbox.strip("."))


def _mailbox(text: str) -> str:
    """The first address in a text; one whose local part is quoted is taken whole, not what somebody quoted there."""
    quoted = _QUOTED_MAILBOX.fullmatch(text)
    found = [quoted[1]] if quoted else _NOT_IN_MAILBOX.split(text)
    return next((one for one in found if "@" in one[1:-1] and len(one) <= _LONGEST_MAILBOX), "")


# Ids and dates ----------------------------------------------------------------------------------------------------

_ID = re.compile(rb"<([^<>]{1,990})>")
_NOT_IN_ID = re.compile(rb"[\s<>,;\"']+")
_LONGEST_ID = 980


def ids(values: list[bytes]) -> tuple[str, ...]:
    """The message ids in `values` with their brackets, each once; what is no id is passed over.

    A fold within an id is taken out; brackets that were forgotten are put back.
    """
    found: dict[str, None] = {}
    for value in values[:20]:
        for one in _ids(value[:MAX_VALUE]):
            found.setdefault(f"<{one}>")
    names = list(found)
    return tuple(names if len(names) <= _MAX_REFERENCES else [names[0], *names[1 - _MAX_REFERENCES :]])


def _ids(value: bytes) -> Iterator[str]:
    bracketed = [_FOLD.sub(b"", match[1]).strip() for match in _ID.finditer(value)]
    if not any(bracketed):
        bare = _NOT_IN_ID.split(_FOLD.sub(b" ", value))
        bracketed = [one for one in bare if b"@" in one[1:-1] and len(one) <= _LONGEST_ID]
    for raw in bracketed:
        one = charsets.decode(raw).text.strip()
        if one:
            yield one


_NUMBERS = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?:\D{1,6}(\d{1,2}):(\d{2})(?::(\d{2}))?)?")


def date(values: list[bytes]) -> datetime | None:
    """The first date that can be read, in UTC; None where there is none."""
    for value in values[:5]:
        text = words(value)[:200]
        for read in (_standard, _numbers):
            try:
                found = read(text)
            except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
                continue
            if found is not None and 1971 < found.year < 2200:
                return found
    return None


def _standard(text: str) -> datetime | None:
    parts = parsedate_tz(text)
    if parts is None:
        return None
    return datetime(*parts[:6], tzinfo=UTC) - timedelta(seconds=parts[9] or 0)


def _numbers(text: str) -> datetime | None:
    match = _NUMBERS.search(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in match.groups())
    zone = re.search(r"([+-])(\d{2}):?(\d{2})\s*$", text[match.end() :])
    away = timedelta(hours=int(zone[2]), minutes=int(zone[3])) if zone else timedelta()
    local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return local + away if zone and zone[1] == "-" else local - away
