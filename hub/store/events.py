"""What the agents' feed reads: every change, in an order in which nothing appears late.

A transaction's number is given when it begins to write, so rows with low numbers may be committed after rows with high
ones. Below the oldest transaction that is still running nothing can appear any more; only that far is ever read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, NamedTuple

from msgspec import Struct

from hub.store.db import Connection

EventKind = Literal["message", "note", "status", "person", "case", "article"]


class Position(NamedTuple):
    """A place in the feed: the transaction, and the number within it."""

    xid: int
    id: int


class Event(Struct, frozen=True):
    """That something changed. `entry`: a message's key, or the number of a status in its customer's stream."""

    position: Position
    kind: EventKind
    conversation: str | None
    entry: int | None
    article: str | None


_SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())"
_PRUNED = "pruned"  # the kind of the row that stands for all that was pruned up to it


async def after(conn: Connection, position: Position, limit: int) -> list[Event]:
    """What follows `position`, in order, as far as it is settled."""
    rows = await conn.fetch(
        f"""
        select xid::text::bigint as xid, id, kind, conversation, message, article from events
        where (xid, id) > ($1::text::xid8, $2::bigint) and {_SETTLED} and kind <> '{_PRUNED}'
        order by events.xid, id limit $3
        """,
        str(position.xid),
        position.id,
        limit,
    )
    return [
        Event(Position(row["xid"], row["id"]), row["kind"], row["conversation"], row["message"], row["article"])
        for row in rows
    ]


async def held_back(conn: Connection) -> bool:
    """Whether something is committed that a running transaction keeps from being settled."""
    held: bool = await conn.fetchval(
        "select exists (select from events where xid >= pg_snapshot_xmin(pg_current_snapshot()))"
    )
    return held


async def now(conn: Connection) -> Position:
    """The place after all that is settled."""
    xid = await conn.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")
    return Position(int(xid), 0)


async def is_kept(conn: Connection, position: Position) -> bool:
    """Whether everything after `position` is still there; never for a place that this database has not reached."""
    kept: bool = await conn.fetchval(
        f"""
        select $1::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot())
            and not exists (select from (select * from events order by xid, id limit 1) as oldest
                where kind = '{_PRUNED}' and (xid, id) > ($1::text::xid8, $2::bigint))
        """,
        str(position.xid),
        position.id,
    )
    return kept


async def prune(conn: Connection, older_than: timedelta, limit: int = 10_000) -> int:
    """Forgets old events, the oldest `limit` at most, but for the last of them: it stays to say how far was pruned.

    Answers how many went.
    """
    gone: int = await conn.fetchval(
        f"""
        with last as (
            select xid, id from (select * from events order by events.xid, id limit $2) as oldest
            where {_SETTLED} and created_at < now() - $1::interval order by oldest.xid desc, id desc limit 1
        ),
        mark as (
            update events e set kind = '{_PRUNED}' from last
            where (e.xid, e.id) = (last.xid, last.id) and e.kind <> '{_PRUNED}'
        ),
        gone as (
            delete from events e using last where (e.xid, e.id) < (last.xid, last.id) returning 1
        )
        select count(*) from gone
        """,
        older_than,
        limit,
    )
    return gone
