"""The outbox in the database: the head of each conversation's line, and what became of it."""

from __future__ import annotations

from msgspec import Struct

from hub.store.db import Connection
from hub.store.messages import COLUMNS, FROM, from_row
from hub.types import Delivery, Message


class Head(Struct, frozen=True):
    """The first message of a conversation's line. `stale`: said by the bot under an owner epoch that is over."""

    message: Message
    channel: str
    recipient: str
    attempts: int
    stale: bool


async def lock_head(conn: Connection, conversation: str) -> tuple[Head, bool, bool] | None:
    """Locks the head of a conversation's line, with: is it due, and was it left in `sending` too long ago.

    None where the line is empty or another sender has its head. Only the head: what must wait does not let the
    next one pass. The conversation is locked with it, so that no claim comes between this look and the commit.
    """
    row = await conn.fetchrow(
        f"""
        select {COLUMNS}, m.channel, i.external_id as recipient, m.attempts,
            m.author = 'bot' and m.owner_epoch <> c.owner_epoch as stale,
            m.delivery = 'queued' and m.due_at <= clock_timestamp() as due,
            m.delivery = 'sending' and m.due_at <= clock_timestamp() as lost
        from {FROM} join identities i on i.id = m.identity join conversations c on c.id = m.conversation
        where m.key = (select min(key) from messages where conversation = $1 and delivery in ('queued', 'sending'))
        for share of c for update of m skip locked
        """,
        conversation,
    )
    if row is None:
        return None
    head = Head(from_row(row), row["channel"], row["recipient"], row["attempts"], row["stale"])
    return head, row["due"], row["lost"]


async def mark_sending(conn: Connection, key: int, seconds: float) -> None:
    """Commits that a call is about to be made; found so after `seconds`, nobody knows whether it arrived."""
    await conn.execute(
        """update messages set delivery = 'sending', attempts = attempts + 1,
            due_at = clock_timestamp() + make_interval(secs => $2) where key = $1""",
        key,
        seconds,
    )


async def mark(
    conn: Connection, key: int, delivery: Delivery, platform_id: str | None = None, error: str | None = None
) -> None:
    """Writes down how a message stands, and tells the agents."""
    await conn.execute(
        """
        with marked as (
            update messages set delivery = $2, platform_id = coalesce($3, platform_id), error = $4 where key = $1
            returning conversation
        )
        insert into events (kind, conversation, message) select 'message', conversation, $1 from marked
        """,
        key,
        delivery,
        platform_id,
        error,
    )


async def queue_again(conn: Connection, key: int, seconds: float, error: str | None = None) -> None:
    """Puts a message back at the head of its line, due in `seconds`."""
    await conn.execute(
        """update messages set delivery = 'queued', error = $3,
            due_at = clock_timestamp() + make_interval(secs => $2) where key = $1""",
        key,
        seconds,
        error,
    )


async def due(conn: Connection, limit: int) -> list[str]:
    """Conversations in whose lines something is due."""
    rows = await conn.fetch(
        """select distinct conversation from messages
            where delivery in ('queued', 'sending') and due_at <= clock_timestamp() limit $1""",
        limit,
    )
    return [row["conversation"] for row in rows]
