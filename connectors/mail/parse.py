"""From the bytes of a mail to what it says. Pure, and it never fails: what cannot be read is said in `faults`."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from connectors.mail import lists
from connectors.mail.body import Body, BodyReader
from connectors.mail.classify import classify
from connectors.mail.headers import Headers, addresses, date, ids
from connectors.mail.lines import joined, tidy
from connectors.mail.mime import Reader
from connectors.mail.quotes import Hints, reply
from connectors.mail.types import Address, Mail
from hub import language

_REPLY = re.compile(
    r"\s*(?:re|aw|sv|antw|antwort|odp|rif|ré|réf|回复|答复|回覆|答覆|返信|回信)\s*(?:[\[(]\d{1,3}[\])]|\^\d{1,3})?\s*[:：]",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vs|i|转发|轉寄|轉發|転送)\s*(?:[\[(]\d{1,3}[\])])?\s*[:：]|\s*\[fwd:",
    re.IGNORECASE,
)


def parse(raw: bytes, own: Collection[str] = ()) -> Mail:
    """What the mail `raw` says, whatever it is. `own`: our addresses, plain; a list that is one of them is none."""
    reader = Reader()
    tree = reader.read(raw)
    headers = tree.headers
    subject = headers.text("subject")
    sender = _sender(headers, reader)
    signs = headers
    if lists.is_ours(headers, own):
        sender, signs = lists.writer(headers, sender, own), lists.without(headers)
    body = BodyReader(reader).read(tree)
    replies, references = ids(headers.all("in-reply-to")), ids(headers.all("references"))
    full_text = _with_invitations(joined(body.lines), body)
    verdict = classify(signs, tree, sender, subject, full_text)
    hints = Hints(bool(replies or references or _REPLY.match(subject)), bool(_FORWARD.match(subject)))
    said = reply(body.lines, hints)
    text = _with_invitations(said.text, body)
    return Mail(
        kind=verdict.kind,
        reason=verdict.reason,
        suppress=verdict.suppress,
        sender=sender,
        reply_to=addresses(headers.all("reply-to")),
        to=addresses(headers.all("to")),
        cc=addresses(headers.all("cc")),
        subject=subject[:1000],
        message_id=_message_id(headers, reader),
        in_reply_to=replies,
        references=references,
        date=date(headers.all("date")) or _received(headers, reader),
        text=text,
        full_text=full_text,
        html="\n".join(body.html),
        attachments=tuple(body.attachments),
        bounce=verdict.bounce,
        forwarded=said.forwarded,
        answers=said.answers,
        language=language.detect(text or subject),
        faults=tuple(reader.faults),
    )


def _with_invitations(text: str, body: Body) -> str:
    return tidy("\n\n".join([text, *(said for said in body.invitations if said not in text)]))


def _sender(headers: Headers, reader: Reader) -> Address | None:
    """Who wrote; who sent it, where nobody says to have written it."""
    senders = addresses(headers.all("from"))
    if len(headers.all("from")) > 1:
        reader.fault("several From headers; the first counts")
    if not senders:
        reader.fault("no sender that can be read")
        senders = addresses(headers.all("sender")) or addresses(headers.all("return-path"))
    return senders[0] if senders else None


def _message_id(headers: Headers, reader: Reader) -> str:
    found = ids(headers.all("message-id"))
    if not found:
        reader.fault("no Message-ID")
    elif len(found) > 1:
        reader.fault("several Message-IDs; the first counts")
    return found[0] if found else ""


def _received(headers: Headers, reader: Reader) -> datetime | None:
    reader.fault("no date that can be read")
    return date([value.rpartition(b";")[2] for value in headers.all("received")])
