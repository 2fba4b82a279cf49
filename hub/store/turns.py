"""Turns in the database: the claim of a conversation, and its end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hub.store import conversations, messages
from hub.store.db import Connection
from hub.types import Conversation, Delivery, Language, Memory, OutboundMessage, Tried


class Member(Struct, frozen=True):
    """A customer's message within a turn. `attachments` are the types of its files."""

    id: str
    text: str
    payload: str | None
    attachments: tuple[str, ...] = ()


class Claim(Struct, frozen=True, kw_only=True):
    """A turn in hand: the conversation as it stands, the messages, and the token that proves whose turn it is.

    `begun_under` is the owner's epoch when the turn was claimed for the first time, `age` the seconds since then.
    `patience`: how many misses in a row make it a human's.
    """

    turn: str
    token: str
    attempt: int
    conversation: Conversation
    members: tuple[Member, ...]
    begun_under: int
    age: float = 0.0
    patience: int = 2
    knowledge_version: int


class Result(Struct, frozen=True, omit_defaults=True):
    """What came of a turn, for the agents' context and for later questions about it."""

    intent: str | None = None
    confidence: float | None = None
    slots: dict[str, object] = {}
    decision: str | None = None
    articles: tuple[Tried, ...] = ()
    note: str | None = None


_MEMBERS = "m.id as message_id, m.text, m.payload, m.extra"


_NEW = "n.author = 'customer' and n.turn is null"

_MORE = f"exists (select from messages n where n.conversation = $1 and {_NEW})"

_SPOKEN = f"language = case when {_MORE} then c.language else {{}} end"
"""The turn's language stays the conversation's, unless the customer has written more meanwhile: that shows its own."""


def _members(rows: Sequence[Any]) -> tuple[Member, ...]:
    return tuple(
        Member(row["message_id"], row["text"], row["payload"], messages.types_of_files(row["extra"])) for row in rows
    )


async def claim_new(conn: Connection, conversation: str, turn: str, token: str, seconds: float) -> Claim | None:
    """Takes all new messages of an open conversation into a new turn, under a lease, in one statement.

    None where there are none, where a turn is open already, or where the conversation is closed.
    """
    rows = await conn.fetch(
        f"""
        with c as materialized (
            select {conversations.COLUMNS}, (select version from knowledge_state) as knowledge
            from conversations c where c.id = $1 and c.turn is null and c.status <> 'closed'
                and exists (select from messages n where n.conversation = $1 and {_NEW}) for no key update of c
        ),
        taken as (
            update messages m set turn = $2 from c
            where m.conversation = c.id and m.author = 'customer' and m.turn is null
            returning m.key, m.sent_at, {_MEMBERS}
        ),
        opened as (
            insert into turns (id, conversation, owner_epoch, state)
            select $2, c.id, c.owner_epoch, 'open' from c where exists (select from taken)
        ),
        leased as (
            update conversations l set turn = $2, lease_token = $3,
                lease_until = clock_timestamp() + make_interval(secs => $4)
            from c where l.id = c.id and exists (select from taken)
        )
        select * from c cross join taken order by taken.sent_at, taken.key
        """,
        conversation,
        turn,
        token,
        seconds,
    )
    if not rows:
        return None
    state = conversations.from_row(rows[0])
    return Claim(
        turn=turn,
        token=token,
        attempt=1,
        conversation=state,
        members=_members(rows),
        begun_under=state.owner_epoch,
        knowledge_version=rows[0]["knowledge"],
    )


