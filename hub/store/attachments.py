"""Files that customers sent; kept in the database, so that what was acknowledged is stored like any message."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from hub.errors import InvalidRequest
from hub.store.db import Connection
from hub.types import Attachment


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
        "select id, name, type, size from attachments where identity = $1 and id = any($2::text[])", stream, list(ids)
    )
    found = {row["id"]: Attachment(*row) for row in rows}
    missing = [id for id in ids if id not in found]
    if missing:
        raise InvalidRequest(f"attachments: {missing[0]} is not a file of this session; upload it first")
    return tuple(found[id] for id in ids)


async def read(conn: Connection, id: str, stream: int | None = None) -> tuple[Attachment, bytes] | None:
    """A file with its bytes; only if it is `stream`'s, where that is given."""
    row = await conn.fetchrow(
        "select id, name, type, size, data from attachments where id = $1 and ($2::bigint is null or identity = $2)",
        id,
        stream,
    )
    return (Attachment(row["id"], row["name"], row["type"], row["size"]), row["data"]) if row else None
