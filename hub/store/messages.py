"""Messages: writing them into a stream, reading them back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
from msgspec import Struct

from hub.store.db import Connection
from hub.types import (
    Attachment,
    Button,
    Case,
    Conversation,
    Correction,
    Delivery,
    InboundMessage,
    Letter,
    Message,
    OutboundMessage,
    Receipt,
    Source,
)


class Extra(Struct, frozen=True, omit_defaults=True):
    """What only some messages have, as it stands in the column `extra`.

    `answered` is the key of the letter that a message of ours goes back to, where agents have moved letters since.
    """

    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    answers: tuple[str, ...] = ()
    case: Case | None = None
    letter: Letter | None = None
    answered: int | None = None


_extra = msgspec.json.Decoder(Extra)
_correction = msgspec.json.Decoder(Correction)
_NOTHING = Extra()

COLUMNS = """m.key, m.id, m.identity, m.conversation, m.seq, m.kind, m.author, m.text, m.created_at, m.delivery,
    m.error, m.payload, m.extra, m.agent, u.name as agent_name"""
FROM = "messages m left join users u on u.id = m.agent"

CORRECTION = """case when m.author = 'bot' then (
        select jsonb_build_object('right', s.correct, 'agent', w.id, 'name', w.name)
        from served_answers s join users w on w.id = s.corrected_by where s.message = m.key and s.correct is not null
    ) end as correction"""
"""One more column, of what agents read."""

SERVED = """served as (
            insert into served_answers (message, article, revision, odds)
            select added.key, added.extra #>> '{sources,0,article}', (added.extra #>> '{sources,0,revision}')::int,
                   sure.odds
            from added join sure using (id) where added.extra -> 'sources' is not null
        )"""
"""Notes which of the messages `added` are out of the knowledge base; `sure` has their `odds` by their ids."""


def from_row(row: asyncpg.Record) -> Message:
    """A row of `COLUMNS`, and perhaps `CORRECTION`, as a message."""
    extra = _extra.decode(row["extra"]) if row["extra"] else _NOTHING
    correction = row.get("correction")
    return Message(
        key=row["key"],
        id=row["id"],
        stream=row["identity"],
        conversation=row["conversation"],
        seq=row["seq"],
        kind=row["kind"],
        author=row["author"],
        text=row["text"],
        created_at=row["created_at"],
        delivery=row["delivery"],
        error=row["error"],
        payload=row["payload"],
        buttons=extra.buttons,
        sources=extra.sources,
        attachments=extra.attachments,
        answers=extra.answers,
        case=extra.case,
        letter=extra.letter,
        agent=row["agent"],
        agent_name=row["agent_name"],
        correction=_correction.decode(correction) if correction else None,
    )


def _encode(extra: Extra) -> str | None:
    return None if extra == _NOTHING else msgspec.json.encode(extra).decode()


def extra_of(message: OutboundMessage) -> str | None:
    """The column `extra` of a message of ours."""
    return _encode(Extra(message.buttons, message.sources, message.attachments, message.answers))


def types_of_files(extra: str | None) -> tuple[str, ...]:
    """The types of the files in a column `extra`."""
    return tuple(file.type for file in _extra.decode(extra).attachments) if extra else ()


class Stored(Struct, frozen=True):
    """Where a message stands: its key, its public id and its number in the stream."""

    key: int
    id: str
    seq: int


async def receipt_of(conn: Connection, message: InboundMessage) -> Receipt:
    """The receipt of a delivery that was stored before, as it was given then."""
    row = await conn.fetchrow(
        """select identity, conversation, key, id, seq from messages
            where channel = $1 and scope = $2 and external_id = $3""",
        message.channel,
        message.scope,
        message.external_id,
    )
    return Receipt(row["identity"], row["conversation"], row["key"], row["id"], row["seq"], duplicate=True)


async def add_inbound(
    conn: Connection, conversation: Conversation, message: InboundMessage, attachments: tuple[Attachment, ...]
) -> Stored | None:
    """Puts a customer's message into the locked stream; None where this delivery was stored before.

    The caller rolls back on None: the number was taken and must not leave a gap. The conversation's language is
    written with it. Who writes can be written to, and within the platform's window; what waited for that is due.
    """
    row = await conn.fetchrow(
        """
        with before as (
            select unreachable is not null or $12::double precision is not null as moves from identities where id = $1
        ),
        numbered as (
            update identities set seq = seq + 1, unreachable = null,
                window_until = coalesce(clock_timestamp() + make_interval(secs => $12), window_until),
                window_left = coalesce($13, window_left)
            where id = $1 returning seq
        ),
        added as (
            insert into messages (id, identity, conversation, seq, author, text, payload, extra, channel, scope,
                                  external_id, raw, delivery, sent_at, hold_until)
            select $3, $1, $2, seq, 'customer', $4, $5, $6, $7, $8, $9, $10, 'received', $14::timestamptz,
                clock_timestamp() + make_interval(secs => $15) from numbered
            on conflict (channel, scope, external_id) where external_id is not null do nothing
            returning key, id, seq
        ),
        told as (insert into events (kind, conversation, message) select 'message', $2, key from added),
        reached as (
            insert into events (kind, conversation, message) select 'person', $2, null from added, before where moves
        ),
        resumed as (
            update messages set due_at = clock_timestamp()
            where conversation = $2 and delivery = 'queued' and due_at = 'infinity' and exists (select from added)
        ),
        moved as (update conversations set updated_at = clock_timestamp(), language = $11 where id = $2)
        select key, id, seq from added
        """,
        conversation.stream,
        conversation.id,
        message.id or str(uuid.uuid4()),
        message.text,
        message.payload,
        _encode(Extra(attachments=attachments, case=message.case, letter=message.letter)),
        message.channel,
        message.scope,
        message.external_id,
        message.raw,
        conversation.language,
        message.window.seconds if message.window else None,
        message.window.messages if message.window else None,
        message.sent_at,
        message.hold or None,
    )
    return Stored(*row) if row else None


async def add_outbound(
    conn: Connection,
    stream: int,
    conversation: str,
    channel: str,
    messages: Sequence[OutboundMessage],
    *,
    delivery: Delivery,
    owner_epoch: int,
    turn: str | None = None,
) -> list[Stored]:
    """Puts our messages into the locked stream, in their order, and tells the agents."""
    rows = await conn.fetch(
        f"""
        with numbered as (update identities set seq = seq + $3 where id = $1 returning seq - $3 as base),
        added as (
            insert into messages (id, identity, conversation, seq, author, agent, text, extra, channel, turn,
                                  owner_epoch, delivery, due_at)
            select said.id, $1, $2, base + said.n, said.author, said.agent, said.text, said.extra, $4, $5, $6, $7,
                   clock_timestamp()
            from numbered, unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[])
                with ordinality as said (id, author, agent, text, extra, n)
            order by said.n
            returning key, id, seq, extra
        ),
        sure as (select * from unnest($8::text[], $13::real[]) as sure (id, odds)),
        {SERVED},
        told as (insert into events (kind, conversation, message) select 'message', $2, key from added order by key),
        moved as (  -- the end of a turn does that itself
            update conversations set updated_at = clock_timestamp() where id = $2 and $5::text is null
        )
        select key, id, seq from added order by seq
        """,
        stream,
        conversation,
        len(messages),
        channel,
        turn,
        owner_epoch,
        delivery,
        [message.id or str(uuid.uuid4()) for message in messages],
        [message.author for message in messages],
        [message.agent for message in messages],
        [message.text for message in messages],
        [extra_of(message) for message in messages],
        [message.odds for message in messages],
    )
    return [Stored(*row) for row in rows]


async def add_note(
    conn: Connection, stream: int, conversation: str, channel: str, agent: str | None, text: str, id: str | None = None
) -> int | None:
    """Writes a note that agents see and the customer never does; `agent` is None where the product itself writes.

    Answers its key; None where the stream has something under this id already.
    """
    key: int | None = await conn.fetchval(
        """
        with added as (
            insert into messages (id, identity, conversation, kind, author, agent, text, channel, delivery)
            values ($1, $2, $3, 'note', case when $4::text is null then 'system' else 'agent' end, $4, $5, $6,
                    'delivered')
            on conflict (identity, id) do nothing returning key
        ),
        told as (insert into events (kind, conversation, message) select 'note', $3, key from added)
        select key from added
        """,
        id or str(uuid.uuid4()),
        stream,
        conversation,
        agent,
        text,
        channel,
    )
    return key


async def replace_files(conn: Connection, key: int, files: Mapping[str, Attachment]) -> None:
    """Puts files as they now are in the place of those with the same ids, and tells everybody who sees the message."""
    row = await conn.fetchrow("select extra, conversation from messages where key = $1 for update", key)
    extra = _extra.decode(row["extra"])
    now = tuple(files.get(file.id, file) for file in extra.attachments)
    await conn.execute(
        """
        with told as (insert into events (kind, conversation, message) values ('message', $3, $1))
        update messages set extra = $2 where key = $1
        """,
        key,
        _encode(msgspec.structs.replace(extra, attachments=now)),
        row["conversation"],
    )


async def in_stream(conn: Connection, stream: int, after: int, end: int) -> list[Message]:
    """The messages among a stream's entries after number `after` up to `end`, in their order."""
    rows = await conn.fetch(
        f"select {COLUMNS} from {FROM} where m.identity = $1 and m.seq > $2 and m.seq <= $3 order by m.seq",
        stream,
        after,
        end,
    )
    return [from_row(row) for row in rows]


