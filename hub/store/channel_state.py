"""What channels have to remember across restarts, and which process does what only one may do."""

from __future__ import annotations

from hub.store.db import Connection


async def get(conn: Connection, channel: str, key: str) -> str | None:
    """What was put there last."""
    value: str | None = await conn.fetchval(
        "select value from channel_state where channel = $1 and key = $2", channel, key
    )
    return value


async def beginning(conn: Connection, channel: str, prefix: str) -> dict[str, str]:
    """All that was put there under keys that begin so, by what follows in their keys."""
    rows = await conn.fetch(
        """select substr(key, length($2) + 1) as rest, value from channel_state
            where channel = $1 and starts_with(key, $2) and value is not null""",
        channel,
        prefix,
    )
    return {row["rest"]: row["value"] for row in rows}


async def count(conn: Connection, channel: str, prefix: str) -> int:
    """How much was put there under keys that begin so."""
    found: int = await conn.fetchval(
        "select count(*) from channel_state where channel = $1 and starts_with(key, $2) and value is not null",
        channel,
        prefix,
    )
    return found


async def put(conn: Connection, channel: str, key: str, value: str | None) -> None:
    """Remembers `value`."""
    await conn.execute(
        """insert into channel_state (channel, key, value) values ($1, $2, $3)
            on conflict (channel, key) do update set value = $3, updated_at = clock_timestamp()""",
        channel,
        key,
        value,
    )


async def settle(conn: Connection, channel: str, key: str, value: str) -> str:
    """What stands there; `value` from now on, where nothing did. Of several at once, all get the same."""
    kept: str = await conn.fetchval(
        """insert into channel_state (channel, key, value) values ($1, $2, $3)
            on conflict (channel, key) do update set value = coalesce(channel_state.value, $3)
            returning value""",
        channel,
        key,
        value,
    )
    return kept


async def acquire(conn: Connection, channel: str, key: str, holder: str, seconds: float) -> bool:
    """Takes, or keeps, the lease on `key`; False where another process has it."""
    return bool(
        await conn.fetchval(
            """
            insert into channel_state (channel, key, holder, lease_until)
            values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
            on conflict (channel, key) do update set holder = $3, lease_until = excluded.lease_until
                where channel_state.holder is not distinct from $3
                    or coalesce(channel_state.lease_until, '-infinity') <= clock_timestamp()
            returning true
            """,
            channel,
            key,
            holder,
            seconds,
        )
    )


async def give_up(conn: Connection, channel: str, key: str, holder: str) -> None:
    """Lets another process have the lease at once."""
    await conn.execute(
        "update channel_state set lease_until = null where channel = $1 and key = $2 and holder = $3",
        channel,
        key,
        holder,
    )
