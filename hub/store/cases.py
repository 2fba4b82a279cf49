"""Which conversation a letter belongs to: what is known for the decision, and who takes part in which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
from msgspec import Struct

from hub.store.db import Connection
from hub.types import Letter, Status


class Candidate(Struct, frozen=True):
    """A conversation that a letter may belong to. `knows`: its sender takes part in it already.

    `subject` is the latest one that a person wrote, `subjects` are all lately, it included. `people` take part in it;
    `wrote`: its sender is not only named in it by others.
    """

    conversation: str
    status: Status
    knows: bool
    subject: str
    last_text: str
    updated_at: datetime
    subjects: tuple[str, ...] = ()
    people: frozenset[str] = frozenset()
    wrote: bool = False


_CANDIDATE = """
    select c.id, c.status, c.updated_at,
        exists (select from participants p where p.conversation = c.id and p.address = $2) as knows,
        array(select coalesce(m.extra->'letter'->>'subject', '') from messages m where m.conversation = c.id
            and m.extra->'letter' is not null and m.extra->'letter'->'automatic' is null
            order by m.key desc limit 20) as subjects,
        coalesce((select m.text from messages m where m.conversation = c.id and m.author = 'customer'
            and m.extra->'letter'->'automatic' is null order by m.key desc limit 1), '') as last_text,
        array(select p.address from participants p where p.conversation = c.id) as people,
        exists (select from messages m where m.conversation = c.id and m.author = 'customer'
            and m.extra->'letter'->>'sender' = $2) as wrote
    from conversations c"""


def _candidate(row: asyncpg.Record) -> Candidate:
    return Candidate(
        row["id"],
        row["status"],
        row["knows"],
        row["subjects"][0] if row["subjects"] else "",
        row["last_text"],
        row["updated_at"],
        tuple(dict.fromkeys(row["subjects"])),
        frozenset(row["people"]),
        row["wrote"],
    )


async def of_messages(conn: Connection, channel: str, address: str, ids: Sequence[str]) -> list[Candidate]:
    """The conversations of messages, ours or received, that the platform knows under these ids; in the ids' order."""
    rows = await conn.fetch(
        f"""
        with named as (
            select conversation, min(place) as place
            from unnest($3::text[]) with ordinality as wanted (id, place)
            join messages m on m.channel = $1 and (m.scope = wanted.id or m.platform_id = wanted.id)
            group by conversation
        )
        {_CANDIDATE} join named on named.conversation = c.id order by named.place
        """,
        channel,
        address,
        list(ids),
    )
    return [_candidate(row) for row in rows]


async def one(conn: Connection, channel: str, address: str, conversation: str) -> Candidate | None:
    """A conversation of the channel by its id."""
    row = await conn.fetchrow(f"{_CANDIDATE} where c.channel = $1 and c.id = $3", channel, address, conversation)
    return _candidate(row) if row else None


async def of_participant(conn: Connection, channel: str, address: str, limit: int = 20) -> list[Candidate]:
    """The conversations in which somebody takes part, what moved last first."""
    rows = await conn.fetch(
        f"""{_CANDIDATE} join participants mine on mine.conversation = c.id and mine.address = $2
            where c.channel = $1 order by c.updated_at desc limit $3""",
        channel,
        address,
        limit,
    )
    return [_candidate(row) for row in rows]


class Received(Struct, frozen=True):
    """A letter of a conversation: under which id the platform knows it, what stands on its outside, and its words."""

    id: str
    letter: Letter
    text: str
    at: datetime
    key: int


async def letters(conn: Connection, conversation: str, limit: int = 50, *, before: int | None = None) -> list[Received]:
    """The customers' letters in a conversation, the latest first; `before`: those in front of a message's key."""
    rows = await conn.fetch(
        """select scope, extra->'letter' as letter, text, coalesce(sent_at, created_at) as at, key from messages
            where conversation = $1 and author = 'customer' and extra->'letter' is not null
                and ($3::bigint is null or key < $3)
            order by key desc limit $2""",
        conversation,
        limit,
        before,
    )
    return [
        Received(row["scope"], msgspec.json.decode(row["letter"], type=Letter), row["text"], row["at"], row["key"])
        for row in rows
    ]


