"""Messages that agents moved from one conversation to another, and what they were, so that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec
from msgspec import Struct

from hub.errors import NotFound
from hub.store.db import Connection
from hub.types import Conversation


class Place(Struct, frozen=True):
    """Where a message stood: its key, its customer's stream and its number in that."""

    key: int
    stream: int
    seq: int | None


class Moved(Struct, frozen=True, omit_defaults=True):
    """What was changed: messages that left, people who came into the one and out of the other conversation.

    `back`: the second had been merged into the first before.
    """

    messages: tuple[Place, ...] = ()
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    back: bool = False


class Change(Struct, frozen=True, kw_only=True):
    """One move. `from_case` and `to_case` are conversations, `agent` is a name."""

    id: int
    kind: Literal["merge", "split"]
    from_case: str
    to_case: str
    messages: int
    agent: str
    created_at: datetime
    undone_at: datetime | None


async def decline(conn: Connection, conversation: str, other: str) -> None:
    """Notes at a conversation's letters that they do not belong to another one, as they might have."""
    await conn.execute(
        """
        with declined as (
            update messages set extra = jsonb_set(extra, '{case,declined}',
                    coalesce(extra->'case'->'declined', '[]') || to_jsonb($2::text))
                where conversation = $1 and extra->'case'->'maybe' ? $2
                    and not coalesce(extra->'case'->'declined', '[]') ? $2
                returning key, conversation
        )
        insert into events (kind, conversation, message) select 'message', conversation, key from declined
        """,
        conversation,
        other,
    )


async def bind(conn: Connection, conversations: Sequence[str]) -> None:
    """Lets what waits to be sent go back to the letters that it answers, wherever these are moved.

    Else it would go to whoever wrote last in the conversation in which it then stands.
    """
    await conn.execute(
        """update messages m set extra = coalesce(m.extra, '{}') || jsonb_build_object('answered', (
                select max(l.key) from messages l where l.conversation = m.conversation and l.author = 'customer'
                    and l.key < m.key and l.extra->'letter' is not null
                    and coalesce(l.extra->'letter'->'automatic', 'false') = 'false'))
            where m.conversation = any($1::text[]) and m.delivery = 'queued' and m.author <> 'customer'
                and m.extra->'answered' is null""",
        list(conversations),
    )


async def count_on(conn: Connection, places: Sequence[Place], before: Conversation, after: Conversation) -> None:
    """What the bot had said, and what still waits to be sent, counts in `after` as it did in `before`.

    Their epochs have nothing to do with one another. Where a human has the conversation, it counts no longer.
    """
    await conn.execute(
        """update messages set owner_epoch = case when owner_epoch = $2 and $3 then $4 else -1 end
            where key = any($1::bigint[]) and delivery = 'queued' and author = 'bot'""",
        [place.key for place in places],
        before.owner_epoch,
        after.status in ("bot", "waiting"),
        after.owner_epoch,
    )


async def move(conn: Connection, keys: Sequence[int], to: Conversation) -> tuple[Place, ...]:
    """Moves messages into another locked conversation; in another customer's stream they get new numbers at its end.

    Their turns go with them. Both streams are locked.
    """
    before = await conn.fetch(
        "select key, identity, seq from messages where key = any($1::bigint[]) order by key", keys
    )
    await conn.execute(
        """
        with wanted as (
            select m.key, m.turn, m.identity <> $3 and m.seq is not null as renumbered,
                count(*) filter (where m.identity <> $3 and m.seq is not null) over (order by m.key) as place
            from messages m where m.key = any($1::bigint[])
        ),
        numbered as (
            update identities set seq = seq + (select count(*) from wanted where renumbered)
            where id = $3 returning seq - (select count(*) from wanted where renumbered) as base
        ),
        turned as (
            update turns set conversation = $2 where id in (select turn from wanted) and state <> 'open'
        )
        update messages m set conversation = $2, identity = $3,
            seq = case when wanted.renumbered then numbered.base + wanted.place else m.seq end
        from wanted, numbered where m.key = wanted.key
        """,
        list(keys),
        to.id,
        to.stream,
    )
    return tuple(Place(row["key"], row["identity"], row["seq"]) for row in before)


