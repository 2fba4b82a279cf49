"""The way in: a delivery becomes a stored message, once, before anybody is told that it arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from hub import language, metrics
from hub.bus import Bus
from hub.errors import InvalidRequest
from hub.steps import Steps
from hub.store import attachments, cases, conversations, messages, streams, turns
from hub.store.db import Connection, Database, storable
from hub.types import Attachment, Case, Conversation, InboundMessage, Language, Receipt, RemoteFile

MAX_TEXT = 20_000
"""Characters; what is longer is no question, and a platform's own limit is far below."""


MAX_KEY = 500
"""Characters of an id, a sender, a payload; more would not fit into an index."""

LETTERS = 10
"""How many times as long the end of a conversation is waited for where people write letters, and answer after weeks."""

MAX_SIZE = 2**31 - 1
"""The most bytes that are shown for a file. Telegram's can be larger; none of those is fetched."""


class _StoredBefore(Exception):
    """The platform delivered something again."""


class Intake:
    """Receives messages from all connectors. `reopen_within`: how long after its end a conversation goes on."""

    def __init__(self, db: Database, bus: Bus, steps: Steps, reopen_within: timedelta = timedelta(hours=72)) -> None:
        self._db = db
        self._bus = bus
        self._steps = steps
        self._reopen_within = reopen_within

    async def receive(self, message: InboundMessage) -> Receipt:
        """Stores one message and answers after the commit; raises `InvalidRequest` for what cannot be stored.

        A delivery that was stored before changes nothing and gets the receipt that it got then.
        """
        message = _checked(message)
        try:
            async with self._db.transaction() as conn:
                receipt, files = await self._store(conn, message)
        except _StoredBefore:
            metrics.REPEATED.labels(message.channel).inc()
            async with self._db.connection() as conn:
                return await messages.receipt_of(conn, message)
        except asyncpg.UniqueViolationError as error:
            raise InvalidRequest(f"id: {message.id} is the id of another message; use one of your own") from error
        except asyncpg.DataError as error:  # however often it is delivered
            raise InvalidRequest("something in it cannot be stored: a number or a time out of range") from error
        metrics.RECEIVED.labels(message.channel).inc()
        self._bus.signal("stream", str(receipt.stream))
        self._bus.signal("turns", receipt.conversation)
        self._bus.signal("feed")
        for file in files:
            self._bus.signal("files", file.id)
        return receipt

    async def remark(self, channel: str, sender: str, id: str, text: str, conversation: str | None = None) -> None:
        """Writes for the agents what a platform says about a message of somebody (an edit): no turn, no answer.

        The same `id` is the same remark. Nothing is written about somebody who never wrote. `conversation`: where it
        is not about the sender's current one.
        """
        async with self._db.transaction() as conn:
            now = (
                await conversations.lock_current(conn, channel, sender)
                if conversation is None
                else await conversations.lock(conn, await cases.merged(conn, conversation))
            )
            if now is not None:
                await messages.add_note(conn, now.stream, now.id, channel, None, storable(text)[:MAX_TEXT], id)
        self._bus.signal("feed")

    async def _store(self, conn: Connection, message: InboundMessage) -> tuple[Receipt, tuple[Attachment, ...]]:
        spoken = message.language or language.detect(message.text)
        if message.case is None:
            conversation = await self.current(
                conn,
                message.channel,
                message.sender,
                spoken,
                name=message.name,
                person=message.person,
                reopens=not message.attended,
            )
        else:
            conversation, message = await self._case(conn, message, message.case, spoken)
        if message.participants:
            await cases.take_part(conn, conversation.id, message.participants)
        files = await attachments.of(conn, conversation.stream, message.attachments)
        awaited = await attachments.expect(conn, conversation.stream, message.files)
        added = await messages.add_inbound(conn, conversation, message, (*files, *awaited))
        if added is None:
            raise _StoredBefore  # rolls all of it back: the number taken, a conversation reopened
        if awaited:
            await attachments.belong_to(conn, added.key, awaited)
        if message.attended:
            await turns.ended_at_once(conn, conversation, added.key)
        return Receipt(conversation.stream, conversation.id, added.key, added.id, added.seq, duplicate=False), awaited

    async def current(
        self,
        conn: Connection,
        channel: str,
        sender: str,
        spoken: Language | None,
        *,
        name: str | None = None,
        email: str | None = None,
        person: str | None = None,
        reopens: bool = True,
    ) -> Conversation:
        """The conversation in which somebody goes on, locked: the open one, the closed one, or a new one.

        `reopens`: the closed one is open again from here on.
        """
        conversation = await conversations.lock_current(conn, channel, sender)
        if conversation is None or self._is_over(conversation):
            stream = await streams.lock_or_create(conn, channel, sender, name, email, person)
            conversation = await conversations.lock_current(conn, channel, sender)  # another one may have been faster
            if conversation is None or self._is_over(conversation):
                started = await streams.start_conversation(conn, stream, spoken or "en")
                return await conversations.get(conn, started)
        if spoken is not None:
            conversation = msgspec.structs.replace(conversation, language=spoken)
        reopened = reopens and conversation.status == "closed"
        return await self._steps.reopen(conn, conversation) if reopened else conversation

    async def _case(
        self, conn: Connection, message: InboundMessage, case: Case, spoken: Language | None
    ) -> tuple[Conversation, InboundMessage]:
        """The conversation into which the message goes, locked; and the message with what was decided in the end."""
        if case.conversation is not None:
            conversation = await conversations.lock(conn, await cases.merged(conn, case.conversation))
            if not self._is_over(conversation, LETTERS):
                if spoken is not None:
                    conversation = msgspec.structs.replace(conversation, language=spoken)
                if conversation.status == "closed" and not (message.letter and message.letter.automatic):
                    conversation = await self._steps.reopen(conn, conversation)
                return conversation, message
            late = Case(rule="late", reason=f"{case.reason}; that ended too long ago", maybe=(conversation.id,))
            message = msgspec.structs.replace(message, case=late)
        stream = await streams.lock_or_create(
            conn, message.channel, message.sender, message.name, _address(message), message.person
        )
        started = await streams.start_conversation(conn, stream, spoken or "en")
        return await conversations.get(conn, started), message

    def _is_over(self, conversation: Conversation, times: int = 1) -> bool:
        silent = datetime.now(UTC) - conversation.updated_at
        return conversation.status == "closed" and silent > self._reopen_within * times


def _address(message: InboundMessage) -> str | None:
    return message.letter.sender if message.letter is not None else None


def _checked(message: InboundMessage) -> InboundMessage:
    text = storable(message.text)
    if len(text) > MAX_TEXT:
        raise InvalidRequest(f"text: at most {MAX_TEXT} characters, this has {len(text)}")
    for name, value in (("id", message.external_id), ("sender", message.sender), ("person", message.person or "-")):
        if not 0 < len(value) <= MAX_KEY or "\x00" in value:
            raise InvalidRequest(f"{name}: from 1 to {MAX_KEY} characters")
    payload = storable(message.payload[:MAX_KEY]) if message.payload else None
    whose = storable(message.name) if message.name else None
    files = tuple(_file(file) for file in message.files)
    return msgspec.structs.replace(message, text=text, payload=payload, name=whose, files=files)


def _file(file: RemoteFile) -> RemoteFile:
    """What a platform says about a file, as far as it can be stored: nothing of it may keep the message out."""
    return RemoteFile(storable(file.handle), storable(file.name), storable(file.type), min(file.size, MAX_SIZE))