async def take_over(conn: Connection, conversation: str, token: str, seconds: float) -> Claim | None:
    """Takes up a turn whose lease has run out, under our lease: one more attempt. None where there is none such."""
    row = await conn.fetchrow(
        f"""
        with c as materialized (
            select {conversations.COLUMNS}, c.turn as taken, (select version from knowledge_state) as knowledge
            from conversations c where c.id = $1 and c.lease_until <= clock_timestamp() for no key update of c
        ),
        leased as (
            update conversations l set lease_token = $2, lease_until = clock_timestamp() + make_interval(secs => $3)
            from c where l.id = c.id
        ),
        again as (
            update turns t set attempt = attempt + 1 from c where t.id = c.taken
            returning t.attempt, t.owner_epoch as begun_under,
                extract(epoch from clock_timestamp() - t.started_at)::float8 as age
        )
        select * from c cross join again
        """,
        conversation,
        token,
        seconds,
    )
    if row is None:
        return None
    rows = await conn.fetch(
        f"select {_MEMBERS} from messages m where m.turn = $1 and m.author = 'customer' order by m.sent_at, m.key",
        row["taken"],
    )
    return Claim(
        turn=row["taken"],
        token=token,
        attempt=row["attempt"],
        conversation=conversations.from_row(row),
        members=_members(rows),
        begun_under=row["begun_under"],
        age=row["age"],
        knowledge_version=row["knowledge"],
    )


async def ended_at_once(conn: Connection, conversation: Conversation, message: int) -> None:
    """Gives a new message of the locked conversation a turn that is over already: nobody is to answer it."""
    await conn.execute(
        """
        with over as (
            insert into turns (id, conversation, owner_epoch, state, result, finished_at)
            values ($1, $2, $3, 'done', $4, clock_timestamp())
        )
        update messages set turn = $1 where key = $5
        """,
        str(uuid.uuid4()),
        conversation.id,
        conversation.owner_epoch,
        msgspec.json.encode(Result(note="attended")).decode(),
        message,
    )


async def came_too_late(conn: Connection, conversation: str) -> bool:
    """Whether a closed conversation has new messages: they came just before its end."""
    return bool(
        await conn.fetchval(
            f"""select exists (select from messages n join conversations c on c.id = n.conversation
                where c.id = $1 and c.status = 'closed' and c.turn is null and {_NEW})""",
            conversation,
        )
    )


async def lock_leased(conn: Connection, conversation: str, token: str) -> Conversation | None:
    """Locks a conversation (its stream first) that is leased under `token`; None where it no longer is."""
    row = await conn.fetchrow(
        f"""{conversations.GATE} select {conversations.COLUMNS}, c.lease_token from {conversations.LOCKED}
            where c.id = $1 {conversations.LOCK}""",
        conversation,
    )
    return conversations.from_row(row) if row is not None and row["lease_token"] == token else None


async def speak_and_end(
    conn: Connection,
    claim: Claim,
    said: Sequence[OutboundMessage],
    *,
    delivery: Delivery,
    result: Result,
    misses: int,
    memory: Memory,
    language: Language,
) -> bool | None:
    """Says what came of a turn and ends it, in one statement: the way of nearly all turns.

    Answers whether new messages came meanwhile; None, and nothing is done, where the turn no longer counts: the lease
    is another's, or a human has the conversation.
    """
    more: bool | None = await conn.fetchval(
        f"""
        {conversations.GATE},
        held as materialized (
            select c.id, c.identity from {conversations.LOCKED}
            where c.id = $1 and c.lease_token = $2 and c.owner_epoch = $3 and c.status = $14 {conversations.LOCK}
        ),
        numbered as (
            update identities i set seq = i.seq + $4 from held where i.id = held.identity
            returning i.id, i.seq - $4 as base
        ),
        added as (
            insert into messages (id, identity, conversation, seq, author, text, extra, channel, turn, owner_epoch,
                                  delivery, due_at)
            select said.id, numbered.id, $1, base + said.n, 'bot', said.text, said.extra, $5, $6, $3, $7,
                   clock_timestamp()
            from numbered, unnest($8::text[], $9::text[], $10::jsonb[]) with ordinality as said (id, text, extra, n)
            order by said.n
            returning key, id, extra
        ),
        sure as (select * from unnest($8::text[], $15::real[]) as sure (id, odds)),
        {messages.SERVED},
        told as (insert into events (kind, conversation, message) select 'message', $1, key from added order by key),
        ended as (
            update turns t set state = 'done', result = $11, finished_at = clock_timestamp()
            from held where t.id = $6
        )
        update conversations c set turn = null, lease_token = null, lease_until = null, misses = $12,
            memory = $13, updated_at = clock_timestamp(), {_SPOKEN.format("$16")}
        from held where c.id = held.id
        returning {_MORE}
        """,
        claim.conversation.id,
        claim.token,
        claim.conversation.owner_epoch,
        len(said),
        claim.conversation.channel,
        claim.turn,
        delivery,
        [message.id or str(uuid.uuid4()) for message in said],
        [message.text for message in said],
        [messages.extra_of(message) for message in said],
        msgspec.json.encode(result).decode(),
        misses,
        conversations.encoded(memory),
        claim.conversation.status,
        [message.odds for message in said],
        language,
    )
    return more


