"""Threads in a chat of the agents': which conversations have one, and how its first post stands.

What else is written in a thread is in `hub.store.thread_lines`, what agents do there in `hub.store.thread_inbox`.
`channel` is always the channel whose agents' side it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg
from msgspec import Struct

from hub.store.db import Connection


class Thread(Struct, frozen=True):
    """A conversation's thread. `place` and `thread` are where it is, None until it is opened."""

    id: int
    conversation: str
    from_key: int
    from_seq: int
    place: str | None
    thread: str | None
    opening_at: datetime | None
    face: str | None
    touched: int


_COLUMNS = "t.id, t.conversation, t.from_key, t.from_seq, t.place, t.thread, t.opening_at, t.face, t.touched"


def _thread(row: asyncpg.Record) -> Thread:
    return Thread(*row)


async def of_conversations(conn: Connection, channel: str, conversations: Iterable[str]) -> dict[str, Thread]:
    """The threads of conversations that have one."""
    rows = await conn.fetch(
        f"select {_COLUMNS} from desk_threads t where t.channel = $1 and t.conversation = any($2::text[])",
        channel,
        list(conversations),
    )
    return {row["conversation"]: _thread(row) for row in rows}


async def at(conn: Connection, channel: str, place: str, thread: str) -> Thread | None:
    """The thread at a place."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from desk_threads t where t.channel = $1 and t.place = $2 and t.thread = $3",
        channel,
        place,
        thread,
    )
    return _thread(row) if row else None


async def may_be_at(conn: Connection, channel: str, place: str, thread: str) -> bool:
    """Whether a thread is, or may turn out to be, at a place: one that is being opened stands there before we know."""
    return bool(
        await conn.fetchval(
            """select exists (select from desk_threads where channel = $1 and place = $2 and thread = $3)
                or exists (select from desk_threads
                    where channel = $1 and thread is null and opening_at is not null)""",
            channel,
            place,
            thread,
        )
    )


# Which conversations have one -------------------------------------------------------------------------------------


async def begin(conn: Connection, channel: str, conversation: str, seq: int) -> None:
    """A conversation gets a thread with its entry `seq`; without effect where it has one."""
    await conn.execute(
        """
        insert into desk_threads (channel, conversation, from_seq, from_key)
        select $1, s.conversation, s.seq, coalesce((select max(m.key) from messages m where m.conversation = $2
                and (m.seq < s.seq or (m.seq is null and m.created_at < s.created_at))), 0)
        from status_changes s where s.conversation = $2 and s.seq = $3
        on conflict (channel, conversation) do nothing
        """,
        channel,
        conversation,
        seq,
    )


async def begin_all_waiting(conn: Connection, channel: str) -> None:
    """All conversations that wait now get a thread, unless they have one."""
    await conn.execute(
        """
        insert into desk_threads (channel, conversation, from_seq, from_key)
        select $1, c.id, i.seq, coalesce((select max(m.key) from messages m where m.conversation = c.id), 0)
        from conversations c join identities i on i.id = c.identity where c.status = 'waiting'
        order by c.priority desc, c.waiting_since
        on conflict (channel, conversation) do nothing
        """,
        channel,
    )


async def open_ones(conn: Connection, channel: str) -> list[Thread]:
    """The threads of conversations that are not closed."""
    rows = await conn.fetch(
        f"""select {_COLUMNS} from desk_threads t join conversations c on c.id = t.conversation
            where t.channel = $1 and c.status <> 'closed' order by t.id""",
        channel,
    )
    return [_thread(row) for row in rows]


async def touch(conn: Connection, ids: Iterable[int]) -> None:
    """What the first posts of threads show may be different now."""
    await conn.execute("update desk_threads set touched = touched + 1 where id = any($1::bigint[])", list(ids))


# Opening them -----------------------------------------------------------------------------------------------------


async def unopened(conn: Connection, channel: str) -> Thread | None:
    """The thread that is to be opened next."""
    row = await conn.fetchrow(
        f"""select {_COLUMNS} from desk_threads t join conversations c on c.id = t.conversation
            where t.channel = $1 and t.thread is null order by c.status = 'closed', c.priority desc, t.id limit 1""",
        channel,
    )
    return _thread(row) if row else None


async def move(conn: Connection, channel: str, place: str) -> None:
    """The threads of open conversations that are at another place than this one are to be opened anew."""
    await conn.execute(
        """update desk_threads t set place = null, thread = null, opening_at = null, face = null
            from conversations c where c.id = t.conversation and c.status <> 'closed'
                and t.channel = $1 and t.place <> $2""",
        channel,
        place,
    )


async def opening(conn: Connection, id: int) -> datetime:
    """Commits that a thread's first post is about to be sent; answers since when that is tried."""
    since: datetime = await conn.fetchval(
        """update desk_threads set place = null, thread = null, opening_at = coalesce(opening_at, clock_timestamp())
            where id = $1 returning opening_at""",
        id,
    )
    return since


async def opened(conn: Connection, id: int, place: str, thread: str) -> None:
    """The thread is there."""
    await conn.execute(
        "update desk_threads set place = $2, thread = $3, opening_at = null where id = $1", id, place, thread
    )


async def lost(conn: Connection, id: int) -> None:
    """The thread is no longer there: it will be opened anew."""
    await conn.execute(
        "update desk_threads set place = null, thread = null, opening_at = null, face = null where id = $1", id
    )


async def to_show(conn: Connection, channel: str, limit: int) -> list[Thread]:
    """Threads whose first post may have to change."""
    rows = await conn.fetch(
        f"""select {_COLUMNS} from desk_threads t where t.channel = $1 and t.touched <> t.shown
            and t.thread is not null order by t.id limit $2""",
        channel,
        limit,
    )
    return [_thread(row) for row in rows]


async def shows(conn: Connection, seen: Thread, face: str) -> None:
    """The first post of a thread shows `face`, which is how things stood when `seen` was read."""
    await conn.execute("update desk_threads set face = $2, shown = $3 where id = $1", seen.id, face, seen.touched)


async def unwritten_thread(conn: Connection, channel: str) -> Thread | None:
    """The opened thread whose next line has waited longest."""
    row = await conn.fetchrow(
        f"""select {_COLUMNS} from desk_lines l join desk_threads t on t.id = l.thread
            where l.ts is null and t.channel = $1 and t.thread is not null order by l.number limit 1""",
        channel,
    )
    return _thread(row) if row else None
