"""Complaints: what a customer put down, under the number that they were told."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hub.store.db import Connection


async def file(conn: Connection, conversation: str, turn: str, record: Mapping[str, object]) -> str:
    """Files a complaint within the caller's transaction and answers its reference, as in `C-261121-0042`."""
    reference: str = await conn.fetchval(
        """
        with next as (select nextval(pg_get_serial_sequence('complaints', 'number')) as number)
        insert into complaints (number, reference, conversation, turn, record) overriding system value
        select number, to_char(now(), '"C-"YYMMDD-') || lpad(number::text, greatest(4, length(number::text)), '0'),
               $1, $2, $3
        from next returning reference
        """,
        conversation,
        turn,
        msgspec.json.encode(record).decode(),
    )
    return reference
