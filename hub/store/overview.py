"""Conversations as agents see them: everything that a list or a page shows, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg
import msgspec
from msgspec import Struct

from hub.errors import NotFound
from hub.store.db import Connection
from hub.store.messages import COLUMNS, CORRECTION
from hub.store.messages import FROM as MESSAGES
from hub.store.messages import from_row as message_from_row
from hub.types import ChannelIdentity, Customer, HandoffContext, Language, Line, Message, Reason, Status

PREVIEW = 280
"""Characters of the last message that a list shows."""


class Overview(Struct, frozen=True, kw_only=True):
    """A conversation with its people and its last word.

    `unread`: the customer's messages since anybody answered; while they wait, since an agent did. `queue_position`: how
    many wait up to and including it. `window_until` and `window_left`: until when, and how often, the platform lets us
    write; `unreachable`: why it does not; `erase_asked_at`: since when it wants their data gone; `profile`: what else
    it says about them. `subject`: of the latest letter.
    """

    id: str
    status: Status
    channel: str
    owner: str | None
    owner_name: str | None
    customer: Customer
    language: Language
    reason: Reason | None
    team: str | None
    priority: int
    waiting_since: datetime | None
    created_at: datetime
    updated_at: datetime
    last: Line | None
    subject: str | None
    unread: int
    queue_position: int | None
    window_until: datetime | None
    window_left: int | None
    unreachable: str | None
    erase_asked_at: datetime | None
    profile: Mapping[str, str]
    context: HandoffContext | None


class Filter(Struct, frozen=True, kw_only=True):
    """Which conversations are wanted; None: any.

    `words` stand in a message, on the outside of a letter, or in the customer's name or address.
    """

    statuses: Sequence[Status] | None = None
    channel: str | None = None
    owner: str | None = None
    words: str | None = None


MESSAGE = f"{COLUMNS}, {CORRECTION}"

_COLUMNS = """
    c.id, c.status, c.channel, c.owner, u.name as owner_name, c.customer, p.name, p.email, c.language, c.reason, c.team,
    c.priority, c.waiting_since, c.created_at, c.updated_at, last.author, last.text, last.created_at as said_at,
    case when exists (select from participants t where t.conversation = c.id) then
        (select m.extra->'letter'->>'subject' from messages m where m.conversation = c.id and m.author = 'customer'
            and m.extra->'letter' is not null
            order by m.extra->'letter'->'automatic' is null desc, m.key desc limit 1) end as subject,
    (select jsonb_agg(jsonb_build_array(i.channel, i.external_id) order by i.id) from identities i
        where i.customer = c.customer) as identities,
    (select count(*) from messages m where m.conversation = c.id and m.author = 'customer' and m.key > coalesce(
        (select max(a.key) from messages a where a.conversation = c.id and a.kind = 'message'
            and (a.author = 'agent' or a.author = 'bot'
                and (c.waiting_since is null or a.created_at < c.waiting_since))), 0)) as unread,
    queue.position as queue_position,
    who.window_until, who.window_left, who.unreachable, who.erase_asked_at, who.profile"""
_FROM = f"""
    conversations c join customers p on p.id = c.customer join identities who on who.id = c.identity
    left join users u on u.id = c.owner
    left join lateral (select m.author, left(m.text, {PREVIEW}) as text, m.created_at from messages m
        where m.conversation = c.id and m.kind = 'message' order by m.key desc limit 1) last on true
    left join (select id, row_number() over (order by priority desc, waiting_since, id) as position from conversations
        where status = 'waiting') queue on queue.id = c.id"""

_identities = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_profile = msgspec.json.Decoder(dict[str, str])


def _from_row(row: asyncpg.Record, context: str | None = None) -> Overview:
    identities = tuple(ChannelIdentity(*pair) for pair in _identities.decode(row["identities"]))
    return Overview(
        id=row["id"],
        status=row["status"],
        channel=row["channel"],
        owner=row["owner"],
        owner_name=row["owner_name"],
        customer=Customer(row["customer"], row["name"], row["email"], identities),
        language=row["language"],
        reason=row["reason"],
        team=row["team"],
        priority=row["priority"],
        waiting_since=row["waiting_since"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        last=Line(row["author"], row["text"], row["said_at"]) if row["author"] else None,
        subject=row["subject"],
        unread=row["unread"],
        queue_position=row["queue_position"],
        window_until=row["window_until"],
        window_left=row["window_left"],
        unreachable=row["unreachable"],
        erase_asked_at=row["erase_asked_at"],
        profile=_profile.decode(row["profile"]),
        context=msgspec.json.decode(context, type=HandoffContext) if context else None,
    )


def _pattern(words: str) -> str:
    return "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


async def page(conn: Connection, wanted: Filter, after: tuple[datetime, str] | None, limit: int) -> list[Overview]:
    """What moved last first, behind the place `after`; without those in which nothing was said and nobody is wanted."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from {_FROM}
        where (last.author is not null or c.status in ('waiting', 'human'))
            and ($1::text[] is null or c.status = any($1))
            and ($2::text is null or c.channel = $2)
            and ($3::text is null or c.owner = $3)
            and ($4::text is null or p.name ilike $4 or p.email ilike $4 or c.id = $8
                or exists (select from messages m where m.conversation = c.id and (m.text ilike $4
                    or m.extra->'letter'->>'subject' ilike $4 or m.extra->'letter'->>'sender' ilike $4)))
            and ($5::timestamptz is null or c.updated_at < $5 or (c.updated_at = $5 and c.id > $6))
        order by c.updated_at desc, c.id limit $7
        """,
        list(wanted.statuses) if wanted.statuses is not None else None,
        wanted.channel,
        wanted.owner,
        _pattern(wanted.words) if wanted.words else None,
        after[0] if after else None,
        after[1] if after else None,
        limit,
        wanted.words,
    )
    return [_from_row(row) for row in rows]


async def one(conn: Connection, conversation: str) -> Overview:
    """A conversation with the context that was kept for the agent; raises `NotFound`."""
    row = await conn.fetchrow(f"select {_COLUMNS}, c.context from {_FROM} where c.id = $1", conversation)
    if row is None:
        raise NotFound(f"there is no conversation {conversation}")
    return _from_row(row, row["context"])


async def many(conn: Connection, ids: Sequence[str]) -> dict[str, Overview]:
    """Conversations by their ids."""
    rows = await conn.fetch(f"select {_COLUMNS} from {_FROM} where c.id = any($1::text[])", list(ids))
    return {row["id"]: _from_row(row) for row in rows}


class Moved(Struct, frozen=True):
    """What a conversation was from one entry of its customer's stream on."""

    status: Status
    owner: str | None
    owner_name: str | None
    reason: Reason | None
    at: datetime


