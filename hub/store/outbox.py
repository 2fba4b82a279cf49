"""The outbox in the database: the head of each conversation's line, and what became of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hub.store.db import Connection
from hub.store.messages import COLUMNS, FROM, from_row
from hub.types import Delivery, Message


class Head(Struct, frozen=True):
    """The first message of a conversation's line: to whom, how much of it the platform has, and why it may not go.

    `stale`: said by the bot under an owner epoch that is over. `unreachable`: why the customer cannot be written to.
    `replies_to` is the external id of the customer's last message.
    """

    message: Message
    turn: str | None
    channel: str
    recipient: str
    replies_to: str | None
    attempts: int
    parts_sent: int
    stale: bool
    unreachable: str | None


_HELD = """exists (select from messages h
    where h.conversation = m.conversation and h.hold_until is not null and h.hold_until > clock_timestamp())"""


async def lock_head(
    conn: Connection, conversation: str, *, behind: int = 0, patient: bool = False
) -> tuple[Head, bool, bool] | None:
    """Locks the head of a conversation's line, with: is it due, and was it left in `sending` too long ago.

    None where the line is empty or another sender looks at its head; `patient`: the other is waited for. Only the head:
    what must wait does not let the next one pass; `behind` is the key of a message that is already in the caller's
    hands. The conversation is locked with it, so that no claim comes between this look and the commit.
    """
    row = await conn.fetchrow(
        f"""
        select {COLUMNS}, m.turn, m.channel, i.external_id as recipient, i.unreachable, m.attempts, m.parts_sent,
            (select last.external_id from messages last where last.conversation = m.conversation
                and last.author = 'customer' order by last.key desc limit 1) as replies_to,
            m.author = 'bot' and m.owner_epoch <> c.owner_epoch as stale,
            m.delivery = 'queued' and m.due_at <= clock_timestamp() and not {_HELD} as due,
            m.delivery = 'sending' and m.due_at <= clock_timestamp() as lost
        from {FROM} join identities i on i.id = m.identity join conversations c on c.id = m.conversation
        where m.key = (
            select min(key) from messages
            where conversation = $1 and delivery in ('queued', 'sending') and key > $2)
        for share of c for update of m {"" if patient else "skip locked"}
        """,
        conversation,
        behind,
    )
    if row is None:
        return None
    head = Head(
        message=from_row(row),
        turn=row["turn"],
        channel=row["channel"],
        recipient=row["recipient"],
        replies_to=row["replies_to"],
        attempts=row["attempts"],
        parts_sent=row["parts_sent"],
        stale=row["stale"],
        unreachable=row["unreachable"],
    )
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


async def name(conn: Connection, key: int, platform_id: str) -> None:
    """Writes down under which id the platform will know a message, where that is known before it is sent."""
    await conn.execute("update messages set platform_id = $2 where key = $1", key, platform_id)


async def part_arrived(
    conn: Connection, key: int, number: int, *, last: bool, platform_id: str | None, counts: bool
) -> None:
    """The platform has the part `number`: the message is sent, or its next part is due at once.

    Without effect where that is known already. `counts`: it was one of those that the platform's window allows.
    """
    await conn.execute(
        """
        with marked as (
            update messages set parts_sent = parts_sent + 1, platform_id = coalesce($3, platform_id), error = null,
                attempts = case when $2 then attempts else 0 end, delivery = case when $2 then 'sent' else 'queued' end,
                due_at = clock_timestamp()
            where key = $1 and parts_sent = $5 returning conversation, identity
        ),
        used as (
            update identities i set window_left = greatest(i.window_left - 1, 0)
            from marked where i.id = marked.identity and $4 and i.window_left is not null returning marked.conversation
        ),
        told as (insert into events (kind, conversation, message) select 'person', conversation, null from used)
        insert into events (kind, conversation, message) select 'message', conversation, $1 from marked where $2
        """,
        key,
        last,
        platform_id,
        counts,
        number,
    )


async def queue_again(conn: Connection, key: int, seconds: float, error: str | None = None) -> None:
    """Puts a message back at the head of its line, due in `seconds`; the agents see why it waits."""
    await conn.execute(
        """
        with queued as (
            update messages set delivery = 'queued', error = $3,
                due_at = clock_timestamp() + make_interval(secs => $2) where key = $1 returning conversation
        )
        insert into events (kind, conversation, message)
        select 'message', conversation, $1 from queued where $3::text is not null
        """,
        key,
        seconds,
        error,
    )


async def defer(conn: Connection, key: int, error: str) -> None:
    """Puts a message back at the head of its line, until the customer writes again."""
    await conn.execute(
        """
        with queued as (
            update messages set delivery = 'queued', error = $2, attempts = attempts - 1, due_at = 'infinity'
            where key = $1 returning conversation
        )
        insert into events (kind, conversation, message) select 'message', conversation, $1 from queued
        """,
        key,
        error,
    )


async def by_platform_id(conn: Connection, channel: str, platform_id: str) -> tuple[int, Delivery] | None:
    """The message that the platform knows under this id, and how it stands; locked."""
    row = await conn.fetchrow(
        """select key, delivery from messages where channel = $1 and platform_id = $2
            order by key desc limit 1 for update""",
        channel,
        platform_id,
    )
    return (row["key"], row["delivery"]) if row else None


async def due(conn: Connection, limit: int) -> list[str]:
    """Conversations in whose lines something is to be done, at most so many of each channel, the oldest first.

    Not those whose head waits for its next attempt, however much is due behind it: while a platform is away they are
    many, and would hide what goes to others.
    """
    rows = await conn.fetch(
        f"""
        with m as (
            select channel, conversation, min(due_at) as since from messages
            where delivery in ('queued', 'sending') and due_at <= clock_timestamp() group by channel, conversation
        ),
        lines as (
            select conversation, row_number() over (partition by channel order by since) as place from m
            where not {_HELD} and exists (
                select from messages head join conversations c on c.id = head.conversation
                    join identities i on i.id = head.identity
                where head.key = (select min(key) from messages
                        where conversation = m.conversation and delivery in ('queued', 'sending'))
                    and (head.due_at <= clock_timestamp() or head.delivery = 'queued'
                        and (i.unreachable is not null or head.author = 'bot' and head.owner_epoch <> c.owner_epoch)))
        )
        select conversation from lines where place <= $1 order by place
        """,
        limit,
    )
    return [row["conversation"] for row in rows]


async def channel_of(conn: Connection, conversation: str) -> str | None:
    """The channel over which a conversation's messages go out."""
    channel: str | None = await conn.fetchval("select channel from conversations where id = $1", conversation)
    return channel