async def latest(conn: Connection, conversation: str, limit: int) -> list[Message]:
    """The last messages that the customer saw, oldest first."""
    rows = await conn.fetch(
        f"""select {COLUMNS} from {FROM} where m.conversation = $1 and m.kind = 'message'
            order by m.key desc limit $2""",
        conversation,
        limit,
    )
    return [from_row(row) for row in reversed(rows)]


async def by_keys(conn: Connection, keys: Sequence[int]) -> dict[int, Message]:
    """Messages by their keys, as agents see them."""
    rows = await conn.fetch(f"select {COLUMNS}, {CORRECTION} from {FROM} where m.key = any($1::bigint[])", keys)
    return {row["key"]: from_row(row) for row in rows}


async def answers_to(conn: Connection, key: int) -> list[Message] | None:
    """What was said in the turn of a customer's message; None while that turn has not ended."""
    rows = await conn.fetch(
        f"""select t.state, {COLUMNS} from messages asked join turns t on t.id = asked.turn
            left join messages m on m.turn = asked.turn and m.author <> 'customer' left join users u on u.id = m.agent
            where asked.key = $1 order by m.seq""",
        key,
    )
    if not rows or rows[0]["state"] == "open":
        return None
    return [from_row(row) for row in rows if row["key"] is not None]


