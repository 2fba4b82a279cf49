"""The tree of a mail's parts, from its bytes. Never fails, and its time grows with the size only.

The standard library's parser recurses by the depth of the nesting and looks at every line once for each level; a
hostile mail takes minutes. Here a delimiter is searched for as a whole, and depth and number of parts are capped.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from msgspec import Struct

from connectors.mail.headers import Headers, from_base64, kind_and_parameters

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 20
MAX_PARTS = 500
_MAX_HEAD = 512 * 1024
_MAX_FIELDS = 2000


class Part(Struct, kw_only=True):
    """One part: a leaf with a body, or a multipart with `parts`. `path` is its place, "2.1"; the mail itself has ""."""

    headers: Headers
    type: str
    parameters: dict[str, str]
    disposition: str
    name: str
    body: bytes
    path: str
    parts: list[Part] = []

    @property
    def cid(self) -> str:
        """What the HTML calls it, without brackets."""
        return self.headers.text("content-id").strip("<> ")

    @property
    def charset(self) -> str:
        """The label of its text."""
        return self.parameters.get("charset", "")

    def walk(self) -> Iterator[Part]:
        """Itself and everything in it, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()


class Reader:
    """Reads one mail; `faults` is what was wrong with it."""

    def __init__(self) -> None:
        self.faults: dict[str, None] = {}
        self._parts = 0

    def read(self, raw: bytes) -> Part:
        """The tree of the mail `raw`."""
        if len(raw) > MAX_BYTES:
            raw = raw[:MAX_BYTES]
            self.fault("larger than what is read; the end is only in the original")
        if b"\r\r\n" in raw[:2000]:
            raw = raw.replace(b"\r\r\n", b"\r\n")
            self.fault("doubled carriage returns")
        if b"\n" not in raw[:4096] and b"\r" in raw[:4096]:
            raw = raw.replace(b"\r", b"\n")
            self.fault("carriage returns as line ends")
        return self._part(raw.lstrip(b"\r\n \t") if raw[:1] in b"\r\n" else raw, "", 0, "text/plain")

    def fault(self, what: str) -> None:
        """Notes what was wrong, once."""
        if len(self.faults) < 50:
            self.faults.setdefault(what)

    def _part(self, raw: bytes, path: str, depth: int, default: str) -> Part:
        self._parts += 1
        headers, body = self._split_head(raw, top=not path)
        value = next(iter(headers.all("content-type")), b"")
        kind, parameters = kind_and_parameters(value)
        if value and not re.fullmatch(r"[\w.+!#$&^-]+/[\w.+!#$&^-]+", kind):
            self.fault("broken Content-Type")
            kind = "text/html" if "html" in kind else "text/plain"
        dispositions = headers.all("content-disposition")
        disposition, more = kind_and_parameters(dispositions[0]) if dispositions else ("", {})
        part = Part(
            headers=headers,
            type=kind or default,
            parameters=parameters,
            disposition=disposition,
            name=_file_name(more.get("filename") or parameters.get("name") or ""),
            body=body,
            path=path,
        )
        if part.type.startswith("multipart/"):
            self._open(part, depth)
        return part

    def _open(self, part: Part, depth: int) -> None:
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        pieces = self._pieces(part)
        if pieces is None:
            self.fault("a multipart without boundaries, read as text")
            part.type = (
                "text/html"
                if re.match(rb"\s*<(?:!doctype|html|div|p|body)\b", part.body, re.IGNORECASE)
                else "text/plain"
            )
            return
        for number, piece in enumerate(pieces, 1):
            if depth >= MAX_DEPTH or self._parts >= MAX_PARTS:
                self.fault("too many parts or too deep; the rest is only in the original")
                break
            path = f"{part.path}.{number}" if part.path else str(number)
            part.parts.append(self._part(piece, path, depth + 1, default))
        part.body = b""

    def _pieces(self, part: Part) -> list[bytes] | None:
        """The bodies between the delimiters; None where there is no delimiter."""
        boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
        found = _delimiters(part.body, boundary) if boundary else []
        if not found:
            guess = re.search(
                rb"(?:^|[\r\n])--([^\s-][^\r\n]{0,199}|-[^\r\n]{1,199})\r?\n(?=Content-)",
                part.body[:100_000],
                re.IGNORECASE,
            )
            if guess is None:
                return None
            self.fault("wrong or missing boundary")
            found = _delimiters(part.body, guess[1].rstrip())
        pieces: list[bytes] = []
        for this, following in zip(found, [*found[1:], None], strict=True):
            if this[2]:
                return pieces
            if following is None:
                self.fault("cut off: no closing boundary")
            pieces.append(part.body[this[1] : following[0] if following else len(part.body)])
        return pieces

    def _split_head(self, raw: bytes, *, top: bool) -> tuple[Headers, bytes]:
        blank = _BLANK.match(raw) or _END_OF_HEAD.search(raw, 0, _MAX_HEAD)
        head, body = (raw[: blank.start()], raw[blank.end() :]) if blank else (raw[:_MAX_HEAD], b"")
        fields: list[tuple[str, bytes]] = []
        end, rubbish = 0, False
        for match in _FIELD.finditer(head):
            if len(fields) >= _MAX_FIELDS:
                self.fault("too many headers")
                break
            rubbish = rubbish or bool(head[end : match.start()].strip(b"\r\n \t"))
            fields.append((match[1].decode("ascii").lower(), match[2]))
            end = match.end()
        if rubbish and not head.startswith((b"From ", b">From ")):
            self.fault("lines that are no headers among the headers")
        rest = head[end:].strip(b"\r\n")
        if top and not any(name in _USUAL for name, _ in fields):
            self.fault("no headers")
            return Headers([]), raw
        if rest:  # text that follows without an empty line
            self.fault("no empty line after the headers")
            body = rest + b"\r\n\r\n" + body + (raw[_MAX_HEAD:] if blank is None else b"")
        elif blank is None:
            body = raw[_MAX_HEAD:]
        return Headers(fields), body


