"""From a mail as it came to a message in a case. Nothing is lost: what cannot be read is stored as such."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.mail import bouncing, loops
from connectors.mail.loops import Handling, plain
from connectors.mail.parse import parse
from connectors.mail.settings import Closeness, MailSettings
from connectors.mail.sorting import Sorted, Sorting, head
from connectors.mail.threading import answers, bare
from connectors.mail.tokens import Tokens
from connectors.mail.types import Mail
from hub.connector import File
from hub.core import Core
from hub.errors import Rejected
from hub.lifecycle import Step
from hub.store import cases, messages, outbox
from hub.types import Case, Conversation, InboundMessage, Letter, RemoteFile

log = logging.getLogger(__name__)

NOBODY = "unknown sender"
"""Who wrote a mail that does not say so."""

LONGEST = 19_500
"""Characters of a text; the hub takes a few more, and the whole mail is one click away."""

_LONGEST_KEY = 400
_MOST_FILES, _MOST_PEOPLE = 100, 50
_PLAUSIBLE = timedelta(days=7)
_LOST = re.compile(r"cannot be read|only in the original|cut off|roughly|base64 and is none|undecodable|not valid")
"""What agents should know of a mail's faults: not that it was labelled wrongly, but that something is missing here."""

_WHOLE = "whole"
"""The handle's part that is the mail itself."""


class Incoming:
    """Takes in the mails of one channel."""

    def __init__(self, settings: MailSettings, core: Core, closeness: Closeness | None) -> None:
        self._settings = settings
        self._core = core
        self._sorting = Sorting(settings, core.db, closeness)
        self._own = frozenset(map(plain, settings.own))

    async def take(self, raw: bytes, arrived: datetime, tokens: Tokens) -> None:
        """Stores a mail; returns once it is. Raises whatever the database does."""
        mail = await self._read(raw)
        if mail is None:
            await self._unreadable(raw, arrived)
        elif mail.bounce is None or not await bouncing.report(self._core, self._settings.name, mail, tokens):
            await self._store(mail, raw, arrived, tokens)

    async def _store(self, mail: Mail, raw: bytes, arrived: datetime, tokens: Tokens) -> None:
        found = await self._sorting.sort(mail, raw, tokens)
        lately = to_sender = 0
        async with self._core.db.connection() as conn:
            if found.case.conversation is not None:
                lately = await cases.spoken_lately(conn, found.case.conversation, 3600)
            if mail.sender is not None:
                sender = mail.sender.address.lower()
                to_sender = await cases.spoken_to_lately(conn, self._settings.name, sender, 3600)
        handling = loops.handling(mail, self._own, copy=found.copy, automatic_lately=lately, to_sender=to_sender)
        known_by = await asyncio.to_thread(key, mail, raw)
        message = self._message(mail, raw, arrived, found, handling, known_by)
        receipt = await self._core.intake.receive(message)
        if found.case.rule in ("token", "reference"):
            await self._was_sent(mail.in_reply_to[:1])
        if handling.reason:
            log.info("%s: a mail is not answered automatically: %s", self._settings.name, handling.reason)
        if handling.person:  # of one that was stored before, too: perhaps we did not get any further then
            await self._core.steps.take(receipt.conversation, _to_a_person)

    async def _was_sent(self, answered: Sequence[str]) -> None:
        """What somebody answers has left us, though nobody knew."""
        for id in answered:
            async with self._core.db.connection() as conn:
                ours = await outbox.by_platform_id(conn, self._settings.name, id)
            if ours is not None and ours[1] == "unknown":
                await self._core.outbox.report(self._settings.name, id, "sent")

    def _message(
        self, mail: Mail, raw: bytes, arrived: datetime, found: Sorted, handling: Handling, known_by: tuple[str, str]
    ) -> InboundMessage:
        address = mail.sender.address.lower() if mail.sender else NOBODY
        name = (mail.sender.name or None) if mail.sender else None
        letter = Letter(
            sender=address,
            name=name,
            to=_addresses([one.address for one in mail.to]),
            cc=_addresses([one.address for one in mail.cc]),
            subject=mail.subject,
            signed=found.verified,
            reply_to=_addresses([one.address for one in mail.reply_to if one.address.lower() != address]),
            automatic=not handling.answered and not handling.person,
            faults=tuple(each for each in mail.faults if _LOST.search(each)),
            brings=found.brings[:_MOST_PEOPLE] if handling.answered or handling.person else (),
        )
        scope, id = known_by
        return InboundMessage(
            channel=self._settings.name,
            sender=address[:_LONGEST_KEY],
            scope=scope,
            external_id=id,
            text=_text(mail, first=found.case.conversation is None),
            language="zh" if mail.language == "zh" else "en" if mail.language == "en" else None,
            name=name,
            files=tuple(
                RemoteFile(_handle(scope, id, file.part), file.name or "file", file.type, len(file.content))
                for file in mail.attachments[:_MOST_FILES]
            ),
            sent_at=_when(mail.date, arrived),
            attended=not handling.answered,
            case=found.case,
            letter=letter,
            participants=self._participants(letter) if mail.sender and not letter.automatic else (),
            raw=raw,
        )

    def _participants(self, letter: Letter) -> tuple[str, ...]:
        everybody = (letter.sender, *letter.reply_to, *letter.to, *letter.cc)
        return tuple(dict.fromkeys(each for each in everybody if plain(each) not in self._own))

    async def _read(self, raw: bytes) -> Mail | None:
        try:
            return await asyncio.to_thread(parse, raw, self._own)
        except Exception:
            log.exception("%s: a mail cannot be read; it is kept as it came", self._settings.name)
            return None

    async def _unreadable(self, raw: bytes, arrived: datetime) -> None:
        id = hashlib.sha256(raw).hexdigest()
        message = InboundMessage(
            channel=self._settings.name,
            sender=NOBODY,
            scope="none",
            external_id=id,
            text="This mail could not be read. 这封邮件无法读取。",
            files=(RemoteFile(_handle("none", id, _WHOLE), "original.eml", "message/rfc822", len(raw)),),
            sent_at=arrived,
            attended=True,
            case=Case(rule="unreadable", reason="the mail could not be read; it is attached as it came"),
            letter=Letter(sender=NOBODY),
            raw=raw,
        )
        receipt = await self._core.intake.receive(message)
        await self._core.steps.take(receipt.conversation, _to_a_person)

    async def fetch(self, handle: str) -> File:
        """A file of a mail that is stored already; raises `Rejected` where it has none such."""
        id, part, scope = msgspec.json.decode(handle, type=tuple[str, str, str])
        async with self._core.db.connection() as conn:
            raw = await messages.raw_of_delivery(conn, self._settings.name, scope, id)
        if raw is None:
            raise Rejected("the mail is not here any more")
        if part == _WHOLE:
            return File("original.eml", "message/rfc822", raw)
        mail = await asyncio.to_thread(parse, raw)
        for file in mail.attachments:
            if file.part == part:
                return File(file.name or "file", file.type, file.content)
        raise Rejected("the mail has no such part")