async def is_overtaken(conn: Connection, key: int) -> bool:
    """Whether the bot said it under an owner epoch that is over."""
    return bool(
        await conn.fetchval(
            """select m.author = 'bot' and m.owner_epoch <> c.owner_epoch
                from messages m join conversations c on c.id = m.conversation where m.key = $1""",
            key,
        )
    )


async def raw(conn: Connection, conversation: str, id: str) -> bytes | None:
    """A customer's message as the platform delivered it; None where that was not kept."""
    found: bytes | None = await conn.fetchval(
        "select raw from messages where conversation = $1 and id = $2", conversation, id
    )
    return found


async def raw_of_delivery(conn: Connection, channel: str, scope: str, external_id: str) -> bytes | None:
    """A delivery as it came, by the key under which it is known."""
    kept: bytes | None = await conn.fetchval(
        "select raw from messages where channel = $1 and scope = $2 and external_id = $3", channel, scope, external_id
    )
    return kept


async def heard(conn: Connection, conversation: str, limit: int) -> list[str | None]:
    """The platform's ids of what the customer said last in a conversation, the latest first."""
    rows = await conn.fetch(
        """select external_id from messages where conversation = $1 and author = 'customer'
            order by key desc limit $2""",
        conversation,
        limit,
    )
    return [row["external_id"] for row in rows]
