"""What is, or is to be, written in the threads of `hub.store.threads`.

Everything that happens in such a conversation makes one line, in its order. Lines are put into posts; a post has a name
before it is sent, so that one that was interrupted can be looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from hub.store.db import Connection
from hub.store.messages import COLUMNS as MESSAGE
from hub.store.messages import FROM as MESSAGES
from hub.store.messages import from_row as message_from_row
from hub.store.threads import Thread
from hub.types import Message

What = Literal["said", "file", "lost", "failed", "dropped", "unknown", "waits", "arrived", "status", "own"]
"""What a line is about: words or a part of them; a file, or one that could not be had; a message that did not arrive,
that waits for the customer, or that arrived in the end; a step of the conversation's life. Or it was written there."""


class Draft(Struct, frozen=True):
    """A line that is to be written, unless there is one with its `key` already.

    `entry`: the key of a message, or the number of a step; `item`: which part of it, which file, or the reason.
    """

    thread: int
    key: str
    what: What
    entry: int | None = None
    item: str | None = None


class Written(Struct, frozen=True):
    """A line as it is stored; `post` and `tried_at` say in which post it was sent, if it was, and since when."""

    number: int
    what: What
    entry: int | None
    item: str | None
    post: str | None
    tried_at: datetime | None


async def add(conn: Connection, drafts: Sequence[Draft]) -> int:
    """Lines that are to be written, in this order, but for those that there are already; answers how many are new."""
    done = await conn.execute(
        """
        insert into desk_lines (thread, key, what, entry, item)
        select thread, key, what, entry, item
        from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[])
            with ordinality as line (thread, key, what, entry, item, n) order by n
        on conflict (thread, key) do nothing
        """,
        [draft.thread for draft in drafts],
        [draft.key for draft in drafts],
        [draft.what for draft in drafts],
        [draft.entry for draft in drafts],
        [draft.item for draft in drafts],
    )
    return int(done.rpartition(" ")[2])


async def add_own(conn: Connection, thread: int, key: str, ts: str) -> None:
    """What `key` stands for was written in the thread itself, so that it is not written there again."""
    await conn.execute(
        """insert into desk_lines (thread, key, what, ts) values ($1, $2, 'own', $3)
            on conflict (thread, key) do nothing""",
        thread,
        key,
        ts,
    )


async def has(conn: Connection, thread: int, keys: Sequence[str]) -> set[str]:
    """Which of these lines there are."""
    rows = await conn.fetch(
        "select key from desk_lines where thread = $1 and key = any($2::text[])", thread, list(keys)
    )
    return {row["key"] for row in rows}


async def unwritten(conn: Connection, thread: int, limit: int) -> list[Written]:
    """The next lines that are to be written in a thread."""
    rows = await conn.fetch(
        """select number, what, entry, item, post, tried_at from desk_lines
            where thread = $1 and ts is null order by number limit $2""",
        thread,
        limit,
    )
    return [Written(*row) for row in rows]


async def put_into(conn: Connection, numbers: Sequence[int], post: str) -> None:
    """Commits that these lines are about to be sent in the post of this name."""
    await conn.execute(
        "update desk_lines set post = $2, tried_at = clock_timestamp() where number = any($1::bigint[])",
        list(numbers),
        post,
    )


async def written(conn: Connection, numbers: Sequence[int], ts: str) -> None:
    """The platform has these lines."""
    await conn.execute("update desk_lines set ts = $2 where number = any($1::bigint[])", list(numbers), ts)


# What they are about ----------------------------------------------------------------------------------------------


async def before(conn: Connection, thread: Thread, limit: int) -> tuple[list[Message], int]:
    """What was said and noted last before there was a thread, oldest first, and how many more there were before."""
    rows = await conn.fetch(
        f"""select {MESSAGE}, count(*) over () as all_of_them from {MESSAGES}
            where m.conversation = $1 and m.key <= $2 order by m.key desc limit $3""",
        thread.conversation,
        thread.from_key,
        limit,
    )
    found = [message_from_row(row) for row in reversed(rows)]
    return found, rows[0]["all_of_them"] - len(found) if rows else 0


class Step(Struct, frozen=True, kw_only=True):
    """A step of a conversation's life, with the names of those who had a part in it; `left`: who had it before."""

    seq: int
    action: str
    status: str
    reason: str | None
    owner: str | None
    actor: str | None
    left: str | None
    at: datetime


async def steps(conn: Connection, conversation: str, seqs: Sequence[int]) -> dict[int, Step]:
    """Steps of a conversation's life by their numbers."""
    rows = await conn.fetch(
        """
        select s.seq, s.action, s.status, s.reason, o.name as owner, a.name as actor, s.created_at as at,
            (select u.name from status_changes p join users u on u.id = p.owner
                where p.conversation = s.conversation and p.seq = (select max(b.seq) from status_changes b
                    where b.conversation = s.conversation and b.seq < s.seq)) as left
        from status_changes s left join users o on o.id = s.owner left join users a on a.id = s.actor
        where s.conversation = $1 and s.seq = any($2::bigint[])
        """,
        conversation,
        list(seqs),
    )
    return {row["seq"]: Step(**row) for row in rows}


async def statuses(conn: Connection, entries: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """What conversations became with entries of their streams."""
    rows = await conn.fetch(
        """select s.conversation, s.seq, s.status from unnest($1::text[], $2::bigint[]) as wanted (conversation, seq)
            join status_changes s using (conversation, seq)""",
        [conversation for conversation, _ in entries],
        [seq for _, seq in entries],
    )
    return {(row["conversation"], row["seq"]): row["status"] for row in rows}


async def steps_after(conn: Connection, conversation: str, seq: int) -> list[tuple[int, datetime]]:
    """The later steps of a conversation's life."""
    rows = await conn.fetch(
        "select seq, created_at from status_changes where conversation = $1 and seq > $2 order by seq",
        conversation,
        seq,
    )
    return [(row["seq"], row["created_at"]) for row in rows]


async def deferred(conn: Connection, keys: Sequence[int]) -> set[int]:
    """Which of these messages wait until their customer writes again."""
    rows = await conn.fetch(
        "select key from messages where key = any($1::bigint[]) and delivery = 'queued' and due_at = 'infinity'",
        list(keys),
    )
    return {row["key"] for row in rows}
