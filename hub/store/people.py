"""What is known about identities beside their messages."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hub.store import streams
from hub.store.db import Connection
from hub.types import Window

_TOLD = "insert into events (kind, conversation, message) select 'person', conversation, null from changed"


async def set_unreachable(conn: Connection, channel: str, external_id: str, reason: str) -> None:
    """Notes why somebody cannot be written to."""
    await conn.execute(
        f"""
        with changed as (
            update identities set unreachable = $3 where channel = $1 and external_id = $2
                and unreachable is distinct from $3 returning conversation
        ) {_TOLD} where conversation is not null
        """,
        channel,
        external_id,
        reason,
    )


async def set_reachable(conn: Connection, channel: str, external_id: str, window: Window | None) -> None:
    """Notes that somebody can be written to, and until when and how often; a window that is larger stays as it is."""
    await conn.execute(
        f"""
        with changed as (
            update identities set unreachable = null, erase_asked_at = null,
                window_until = coalesce(
                    greatest(window_until, clock_timestamp() + make_interval(secs => $3)), window_until),
                window_left = case when $4::int is null then window_left
                    when window_until > clock_timestamp() then greatest(window_left, $4) else $4 end
            where channel = $1 and external_id = $2 returning conversation
        ) {_TOLD} where conversation is not null
        """,
        channel,
        external_id,
        window.seconds if window else None,
        window.messages if window else None,
    )


async def ask_erasure(conn: Connection, channel: str, external_id: str) -> None:
    """Notes since when the platform wants somebody's data gone."""
    await conn.execute(
        f"""
        with changed as (
            update identities set erase_asked_at = coalesce(erase_asked_at, clock_timestamp())
            where channel = $1 and external_id = $2 returning conversation
        ) {_TOLD} where conversation is not null
        """,
        channel,
        external_id,
    )


async def rename(conn: Connection, channel: str, before: str, after: str) -> None:
    """Gives an identity another id; leaves it alone where the new one is known already."""
    await conn.execute(
        """
        update identities set external_id = $3 where channel = $1 and external_id = $2
            and not exists (select from identities where channel = $1 and external_id = $3)
        """,
        channel,
        before,
        after,
    )


async def within(conn: Connection, channel: str, place: str) -> list[str]:
    """The ids that begin with `place:`."""
    rows = await conn.fetch(
        "select external_id from identities where channel = $1 and starts_with(external_id, $2) order by id",
        channel,
        f"{place}:",
    )
    return [row["external_id"] for row in rows]


async def describe(conn: Connection, channel: str, external_id: str, facts: Mapping[str, str]) -> None:
    """Adds to what is known about somebody; `name` also names a customer who has none."""
    stream = await streams.lock_or_create(conn, channel, external_id)
    if "name" in facts:
        await conn.execute(
            "update customers set name = $2 where id = $1 and name is null", stream.customer, facts["name"][:200]
        )
    await conn.execute(
        f"""
        with changed as (
            update identities set profile = profile || $2::jsonb
            where id = $1 and not profile @> $2::jsonb returning conversation
        ) {_TOLD} where conversation is not null
        """,
        stream.id,
        msgspec.json.encode(facts).decode(),
    )
