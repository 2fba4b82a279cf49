"""Sessions: a secret in the browser, its hash with us; and what the customer of a session may read and do."""

from __future__ import annotations

import hashlib
import secrets

from msgspec import Struct

from connectors.webchat.frames import Entry, Feedback, Rate, of_message, of_status
from hub.errors import InvalidRequest, NotFound
from hub.intake import Intake
from hub.store import conversations, messages, streams, surveys
from hub.store.db import Database
from hub.types import Language

PAGE = 200
"""Entries that are read at once."""


class Session(Struct, frozen=True):
    """A known session: its stream, and the name under which the channel knows its owner."""

    stream: int
    external_id: str


class Opened(Struct, frozen=True):
    """A new session. `session` is the secret, told this once."""

    session: str
    conversation: str


def external_id(secret: str) -> str:
    """The name of a session's owner on the channel: nothing from which the secret could be found."""
    return "web-" + hashlib.sha256(secret.encode()).hexdigest()[:40]


class Sessions:
    """The sessions of one web chat channel."""

    def __init__(self, channel: str, db: Database, intake: Intake) -> None:
        self._channel = channel
        self._db = db
        self._intake = intake

    async def open(self, language: Language, name: str | None, email: str | None) -> Opened:
        """A new session with its conversation. Name and address are what the visitor claims, no proof of anything."""
        secret = secrets.token_urlsafe(32)
        async with self._db.transaction() as conn:
            conversation = await self._intake.current(
                conn, self._channel, external_id(secret), language, name=name, email=email
            )
        return Opened(secret, conversation.id)

    async def find(self, secret: str) -> Session:
        """The session of a secret; raises `NotFound`."""
        name = external_id(secret)
        async with self._db.connection() as conn:
            stream = await streams.find(conn, self._channel, name)
        if stream is None:
            raise NotFound("this session is not known; open a new one")
        return Session(stream.id, name)

    async def state(self, session: Session) -> tuple[str, str]:
        """The session's current conversation and its status."""
        async with self._db.connection() as conn:
            row = await conn.fetchrow(
                "select c.id, c.status from identities i join conversations c on c.id = i.conversation where i.id = $1",
                session.stream,
            )
        return row["id"], row["status"]

    async def entries(self, session: Session, after: int) -> list[Entry]:
        """What follows entry `after` of the session's stream, in its order; at most `PAGE`."""
        async with self._db.connection() as conn:
            after = max(0, after)
            # Numbers appear in the order of commits: all up to the stream's own number can be read from here on.
            end = await streams.last_entry(conn, session.stream)
            if end <= after:
                return []
            end = min(end, after + PAGE)
            frames: list[Entry] = [
                of_message(message) for message in await messages.in_stream(conn, session.stream, after, end)
            ]
            changes = await streams.status_changes(conn, session.stream, after, end)
            for change in changes:
                last = change is changes[-1] and change.status == "waiting"
                position = await conversations.queue_position(conn, change.conversation) if last else None
                frames.append(of_status(change, position))
        return sorted(frames, key=lambda frame: frame.seq)

    async def rate(self, session: Session, rate: Rate) -> None:
        """Keeps the customer's rating of one of their conversations; the last one counts."""
        if not 1 <= rate.score <= 5:
            raise InvalidRequest("score: from 1 to 5")
        async with self._db.transaction() as conn:
            conversation = await conversations.get(conn, rate.conversation)
            if conversation.stream != session.stream:
                raise NotFound(f"there is no conversation {rate.conversation}")
            await surveys.rate(
                conn, conversation.id, rate.score, (rate.comment or "").replace("\x00", "")[:2000] or None
            )

    async def feedback(self, session: Session, feedback: Feedback) -> None:
        """Keeps whether one of our messages helped; the last word counts."""
        async with self._db.transaction() as conn:
            if not await surveys.feedback(conn, session.stream, feedback.message, feedback.helpful):
                raise NotFound(f"there is no message {feedback.message}")