async def moves(conn: Connection, entries: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Moved]:
    """Entries of conversations' lives, by conversation and number."""
    rows = await conn.fetch(
        """
        select s.conversation, s.seq, s.status, s.owner, u.name, s.reason, s.created_at
        from unnest($1::text[], $2::bigint[]) as wanted (conversation, seq)
        join status_changes s using (conversation, seq) left join users u on u.id = s.owner
        """,
        [conversation for conversation, _ in entries],
        [seq for _, seq in entries],
    )
    return {
        (row["conversation"], row["seq"]): Moved(
            row["status"], row["owner"], row["name"], row["reason"], row["created_at"]
        )
        for row in rows
    }


async def transcript(conn: Connection, conversation: str, after_seq: int, after_key: int, limit: int) -> list[Message]:
    """Messages and notes, oldest first, behind the stream's number `after_seq` and the message `after_key`."""
    rows = await conn.fetch(
        f"""
        select {MESSAGE} from {MESSAGES} where m.conversation = $1 and m.key > greatest($3::bigint,
            (select coalesce(max(key), 0) from messages where conversation = $1 and seq <= $2::bigint))
        order by m.key limit $4
        """,
        conversation,
        after_seq,
        after_key,
        limit,
    )
    return [message_from_row(row) for row in rows]


async def said(conn: Connection, stream: int, id: str) -> Message | None:
    """Whatever has this public id in a stream."""
    row = await conn.fetchrow(f"select {MESSAGE} from {MESSAGES} where m.identity = $1 and m.id = $2", stream, id)
    return message_from_row(row) if row else None


async def silent(conn: Connection, seconds: float, limit: int, letters: Sequence[str] = ()) -> list[str]:
    """Open conversations in which something was said, but nothing happened for `seconds`.

    On the channels `letters` only those that the bot has: people there wait for days, and still wait.
    """
    rows = await conn.fetch(
        """select c.id from conversations c where c.status <> 'closed'
            and c.updated_at < now() - make_interval(secs => $1)
            and (c.status = 'bot' or not c.channel = any($3::text[]))
            and exists (select from messages m where m.conversation = c.id) order by c.updated_at limit $2""",
        seconds,
        limit,
        list(letters),
    )
    return [row["id"] for row in rows]


async def abandoned(conn: Connection, seconds: float, limit: int, letters: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Conversations, and their agents, who gave no sign of life for `seconds`.

    On the channels `letters` only those in which the customer wrote last: nobody sits there and waits for the others.
    """
    rows = await conn.fetch(
        """select c.id, c.owner from conversations c join users u on u.id = c.owner
            where c.status = 'human' and coalesce(u.seen_at, u.created_at) < now() - make_interval(secs => $1)
                and (not c.channel = any($3::text[]) or exists (select from messages m
                    where m.conversation = c.id and m.author = 'customer' and m.extra->'letter'->'automatic' is null
                        and m.key > coalesce((select max(a.key) from messages a
                            where a.conversation = c.id and a.author = 'agent' and a.kind = 'message'), 0)))
            order by c.updated_at limit $2""",
        seconds,
        limit,
        list(letters),
    )
    return [(row["id"], row["owner"]) for row in rows]
