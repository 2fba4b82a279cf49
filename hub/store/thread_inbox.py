"""What agents do in their threads (`hub.store.threads`): stored when it comes, done in its order, thread by thread."""

from __future__ import annotations

from msgspec import Struct

from hub.store.db import Connection


class Task(Struct, frozen=True):
    """Something that an agent did and that is to be carried out; `deed` in the words of whoever put it there."""

    number: int
    deed: str
    attempts: int


async def put(conn: Connection, channel: str, place: str, thread: str, key: str, deed: str) -> None:
    """Stores what was done in the thread at a place; without effect where `key` is there already."""
    await conn.execute(
        """insert into desk_inbox (channel, place, thread, key, deed) values ($1, $2, $3, $4, $5)
            on conflict (channel, key) do nothing""",
        channel,
        place,
        thread,
        key,
        deed,
    )


async def due(conn: Connection, channel: str, limit: int) -> list[tuple[str, str]]:
    """Threads, with their places, in which the next thing can be done now."""
    rows = await conn.fetch(
        """
        select place, thread from (
            select distinct on (place, thread) place, thread, number, due_at from desk_inbox
            where channel = $1 and done_at is null order by place, thread, number
        ) as next where due_at <= clock_timestamp() order by number limit $2
        """,
        channel,
        limit,
    )
    return [(row["place"], row["thread"]) for row in rows]


async def next_of(conn: Connection, channel: str, place: str, thread: str) -> Task | None:
    """What is to be done next in a thread, if it is due."""
    row = await conn.fetchrow(
        """select number, deed, attempts from (
                select * from desk_inbox where channel = $1 and place = $2 and thread = $3 and done_at is null
                order by number limit 1
            ) as next where due_at <= clock_timestamp()""",
        channel,
        place,
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
