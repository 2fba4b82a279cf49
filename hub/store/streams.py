"""Identities and their streams: who somebody is on a channel, and the numbers of all that they see."""

from __future__ import annotations

import uuid

from msgspec import Struct

from hub.store.db import Connection
from hub.types import Language, StatusChange


class Stream(Struct, frozen=True):
    """The locked row of an identity. `seq` is the number of the stream's last entry."""

    id: int
    channel: str
    external_id: str
    customer: str
    conversation: str | None
    seq: int


_STREAM = "id, channel, external_id, customer, conversation, seq"


async def find(conn: Connection, channel: str, external_id: str) -> Stream | None:
    """The stream of somebody on a channel, without locking it."""
    row = await conn.fetchrow(
        f"select {_STREAM} from identities where channel = $1 and external_id = $2", channel, external_id
    )
    return Stream(*row) if row else None


async def lock_or_create(
    conn: Connection,
    channel: str,
    external_id: str,
    name: str | None = None,
    email: str | None = None,
    person: str | None = None,
) -> Stream:
    """Locks the stream of somebody on a channel, whom it makes a customer on their first word.

    Where `person` says that they have other identities there, they are the same customer.
    """
    # Through the gate first, as everybody does: who has the row and then waits at the gate is waited for by whoever
    # has come through it.
    locked = f"""
        with gate as materialized (
            select pg_advisory_xact_lock(id) from identities where channel = $1 and external_id = $2
        )
        select {_STREAM} from gate cross join identities where channel = $1 and external_id = $2
        for no key update of identities"""
    row = await conn.fetchrow(locked, channel, external_id)
    if row is None:
        known = await _customer_of(conn, channel, person) if person is not None else None
        customer = known or str(uuid.uuid4())
        if known is None:
            await conn.execute("insert into customers (id, name, email) values ($1, $2, $3)", customer, name, email)
        added = await conn.fetchval(
            """insert into identities (channel, external_id, customer, person) values ($1, $2, $3, $4)
                on conflict do nothing returning id""",
            channel,
            external_id,
            customer,
            person,
        )
        if added is None and known is None:  # the same stranger's other message came first
            await conn.execute("delete from customers where id = $1", customer)
        row = await conn.fetchrow(locked, channel, external_id)
    assert row is not None
    return Stream(*row)


async def _customer_of(conn: Connection, channel: str, person: str) -> str | None:
    """Whose other identities on the channel are this person's. Two first words at once wait for each other here."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"person {channel} {person}")
    customer: str | None = await conn.fetchval(
        "select customer from identities where channel = $1 and person = $2 order by id limit 1", channel, person
    )
    return customer


async def start_conversation(conn: Connection, stream: Stream, language: Language) -> str:
    """Opens a conversation on a locked stream and makes it the current one."""
    conversation = str(uuid.uuid4())
    await conn.execute(
        """
        with made as (
            insert into conversations (id, identity, channel, customer, language) values ($1, $2, $3, $4, $5)
        )
        update identities set conversation = $1 where id = $2
        """,
        conversation,
        stream.id,
        stream.channel,
        stream.customer,
        language,
    )
    return conversation


async def last_entry(conn: Connection, stream: int) -> int:
    """The number of a stream's last entry; it and all before it are committed."""
    number: int = await conn.fetchval("select seq from identities where id = $1", stream)
    return number


async def status_changes(conn: Connection, stream: int, after: int, end: int) -> list[StatusChange]:
    """The statuses in a stream's entries after number `after` up to `end`, in their order."""
    rows = await conn.fetch(
        """
        select s.seq, s.conversation, s.status, u.name, s.reason, s.created_at
        from status_changes s left join users u on u.id = s.owner
        where s.identity = $1 and s.seq > $2 and s.seq <= $3 order by s.seq
        """,
        stream,
        after,
        end,
    )
    return [
        StatusChange(
            seq=row["seq"],
            conversation=row["conversation"],
            status=row["status"],
            agent_name=row["name"],
            reason=row["reason"],
            created_at=row["created_at"],
        )
        for row in rows
    ]