async def end(
    conn: Connection,
    conversation: str,
    turn: str,
    *,
    dropped: bool,
    result: Result,
    misses: int,
    memory: Memory,
    language: Language,
) -> bool:
    """Ends the turn of the locked conversation, and its lease with it.

    Answers whether new messages came meanwhile.
    """
    more: bool = await conn.fetchval(
        f"""
        with ended as (
            update turns set state = $3, result = $4, finished_at = clock_timestamp() where id = $2
        )
        update conversations c set turn = null, lease_token = null, lease_until = null, misses = $5,
            memory = $6, updated_at = clock_timestamp(), {_SPOKEN.format("$7")} where id = $1
        returning {_MORE}
        """,
        conversation,
        turn,
        "dropped" if dropped else "done",
        msgspec.json.encode(result).decode(),
        misses,
        conversations.encoded(memory),
        language,
    )
    return more


async def recent_results(conn: Connection, conversation: str, limit: int) -> list[Result]:
    """What came of the last turns, the newest first."""
    rows = await conn.fetch(
        """select result from turns where conversation = $1 and result is not null
            order by started_at desc limit $2""",
        conversation,
        limit,
    )
    return [msgspec.json.decode(row["result"], type=Result) for row in rows]


async def due(conn: Connection, limit: int) -> list[str]:
    """Conversations with new messages or with a turn whose lease has run out."""
    rows = await conn.fetch(
        """
        (select distinct m.conversation from messages m join conversations c on c.id = m.conversation
            where m.author = 'customer' and m.turn is null and c.turn is null limit $1)
        union
        (select c.id from turns t join conversations c on c.turn = t.id
            where t.state = 'open' and c.lease_until <= clock_timestamp() limit $1)
        """,
        limit,
    )
    return [row["conversation"] for row in rows]


async def note_result(conn: Connection, turn: str, result: Result) -> None:
    """Writes down what came of a turn that is still open."""
    await conn.execute("update turns set result = $2 where id = $1", turn, msgspec.json.encode(result).decode())


async def renew(conn: Connection, turn: str, now: Conversation) -> bool:
    """Lets the turn go on under the locked conversation's epoch, unless a human had that since the turn was begun."""
    return bool(
        await conn.fetchval(
            """
            update turns t set owner_epoch = $2 where t.id = $1 and not exists (select from status_changes s
                where s.conversation = $3 and s.status = 'human' and s.owner_epoch > t.owner_epoch)
            returning true
            """,
            turn,
            now.owner_epoch,
            now.id,
        )
    )


async def give_back(conn: Connection, conversation: str, token: str, seconds: float, counts: bool) -> None:
    """Lets the lease held under `token` run out in `seconds`; whether the attempt counts."""
    await conn.execute(
        """
        with held as (
            update conversations set lease_until = clock_timestamp() + make_interval(secs => $3)
            where id = $1 and lease_token = $2 returning turn
        )
        update turns t set attempt = t.attempt - 1 from held where t.id = held.turn and not $4
        """,
        conversation,
        token,
        seconds,
        counts,
    )
