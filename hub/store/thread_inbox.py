"""What agents do in their threads (`hub.store.threads`): stored when it comes, done in its order, thread by thread."""

from __future__ import annotations

from msgspec import Struct

from hub.store.db import Connection


class Task(Struct, frozen=True):
    """Something that an agent did and that is to be carried out; `deed` in the words of whoever put it there."""

    number: int
    thread: int
    deed: str
    attempts: int


async def put(conn: Connection, channel: str, thread: int, key: str, deed: str) -> None:
    """Stores what was done in a thread; without effect where `key` is there already."""
    await conn.execute(
        """insert into desk_inbox (channel, thread, key, deed) values ($1, $2, $3, $4)
            on conflict (channel, key) do nothing""",
        channel,
        thread,
        key,
        deed,
    )


async def due(conn: Connection, channel: str, limit: int) -> list[int]:
    """Threads in which the next thing can be done now."""
    rows = await conn.fetch(
        """
        select thread from (
            select distinct on (thread) thread, number, due_at from desk_inbox
            where channel = $1 and done_at is null order by thread, number
        ) as next where due_at <= clock_timestamp() order by number limit $2
        """,
        channel,
        limit,
    )
    return [row["thread"] for row in rows]


async def next_of(conn: Connection, thread: int) -> Task | None:
    """What is to be done next in a thread, if it is due."""
    row = await conn.fetchrow(
        """select number, thread, deed, attempts from (
                select * from desk_inbox where thread = $1 and done_at is null order by number limit 1
            ) as next where due_at <= clock_timestamp()""",
        thread,
    )
    return Task(*row) if row else None


async def done(conn: Connection, number: int) -> None:
    """It was done, or never can be."""
    await conn.execute("update desk_inbox set done_at = clock_timestamp() where number = $1", number)


async def put_off(conn: Connection, number: int, seconds: float) -> None:
    """It is tried again later, and what follows it waits."""
    await conn.execute(
        """update desk_inbox set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => $2)
            where number = $1""",
        number,
        seconds,
    )


async def owners(conn: Connection, channel: str, silent: float) -> list[tuple[str, str]]:
    """Agents, with their addresses, who have a conversation with a thread and gave no sign of life for `silent` s."""
    rows = await conn.fetch(
        """select distinct u.id, u.email from desk_threads t join conversations c on c.id = t.conversation
            join users u on u.id = c.owner
            where t.channel = $1 and c.status = 'human'
                and coalesce(u.seen_at, '-infinity') < now() - make_interval(secs => $2)""",
        channel,
        silent,
    )
    return [(row["id"], row["email"]) for row in rows]