def _to_a_person(now: Conversation) -> Step | None:
    return Step(action="handoff", reason="rule") if now.status == "bot" else None


def key(mail: Mail, raw: bytes) -> tuple[str, str]:
    """By what a mail is known again: its Message-ID, and all of it that is the same wherever it is delivered."""
    headers, body = head(raw), raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip()
    told = hashlib.sha256()
    for name in ("from", "date", "subject", "message-id"):
        told.update(b"\n".join(b" ".join(value.split()) for value in headers.all(name)) + b"\0")
    told.update(body)
    scope = mail.message_id or "none"
    if len(scope) > _LONGEST_KEY:
        scope = hashlib.sha256(scope.encode()).hexdigest()
    return scope, told.hexdigest()


def _handle(scope: str, id: str, part: str) -> str:
    return msgspec.json.encode((id, part, scope)).decode()


def _text(mail: Mail, *, first: bool) -> str:
    """The words; with the subject in front where a case begins and they do not say it themselves."""
    text, subject = mail.text.strip(), bare(mail.subject)
    if subject and (not text or (first and not answers(mail.subject) and subject.casefold() not in text.casefold())):
        text = f"{subject}\n\n{text}".strip()
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n[…]"


def _addresses(found: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.lower()[:_LONGEST_KEY] for each in found))[:_MOST_PEOPLE]


def _when(said: datetime | None, arrived: datetime) -> datetime:
    """What the mail says of its date, unless that cannot be."""
    if said is None or said.tzinfo is None or not -_PLAUSIBLE < arrived - said < _PLAUSIBLE:
        return arrived
    return min(said, arrived).astimezone(UTC)
