"""What a mail says, as values. Nothing here knows a server, a database or a case."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Kind = Literal["message", "auto_reply", "list", "bounce"]


class Address(Struct, frozen=True):
    """Somebody with a mailbox; `name` is what they call themselves, "" where they do not."""

    name: str
    address: str


class Attachment(Struct, frozen=True, kw_only=True):
    """A file of a mail. `part` is its place in the tree, "2.1"; `cid` is what the HTML calls it, without brackets.

    `inline`: it is part of what the HTML shows. `note` says what is special about it: a signature, encrypted,
    a forwarded mail, Outlook's own format that nobody else reads.
    """

    part: str
    name: str
    type: str
    content: bytes
    cid: str = ""
    inline: bool = False
    note: str = ""


class Failure(Struct, frozen=True):
    """What became of one recipient: `action` and `status` as in RFC 3464; `hard`: trying again is of no use.

    `hard` is None where the report does not tell, or nothing failed.
    """

    recipient: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    hard: bool | None = None


class Bounce(Struct, frozen=True):
    """News of a mail of ours: `message_id` is the one it is about, "" where the report does not say."""

    failures: tuple[Failure, ...]
    message_id: str = ""
    subject: str = ""


class Answer(Struct, frozen=True):
    """Words written below a quotation, in between: what was quoted, and what was said to it."""

    quoted: str
    said: str


class Mail(Struct, frozen=True, kw_only=True):
    """A mail, read. Every text is without NUL and lone surrogates, so that every store takes it.

    `text` is what the sender wrote, `full_text` all that the mail shows; `html` is raw and for `html.sanitised` only.
    `message_id`, `in_reply_to` and `references` keep their angle brackets. `suppress`: nothing automatic may be sent
    to the sender, whatever the kind is; `forwarded`: the sender passes on what somebody else wrote, and `text` has it
    if they say little themselves. `answers`: how the parts of `text` belong to what they answer, where the sender
    wrote between the quoted lines. `faults` says in words what was broken and how it was read all the same.
    """

    kind: Kind
    reason: str
    suppress: bool
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    date: datetime | None
    text: str
    full_text: str
    html: str
    attachments: tuple[Attachment, ...]
    bounce: Bounce | None = None
    forwarded: bool = False
    answers: tuple[Answer, ...] = ()
    language: str | None = None
    faults: tuple[str, ...] = ()