async def move_back(conn: Connection, places: Sequence[Place], conversation: str) -> None:
    """Puts messages where they were."""
    await conn.execute(
        """
        with was as (
            select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as was (key, stream, seq)
        ),
        turned as (
            update turns set conversation = $4 where state <> 'open'
                and id in (select m.turn from messages m join was on was.key = m.key)
        )
        update messages m set conversation = $4, identity = was.stream, seq = was.seq from was where m.key = was.key
        """,
        [place.key for place in places],
        [place.stream for place in places],
        [place.seq for place in places],
        conversation,
    )


async def write(
    conn: Connection, kind: Literal["merge", "split"], before: str, after: str, moved: Moved, agent: str
) -> int:
    """Writes down a move; answers its number."""
    number: int = await conn.fetchval(
        """insert into case_changes (kind, from_case, to_case, moved, agent)
            values ($1, $2, $3, $4, $5) returning id""",
        kind,
        before,
        after,
        msgspec.json.encode(moved).decode(),
        agent,
    )
    return number


async def tell(conn: Connection, conversations: Sequence[str]) -> None:
    """Lets the agents see that other messages stand in these conversations now."""
    await conn.execute("insert into events (kind, conversation) select 'case', unnest($1::text[])", list(conversations))


_CHANGE = """select c.id, c.kind, c.from_case, c.to_case, jsonb_array_length(c.moved->'messages') as messages,
    u.name as agent, c.created_at, c.undone_at, c.moved from case_changes c join users u on u.id = c.agent"""


def _change(row: asyncpg.Record) -> Change:
    return Change(
        id=row["id"],
        kind=row["kind"],
        from_case=row["from_case"],
        to_case=row["to_case"],
        messages=row["messages"],
        agent=row["agent"],
        created_at=row["created_at"],
        undone_at=row["undone_at"],
    )


async def of(conn: Connection, conversation: str) -> list[Change]:
    """The moves into and out of a conversation, the latest first."""
    rows = await conn.fetch(f"{_CHANGE} where c.from_case = $1 or c.to_case = $1 order by c.id desc", conversation)
    return [_change(row) for row in rows]


async def one(conn: Connection, number: int) -> tuple[Change, Moved]:
    """A move and what it changed; raises `NotFound`."""
    row = await conn.fetchrow(f"{_CHANGE} where c.id = $1", number)
    if row is None:
        raise NotFound(f"there is no change {number}")
    return _change(row), msgspec.json.decode(row["moved"], type=Moved)


async def undo(conn: Connection, number: int) -> bool:
    """Marks a move as undone; False where it was before."""
    done = await conn.execute(
        "update case_changes set undone_at = clock_timestamp() where id = $1 and undone_at is null", number
    )
    return done.endswith(" 1")


async def merge_into(conn: Connection, conversation: str, into: str | None) -> None:
    """Sends what is written to a conversation from now on into another one, or no longer."""
    await conn.execute("update conversations set merged_into = $2 where id = $1", conversation, into)


async def messages_in(conn: Connection, conversation: str) -> list[int]:
    """The keys of all messages and notes of a conversation."""
    rows = await conn.fetch("select key from messages where conversation = $1 order by key", conversation)
    return [row["key"] for row in rows]


async def still_in(conn: Connection, places: Sequence[Place], conversation: str) -> bool:
    """Whether all of these messages stand in a conversation."""
    count: int = await conn.fetchval(
        "select count(*) from messages where conversation = $2 and key = any($1::bigint[])",
        [place.key for place in places],
        conversation,
    )
    return count == len(places)


async def busy(conn: Connection, conversation: str) -> bool:
    """Whether somebody works on a message of a conversation just now: the bot on a turn, the outbox on a delivery.

    What only waits to be sent may be moved; while a server is away that can take hours.
    """
    return bool(
        await conn.fetchval(
            """select exists (select from conversations where id = $1 and turn is not null)
                or exists (select from messages where conversation = $1 and delivery = 'sending')""",
            conversation,
        )
    )
