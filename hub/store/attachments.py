"""Files; kept in the database, so that what was acknowledged is stored like any message.

A file that a platform still has is `awaited`: known, shown, and fetched by whoever takes it in hand.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from msgspec import Struct

from hub.errors import InvalidRequest
from hub.store.db import Connection
from hub.types import Attachment, RemoteFile


async def add(conn: Connection, stream: int, name: str, type: str, data: bytes) -> Attachment:
    """Stores a file for a stream."""
    made = Attachment(str(uuid.uuid4()), name, type, len(data))
    await conn.execute(
        "insert into attachments (id, identity, name, type, size, data) values ($1, $2, $3, $4, $5, $6)",
        made.id,
        stream,
        made.name,
        made.type,
        made.size,
        data,
    )
    return made


async def of(conn: Connection, stream: int, ids: Sequence[str]) -> tuple[Attachment, ...]:
    """The files of a stream by their ids; raises `InvalidRequest` for one that is not this stream's."""
    if not ids:
        return ()
    rows = await conn.fetch(
        "select id, name, type, size, state from attachments where identity = $1 and id = any($2::text[])",
        stream,
        list(ids),
    )
    found = {row["id"]: Attachment(*row) for row in rows}
    missing = [id for id in ids if id not in found]
    if missing:
        raise InvalidRequest(f"attachments: {missing[0]} is not a file of this session; upload it first")
    return tuple(found[id] for id in ids)


async def read(conn: Connection, id: str, stream: int | None = None) -> tuple[Attachment, bytes] | None:
    """A file with its bytes; only if it is there, and `stream`'s where that is given."""
    row = await conn.fetchrow(
        """select id, name, type, size, data from attachments
            where id = $1 and data is not null and ($2::bigint is null or identity = $2)""",
        id,
        stream,
    )
    return (Attachment(row["id"], row["name"], row["type"], row["size"]), row["data"]) if row else None


# Files that a platform still has ---------------------------------------------------------------------------------


class Awaited(Struct, frozen=True):
    """A file in hand: what is to be fetched, the message it is in, and at which attempt."""

    file: Attachment
    handle: str
    channel: str
    message: int
    stream: int
    attempt: int


async def expect(conn: Connection, stream: int, files: Sequence[RemoteFile]) -> tuple[Attachment, ...]:
    """Notes files that are to be fetched; they are due once `belong_to` has said in which message they are."""
    made = tuple(Attachment(str(uuid.uuid4()), file.name, file.type, file.size, "awaited") for file in files)
    for attachment, file in zip(made, files, strict=True):
        await conn.execute(
            """insert into attachments (id, identity, name, type, size, state, handle)
                values ($1, $2, $3, $4, $5, 'awaited', $6)""",
            attachment.id,
            stream,
            attachment.name,
            attachment.type,
            attachment.size,
            file.handle,
        )
    return made


async def belong_to(conn: Connection, message: int, files: Sequence[Attachment]) -> None:
    """Says in which message files are, and lets them be fetched."""
    await conn.execute(
        "update attachments set message = $1, due_at = clock_timestamp() where id = any($2::text[])",
        message,
        [file.id for file in files],
    )


async def take(conn: Connection, id: str, seconds: float) -> Awaited | None:
    """Takes a file in hand for so many seconds; None where it is not due."""
    row = await conn.fetchrow(
        """
        update attachments a set attempts = a.attempts + 1, due_at = clock_timestamp() + make_interval(secs => $2)
        from messages m where a.id = $1 and a.state = 'awaited' and a.due_at <= clock_timestamp() and m.key = a.message
        returning a.id, a.name, a.type, a.size, a.handle, m.channel, a.message, a.identity, a.attempts
        """,
        id,
        seconds,
    )
    if row is None:
        return None
    file = Attachment(row["id"], row["name"], row["type"], row["size"], "awaited")
    return Awaited(file, row["handle"], row["channel"], row["message"], row["identity"], row["attempts"])


async def came(conn: Connection, file: Attachment, data: bytes) -> bool:
    """Stores what was fetched; False where that was done before."""
    done = await conn.execute(
        """update attachments set state = 'stored', name = $2, type = $3, size = $4, data = $5, error = null
            where id = $1 and state = 'awaited'""",
        file.id,
        file.name,
        file.type,
        file.size,
        data,
    )
    return done.endswith(" 1")


async def put_off(conn: Connection, id: str, seconds: float, error: str) -> None:
    """Lets a file be fetched again later."""
    await conn.execute(
        "update attachments set due_at = clock_timestamp() + make_interval(secs => $2), error = $3 where id = $1",
        id,
        seconds,
        error,
    )


async def lose(conn: Connection, id: str, error: str) -> bool:
    """Gives a file up; False where that was done before, or it came after all."""
    done = await conn.execute(
        "update attachments set state = 'lost', error = $2 where id = $1 and state = 'awaited'", id, error
    )
    return done.endswith(" 1")


async def due(conn: Connection, limit: int) -> list[str]:
    """Files to be fetched now."""
    rows = await conn.fetch(
        "select id from attachments where state = 'awaited' and due_at <= clock_timestamp() limit $1", limit
    )
    return [row["id"] for row in rows]
