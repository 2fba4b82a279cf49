"""The way in: a delivery becomes a stored message, once, before anybody is told that it arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from hub import language, metrics
from hub.bus import Bus
from hub.errors import InvalidRequest
from hub.steps import Steps
from hub.store import attachments, conversations, messages, streams
from hub.store.db import Connection, Database
from hub.types import Conversation, InboundMessage, Language, Receipt

MAX_TEXT = 20_000
"""Characters; what is longer is no question, and a platform's own limit is far below."""


class _Duplicate(Exception):
    """Two processes stored the same delivery at the same moment; ours is rolled back."""


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
                receipt = await self._store(conn, message)
        except _Duplicate:
            async with self._db.transaction() as conn:
                receipt = await self._store(conn, message)
        if receipt.duplicate:
            metrics.REPEATED.labels(message.channel).inc()
        else:
            metrics.RECEIVED.labels(message.channel).inc()
            self._bus.signal("stream", str(receipt.stream))
            self._bus.signal("turns", receipt.conversation)
            self._bus.signal("feed")
        return receipt

    async def _store(self, conn: Connection, message: InboundMessage) -> Receipt:
        stream = await streams.lock_or_create(conn, message.channel, message.sender, message.name)
        known = await messages.find_inbound(conn, message)
        if known is not None:
            found_stream, conversation_id, stored = known
            return Receipt(found_stream, conversation_id, stored.key, stored.id, stored.seq, duplicate=True)
        conversation = await self.current(conn, stream, message.language or language.detect(message.text))
        files = await attachments.of(conn, stream.id, message.attachments)
        added = await messages.add_inbound(conn, stream.id, conversation.id, message, files)
        if added is None:
            raise _Duplicate
        return Receipt(stream.id, conversation.id, added.key, added.id, added.seq, duplicate=False)

    async def current(self, conn: Connection, stream: streams.Stream, spoken: Language | None) -> Conversation:
        """The conversation in which the locked stream goes on: the open one, the closed one reopened, or a new one."""
        conversation = await conversations.lock_only(conn, stream.conversation) if stream.conversation else None
        now = datetime.now(UTC)
        if conversation is None or (
            conversation.status == "closed" and now - conversation.updated_at > self._reopen_within
        ):
            started = await streams.start_conversation(conn, stream, spoken or "en")
            return await conversations.get(conn, started)
        if conversation.status == "closed":
            conversation = await self._steps.reopen(conn, conversation)
        if spoken is not None and spoken != conversation.language:
            await conversations.set_language(conn, conversation.id, spoken)
            conversation = msgspec.structs.replace(conversation, language=spoken)
        return conversation


def _checked(message: InboundMessage) -> InboundMessage:
    # PostgreSQL cannot hold a NUL in a text, nor half of a surrogate pair; nobody's words are lost with them.
    text = message.text.replace("\x00", "").encode("utf-8", "replace").decode()
    if len(text) > MAX_TEXT:
        raise InvalidRequest(f"text: at most {MAX_TEXT} characters, this has {len(text)}")
    if not message.external_id or not message.sender:
        raise InvalidRequest("id and sender: must not be empty")
    return msgspec.structs.replace(message, text=text) if text != message.text else message
