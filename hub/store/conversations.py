"""Conversations: locking them, and writing down each step of their lives."""

from __future__ import annotations

import asyncpg
import msgspec

from hub.errors import NotFound
from hub.lifecycle import Step
from hub.store.db import Connection
from hub.types import Conversation, HandoffContext, Memory

COLUMNS = """c.id, c.identity, c.channel, c.customer, c.status, c.owner, c.owner_epoch, c.team, c.language, c.memory,
    c.misses, c.priority, c.reason, c.waiting_since, c.closed_by_human, c.updated_at"""

# Rows are locked in the order of `LOCK`; one that had to be waited for is read again as it then is. Who waits does so
# at the gate, where it costs no transaction number yet: so the numbers of those who write to one stream are in the
# order in which they write, and with them the agents' events about one conversation.
GATE = "with gate as materialized (select pg_advisory_xact_lock(c.identity) from conversations c where c.id = $1)"
LOCKED = "gate cross join conversations c join identities i on i.id = c.identity"
LOCK = "for no key update of i, c"


_EMPTY = Memory()
_memory = msgspec.json.Decoder(Memory)


def from_row(row: asyncpg.Record) -> Conversation:
    """A row of `COLUMNS` as a conversation."""
    return Conversation(
        id=row["id"],
        stream=row["identity"],
        channel=row["channel"],
        customer=row["customer"],
        status=row["status"],
        owner=row["owner"],
        owner_epoch=row["owner_epoch"],
        team=row["team"],
        language=row["language"],
        memory=_EMPTY if row["memory"] == "{}" else _memory.decode(row["memory"]),
        misses=row["misses"],
        priority=row["priority"],
        reason=row["reason"],
        waiting_since=row["waiting_since"],
        closed_by_human=row["closed_by_human"],
        updated_at=row["updated_at"],
    )


async def get(conn: Connection, conversation: str) -> Conversation:
    """A conversation as it stands; raises `NotFound`."""
    row = await conn.fetchrow(f"select {COLUMNS} from conversations c where c.id = $1", conversation)
    if row is None:
        raise NotFound(f"there is no conversation {conversation}")
    return from_row(row)


async def lock(conn: Connection, conversation: str) -> Conversation:
    """Locks the stream and then the conversation until the transaction ends; raises `NotFound`."""
    row = await conn.fetchrow(f"{GATE} select {COLUMNS} from {LOCKED} where c.id = $1 {LOCK}", conversation)
    if row is None:
        raise NotFound(f"there is no conversation {conversation}")
    return from_row(row)


async def lock_current(conn: Connection, channel: str, external_id: str) -> Conversation | None:
    """Locks the stream of somebody on a channel and the conversation that is its current one; None without one."""
    row = await conn.fetchrow(
        f"""
        with gate as materialized (
            select pg_advisory_xact_lock(id) from identities where channel = $1 and external_id = $2
        )
        select {COLUMNS} from {LOCKED} where i.channel = $1 and i.external_id = $2 and i.conversation = c.id {LOCK}
        """,
        channel,
        external_id,
    )
    return from_row(row) if row else None


async def write_step(conn: Connection, before: Conversation, after: Conversation, step: Step) -> int:
    """Writes down a step that `lifecycle.follow` allowed: the row, the stream's entry, the agents' event.

    The stream and the conversation are locked. Answers the entry's number.
    """
    seq: int = await conn.fetchval(
        """
        with numbered as (update identities set seq = seq + 1 where id = $1 returning seq),
        moved as (
            update conversations set status = $3, owner = $4, owner_epoch = $5, team = $6, reason = $7,
                waiting_since = $8, misses = $9, memory = $10, closed_by_human = $11, priority = $14,
                updated_at = clock_timestamp()
            where id = $2
        ),
        told as (insert into events (kind, conversation, message) select 'status', $2, seq from numbered)
        insert into status_changes (identity, seq, conversation, action, status, owner, owner_epoch, actor, reason)
        select $1, seq, $2, $12, $3, $4, $5, $13, $7 from numbered
        returning seq
        """,
        before.stream,
        before.id,
        after.status,
        after.owner,
        after.owner_epoch,
        after.team,
        after.reason,
        after.waiting_since,
        after.misses,
        encoded(after.memory),
        after.closed_by_human,
        step.action,
        step.actor,
        after.priority,
    )
    return seq


def encoded(memory: Memory) -> str:
    """The column `memory`."""
    return msgspec.json.encode(memory).decode()


async def set_context(conn: Connection, conversation: str, context: HandoffContext) -> None:
    """Keeps the snapshot that the agent will be given."""
    await conn.execute(
        "update conversations set context = $2 where id = $1", conversation, msgspec.json.encode(context).decode()
    )


async def context(conn: Connection, conversation: str) -> HandoffContext | None:
    """The snapshot of the last escalation."""
    stored = await conn.fetchval("select context from conversations where id = $1", conversation)
    return msgspec.json.decode(stored, type=HandoffContext) if stored else None


async def queue_position(conn: Connection, conversation: str) -> int | None:
    """How many wait up to and including this one; None unless it waits."""
    position: int | None = await conn.fetchval(
        """
        select (select count(*) from conversations o where o.status = 'waiting'
                and (-o.priority, o.waiting_since, o.id) <= (-c.priority, c.waiting_since, c.id))
        from conversations c where c.id = $1 and c.status = 'waiting'
        """,
        conversation,
    )
    return position