# Replies that are carried back in the platform's own request ------------------------------------------------------


async def hold(conn: Connection, inbound: int, seconds: float) -> datetime:
    """Lets nothing be sent in the conversation of a customer's message for so long.

    Answers until when, by which the hold is known: of several requests for one message the last one has it.
    """
    until: datetime = await conn.fetchval(
        """update messages set hold_until = greatest(
                clock_timestamp() + make_interval(secs => $2), hold_until + interval '1 microsecond')
            where key = $1 returning hold_until""",
        inbound,
        seconds,
    )
    return until


async def let_go(conn: Connection, inbound: int, held: datetime) -> None:
    """Ends that, unless a later request has it."""
    await conn.execute("update messages set hold_until = null where key = $1 and hold_until = $2", inbound, held)


async def carried_for(conn: Connection, inbound: int) -> list[tuple[Message, int]]:
    """What was, or is being, carried back in answer to a customer's message, and which part of each."""
    rows = await conn.fetch(
        f"""select {COLUMNS}, m.carried_part from {FROM}
            where m.conversation = (select conversation from messages where key = $1) and m.carried = $1
            order by m.key""",
        inbound,
    )
    return [(from_row(row), row["carried_part"]) for row in rows]


async def ended_turn(conn: Connection, inbound: int) -> str | None:
    """The turn of a customer's message, once it has come to its end."""
    turn: str | None = await conn.fetchval(
        "select t.id from messages m join turns t on t.id = m.turn where m.key = $1 and t.state <> 'open'", inbound
    )
    return turn


async def mark_carried(conn: Connection, key: int, number: int, inbound: int, seconds: float) -> None:
    """Commits that a part is about to be carried back in answer to `inbound`."""
    await conn.execute("update messages set carried = $2, carried_part = $3 where key = $1", key, inbound, number)
    await mark_sending(conn, key, seconds)


async def not_carried(conn: Connection, key: int, number: int, inbound: int, held: datetime) -> None:
    """It was not, after all: it is due at once, the usual way, unless a later request is about to carry it."""
    await conn.execute(
        """update messages set carried = null, delivery = 'queued', attempts = attempts - 1, due_at = clock_timestamp()
            where key = $1 and parts_sent = $2 and carried = $3 and delivery = 'sending'
                and exists (select from messages asked where asked.key = $3 and asked.hold_until = $4)""",
        key,
        number,
        inbound,
        held,
    )