_USUAL = {"from", "to", "subject", "date", "received", "message-id", "return-path", "mime-version", "content-type"}
_BLANK = re.compile(rb"[ \t]*(?:\r\n|\n|\r)")
_END_OF_HEAD = re.compile(rb"(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n|\r|\Z)")
_FIELD = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:[ \t]*([^\r\n]*(?:(?:\r\n|\n|\r)[ \t][^\r\n]*)*)", re.MULTILINE)


def _delimiters(body: bytes, boundary: bytes) -> list[tuple[int, int, bool]]:
    """Start, end and "is the closing one" of each delimiter line."""
    line = re.compile(rb"(?:\r\n|\n|\r|\A)--" + re.escape(boundary) + rb"(--)?[ \t]*+(?:\r\n|\n|\r|\Z)")
    found: list[tuple[int, int, bool]] = []
    at = 0
    while (match := line.search(body, at)) is not None and len(found) <= MAX_PARTS:
        found.append((match.start(), match.end(), bool(match[1])))
        if match[1]:
            break
        at = max(match.end() - 1, match.start() + 1)  # the line end of one may begin the next
    return found


def _file_name(name: str) -> str:
    """A name without folders and characters that no disk takes."""
    name = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f<>:\"|?*\u202a-\u202e\u2066-\u2069]", "_", name).strip(" .")[:200]


# Transfer encodings -----------------------------------------------------------------------------------------------

_QUOTED = re.compile(rb"(?:=[89A-F][0-9A-F]){3}|(?:=[89A-F][0-9A-F]){2}[^=]*+(?:=[89A-F][0-9A-F]){2}")
_ONLY_BASE64 = re.compile(rb"\s*(?:[A-Za-z0-9+/]{60,80}\r?\n)+[A-Za-z0-9+/]{1,80}={0,2}\s*")


def content(part: Part, fault: dict[str, None]) -> bytes:
    """The part's body, decoded; `fault` is told where its transfer encoding lied."""
    how = part.headers.text("content-transfer-encoding").strip(" \t\"';.").lower()
    body = part.body
    if how == "base64":
        if part.type.startswith("text/") and not _is_base64(body):
            fault["the text says base64 and is none"] = None
            return body
        return from_base64(body)
    if how in ("quoted-printable", "quoted_printable", "quotedprintable", "qp"):
        return binascii.a2b_qp(body)
    if how in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return _from_uu(body)
    if part.type.startswith("text/") and part.disposition != "attachment":
        if body.isascii() and _QUOTED.search(body, 0, 20_000):
            fault["quoted-printable that says to be none"] = None
            return binascii.a2b_qp(body)
        if _ONLY_BASE64.fullmatch(body) and b" " not in body.strip():
            fault["base64 that says to be none"] = None
            return from_base64(body)
    return body


def _is_base64(body: bytes) -> bool:
    sample = body[:3000].split()
    if not sample:
        return True
    whole = b"".join(sample)
    rubbish = len(re.findall(rb"[^A-Za-z0-9+/=]", whole))
    return rubbish <= len(whole) / 20 and (len(sample) < 3 or max(map(len, sample)) > 20)


def _from_uu(body: bytes) -> bytes:
    found = []
    lines = body.splitlines()
    for line in lines[1:] if lines and lines[0].startswith(b"begin ") else lines:
        if line.strip() in (b"", b"end", b"`"):
            continue
        try:
            found.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(found)
