"""What has to be known to decide where a mail belongs, read from the database; the deciding is `threading`'s."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from connectors.mail import authenticity
from connectors.mail.headers import Headers, addresses
from connectors.mail.loops import plain
from connectors.mail.mime import Reader
from connectors.mail.settings import Closeness, MailSettings
from connectors.mail.threading import Facts, decide, newcomers, open_ones
from connectors.mail.tokens import Tokens
from connectors.mail.types import Address, Mail
from hub.store import cases, channel_state, outbox
from hub.store.cases import Candidate
from hub.store.db import Connection, Database
from hub.types import Case

log = logging.getLogger(__name__)

ALIAS = "alias "
REWRITTEN = re.compile(r"\b[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-\d{6}\b")
"""The id that Amazon's SES puts in the place of ours, and tells us when it takes a mail."""

_MOST_IDS = 60
_PLAUSIBLE, _CLOCKS = timedelta(days=7), timedelta(minutes=10)
_HEAD = re.compile(rb"\r?\n\r?\n")


class Sorted(Struct, frozen=True):
    """Where a mail goes, whether its sender is verified, and whether it is a copy of one that we sent, or have.

    `brings`: who gets into the case with it, where its sender is not verified.
    """

    case: Case
    verified: bool
    copy: bool
    brings: tuple[str, ...]


class Sorting:
    """Sorts the mails of one channel."""

    def __init__(self, settings: MailSettings, db: Database, closeness: Closeness | None) -> None:
        """`closeness`: without it the fourth rule is off."""
        self._settings = settings
        self._db = db
        self._closeness = closeness
        self._own = frozenset(map(plain, settings.own))

    async def sort(self, mail: Mail, raw: bytes, tokens: Tokens) -> Sorted:
        """Decides about a mail."""
        sender = mail.sender.address.lower() if mail.sender else ""
        headers = head(raw)
        said = self._servers_word(headers, sender)
        async with self._db.connection() as conn:
            facts = await self._facts(conn, mail, headers, sender, tokens)
            copy = bool(mail.message_id) and await self._is_copy(conn, mail, facts.referenced)
        facts = msgspec.structs.replace(facts, verified=said == "verified", forged=said == "forged")
        case = decide(mail, facts)
        if case.conversation is None and facts.verified and self._closeness is not None and (near := open_ones(facts)):
            words = f"{mail.subject}\n{mail.text}".strip()
            measured = await self._closeness(words, [f"{one.subject}\n{one.last_text}".strip() for one in near])
            close = {one.conversation: how for one, how in zip(near, measured, strict=True)}
            case = decide(mail, msgspec.structs.replace(facts, closeness=close))
        return Sorted(case, facts.verified, copy, newcomers(case, facts))

    def _servers_word(self, headers: Headers, sender: str) -> authenticity.Word:
        """What our server says of the sender; where that looked at a list of ours in their place, nothing is known."""
        results = [value.decode("utf-8", "replace") for value in headers.all("authentication-results")]
        shown = next((one.address.lower() for one in addresses(headers.all("from"))), sender)
        said = authenticity.word(results, self._settings.authserv_id, shown)
        return "unknown" if said == "verified" and shown != sender else said

    async def _facts(self, conn: Connection, mail: Mail, headers: Headers, sender: str, tokens: Tokens) -> Facts:
        ids = list(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))[:_MOST_IDS]
        addressed = [one.address for one in (*mail.to, *mail.cc)]
        addressed += [text.strip("<> ") for name in ("delivered-to", "x-original-to") for text in headers.texts(name)]
        named = tokens.in_addresses(addressed) or tokens.in_ids(ids)
        channel = self._settings.name
        known = await known_as(conn, channel, ids)
        wanted = [*([mail.message_id] if mail.message_id else []), *known]
        return Facts(
            token=await _candidate(conn, channel, sender, named) if named else None,
            referenced=await cases.of_messages(conn, channel, sender, wanted) if wanted else [],
            known=await cases.of_participant(conn, channel, sender) if sender else [],
            named=self._others(sender, (*mail.to, *mail.cc)),
            answered=self._others(sender, mail.reply_to),
        )

    def _others(self, sender: str, named: Sequence[Address]) -> frozenset[str]:
        """Who of these is neither the sender nor we."""
        found = frozenset(one.address.lower() for one in named)
        return frozenset(one for one in found if one != sender and plain(one) not in self._own)

    async def _is_copy(self, conn: Connection, mail: Mail, among: Sequence[Candidate]) -> bool:
        """Whether we sent this mail, or have it with the same words: lists and scanners change what is around them."""
        if await outbox.by_platform_id(conn, self._settings.name, mail.message_id) is not None:
            return True
        if not among or not among[0].knows:
            return False
        letters = await cases.letters(conn, among[0].conversation)
        known = [each.text for each in letters if each.id == mail.message_id and _same_time(mail.date, each.at)]
        text = mail.text.strip()
        return bool(text) and any(text in each or each in text for each in known if each)


def _same_time(said: datetime | None, at: datetime) -> bool:
    """Whether a mail says to be as old as another. Some programs give all their mails one and the same Message-ID."""
    if said is None or abs(datetime.now(UTC) - said) > _PLAUSIBLE:
        return True
    return abs(said - at) <= _CLOCKS


async def known_as(conn: Connection, channel: str, ids: Sequence[str]) -> list[str]:
    """The ids as we know them: some servers put others in the place of ours."""
    known = []
    for id in ids:
        found = REWRITTEN.search(id)
        alias = await channel_state.get(conn, channel, ALIAS + found[0]) if found else None
        known.append(alias or id)
    return known


async def _candidate(conn: Connection, channel: str, sender: str, conversation: str) -> Candidate | None:
    """The case of a token, or the one into which it was merged."""
    return await cases.one(conn, channel, sender, await cases.merged(conn, conversation))


def head(raw: bytes) -> Headers:
    """The headers of a mail, without what is below them."""
    end = _HEAD.search(raw)
    return Reader().read(raw[: end.end()] if end else raw[: 2**20]).headers