async def answered_by(conn: Connection, key: int) -> int | None:
    """The key of the letter that a message of ours was bound to; None where that is the last one before it."""
    found: int | None = await conn.fetchval("select (extra->>'answered')::bigint from messages where key = $1", key)
    return found


async def take_part(conn: Connection, conversation: str, addresses: Sequence[str]) -> None:
    """Notes who takes part from now on."""
    await conn.execute(
        """insert into participants (conversation, address) select $1, unnest($2::text[])
            on conflict do nothing""",
        conversation,
        sorted(set(addresses)),
    )


async def participants(conn: Connection, conversation: str) -> list[str]:
    """Who takes part in a conversation."""
    rows = await conn.fetch("select address from participants where conversation = $1 order by address", conversation)
    return [row["address"] for row in rows]


async def leave(conn: Connection, conversation: str, addresses: Sequence[str]) -> None:
    """Notes who takes part no longer."""
    await conn.execute(
        "delete from participants where conversation = $1 and address = any($2::text[])", conversation, list(addresses)
    )


async def named(conn: Connection, conversation: str) -> set[str]:
    """Who stands on the outside of any letter of a conversation."""
    rows = await conn.fetch(
        """select distinct address from messages m, jsonb_array_elements_text(
                jsonb_build_array(m.extra->'letter'->'sender') || coalesce(m.extra->'letter'->'reply_to', '[]')
                || coalesce(m.extra->'letter'->'to', '[]') || coalesce(m.extra->'letter'->'cc', '[]')) as address
            where m.conversation = $1 and m.extra->'letter' is not null""",
        conversation,
    )
    return {row["address"] for row in rows}


async def merged(conn: Connection, conversation: str) -> str:
    """The conversation that goes on in place of one that was merged; itself where it was not."""
    found: str | None = await conn.fetchval(
        """
        with recursive chain as (
            select id, merged_into, 1 as step from conversations where id = $1
            union all
            select c.id, c.merged_into, step + 1 from chain join conversations c on c.id = chain.merged_into
            where step < 20
        )
        select id from chain order by step desc limit 1
        """,
        conversation,
    )
    return found or conversation


async def spoken_lately(conn: Connection, conversation: str, seconds: float) -> int:
    """How much the bot and the house have said in a conversation within that time."""
    said: int = await conn.fetchval(
        """select count(*) from messages where conversation = $1 and kind = 'message' and author in ('bot', 'system')
            and delivery not in ('dropped', 'failed') and created_at > clock_timestamp() - make_interval(secs => $2)""",
        conversation,
        seconds,
    )
    return said


async def spoken_to_lately(conn: Connection, channel: str, address: str, seconds: float) -> int:
    """How much the bot and the house have said within that time in all conversations in which somebody takes part."""
    said: int = await conn.fetchval(
        """select count(*) from participants p join messages m on m.conversation = p.conversation
            where p.address = $2 and m.channel = $1 and m.kind = 'message' and m.author in ('bot', 'system')
            and m.delivery not in ('dropped', 'failed')
            and m.created_at > clock_timestamp() - make_interval(secs => $3)""",
        channel,
        address,
        seconds,
    )
    return said


async def told_lately(conn: Connection, key: int, address: str, payloads: Sequence[str], seconds: float) -> bool:
    """Whether somebody was sent, in any of their conversations, another message of ours with such a button in it.

    `key` is the message that is about to be sent.
    """
    return bool(
        await conn.fetchval(
            """
            select exists (select from messages m join participants p on p.conversation = m.conversation
                where p.address = $2 and m.key <> $1 and m.author in ('bot', 'system')
                    and m.channel = (select channel from messages where key = $1)
                    and (m.delivery in ('sent', 'delivered', 'unknown') or (m.delivery = 'sending' and m.key < $1))
                    and m.created_at > clock_timestamp() - make_interval(secs => $4)
                    and exists (select from jsonb_array_elements(m.extra->'buttons') button
                        where button->>'payload' = any($3::text[])))
            """,
            key,
            address,
            list(payloads),
            seconds,
        )
    )
