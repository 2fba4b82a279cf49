"""Which parts of a mail are its text, and which are files."""

from __future__ import annotations

import re

from msgspec import Struct, field

from connectors.mail import charsets
from connectors.mail.html_lines import from_html, without_tags
from connectors.mail.invitations import described
from connectors.mail.lines import MAX_LINES, Line, from_plain
from connectors.mail.mime import Part, Reader, content
from connectors.mail.types import Attachment

MAX_TEXT = 2_000_000

_NOTES = {
    "application/pkcs7-signature": "a signature",
    "application/x-pkcs7-signature": "a signature",
    "application/pgp-signature": "a signature",
    "application/pkcs7-mime": "encrypted or signed as a whole (S/MIME): cannot be read here",
    "application/x-pkcs7-mime": "encrypted or signed as a whole (S/MIME): cannot be read here",
    "application/pgp-encrypted": "encrypted (PGP): cannot be read here",
    "application/ms-tnef": "winmail.dat, Outlook's own format: cannot be read here",
    "application/vnd.ms-tnef": "winmail.dat, Outlook's own format: cannot be read here",
    "message/rfc822": "a mail as a file",
    "message/delivery-status": "a report of delivery",
}
_ENDINGS = {"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "message/rfc822": ".eml"}
_ENDINGS |= {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "application/pdf": ".pdf"}


class Body(Struct):
    """What the mail says: `lines` from all its texts in order, the HTML parts as they are, and the files."""

    lines: list[Line] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    invitations: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


class BodyReader:
    """Reads the texts and the files of one tree."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._body = Body()

    def read(self, tree: Part) -> Body:
        """The body of a mail."""
        self._visit(tree, first=True, related=False)
        return self._body

    def _visit(self, part: Part, *, first: bool, related: bool) -> None:
        if part.type == "multipart/alternative":
            self._choose(part)
        elif part.parts:
            inside = part.type == "multipart/related"
            if part.type == "multipart/encrypted":
                self._reader.fault("encrypted: cannot be read here")
            for number, child in enumerate(part.parts):
                self._visit(
                    child, first=first and number == 0, related=(inside and number > 0) or (related and not first)
                )
        elif part.type.startswith("multipart/"):
            return
        elif self._is_text(part, first=first, related=related):
            self._text(part)
        else:
            self._attach(part, inline=related or part.disposition == "inline")

    def _is_text(self, part: Part, *, first: bool, related: bool) -> bool:
        if part.type not in ("text/plain", "text/html", "text/enriched", "text/markdown", "text"):
            return False
        if part.disposition == "attachment" or (related and part.cid):
            return False
        return first or not part.name

    def _choose(self, part: Part) -> None:
        """Of several versions of one text the HTML, else the plain one; invitations and files beside it stay."""
        rich = [child for child in part.parts if _has(child, "text/html")]
        plain = [child for child in part.parts if _has(child, "text/plain") and child not in rich]
        before = len(self._body.lines)
        for number, child in enumerate([*rich[-1:], *plain[:1]]):
            said = self._body.lines[before:]
            if number == 0 or not any(not line.blank for line in said):
                self._visit(child, first=True, related=False)
        for child in part.parts:
            if child not in rich and child not in plain and not child.type.startswith(("text/x-amp", "text/watch")):
                self._visit(child, first=False, related=False)

    def _text(self, part: Part) -> None:
        text = self._decoded(part)
        if len(text) > MAX_TEXT:
            text = text[:MAX_TEXT]
            self._reader.fault("a very long text; its end is only in the original")
        if part.type == "text/html" or (part.type != "text/plain" and "<html" in text[:200].lower()):
            lines = from_html(text)
            if lines is None:
                self._reader.fault("HTML too large or too deeply nested; read roughly")
                lines = from_plain(charsets.clean(without_tags(text)))
            else:
                self._body.html.append(text)
        else:
            flowed = part.parameters.get("format", "").lower() == "flowed"
            text = _without_armor(text)
            lines = from_plain(text, flowed=flowed, delsp=part.parameters.get("delsp", "").lower() == "yes")
        if len(lines) >= MAX_LINES:
            self._reader.fault("a very long text; its end is only in the original")
        if self._body.lines and lines:
            self._body.lines.append(Line(""))
        self._body.lines.extend(lines)

    def _decoded(self, part: Part) -> str:
        raw = content(part, self._reader.faults)
        if len(raw) > 4 * MAX_TEXT:
            raw = raw[: 4 * MAX_TEXT]
            self._reader.fault("a very long text; its end is only in the original")
        label = part.charset
        if not label and part.type == "text/html":
            found = _META.search(raw[:3000])
            label = found[1].decode("ascii") if found else ""
        decoded = charsets.decode(raw, label)
        if decoded.fault:
            self._reader.fault(decoded.fault)
        return decoded.text

    def _attach(self, part: Part, *, inline: bool) -> None:
        raw = content(part, self._reader.faults)
        if part.type == "text/calendar" or part.name.lower().endswith(".ics"):
            said = described(charsets.decode(raw[:MAX_TEXT], part.charset or "utf-8").text)
            if said and said not in self._body.invitations:
                self._body.invitations.append(said)
        note = _NOTES.get(part.type, "")
        if part.name.lower() == "winmail.dat" and not note:
            note = _NOTES["application/ms-tnef"]
        if note.endswith("cannot be read here"):
            self._reader.fault(note)
        self._body.attachments.append(
            Attachment(
                part=part.path or "1",
                name=part.name or self._made_up(part, raw),
                type=part.type,
                content=raw,
                cid=part.cid,
                inline=inline and bool(part.cid or part.type.startswith("image/")),
                note=note,
            )
        )

    def _made_up(self, part: Part, raw: bytes) -> str:
        ending = _ENDINGS.get(part.type, "")
        if part.type == "message/rfc822":
            subject = Reader().read(raw[:100_000]).headers.text("subject")
            subject = re.sub(r"[\\/\x00-\x1f<>:\"|?*]+", " ", subject).strip()[:100]
            return (subject or "mail") + ending
        return f"part-{part.path or '1'}{ending}"


_META = re.compile(rb"<meta[^<>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_ARMOR = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n){0,10}\n", re.MULTILINE)
_ARMOR_END = "-----BEGIN PGP SIGNATURE-----"


def _without_armor(text: str) -> str:
    """A text that is signed in line (PGP) without what the signature adds."""
    found = _ARMOR.match(text.lstrip("\n"))
    if found is None:
        return text
    return re.sub(r"^- ", "", text.lstrip("\n")[found.end() :].partition(_ARMOR_END)[0], flags=re.MULTILINE)


def _has(part: Part, kind: str) -> bool:
    return any(one.type == kind and one.disposition != "attachment" for one in part.walk())
