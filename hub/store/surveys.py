"""What people think: customers of a conversation and of a single message, agents of an answer."""

from __future__ import annotations

from hub.store.db import Connection


async def rate(conn: Connection, conversation: str, score: int, comment: str | None) -> None:
    """Keeps a rating from 1 to 5; the last one counts."""
    await conn.execute(
        """insert into ratings (conversation, score, comment) values ($1, $2, $3)
            on conflict (conversation) do update set score = $2, comment = $3, created_at = now()""",
        conversation,
        score,
        comment,
    )


async def rate_once(conn: Connection, conversation: str, score: int, comment: str | None) -> bool:
    """Keeps a rating unless there is one; whether it was kept."""
    return bool(
        await conn.fetchval(
            """insert into ratings (conversation, score, comment) values ($1, $2, $3)
                on conflict (conversation) do nothing returning true""",
            conversation,
            score,
            comment,
        )
    )


async def rated(conn: Connection, conversation: str) -> bool:
    """Whether a conversation has a rating."""
    return bool(await conn.fetchval("select exists (select from ratings where conversation = $1)", conversation))


async def feedback(conn: Connection, stream: int, message: str, helpful: bool) -> bool:
    """Keeps whether a message of ours helped; False where the stream has no such message."""
    key = await conn.fetchval(
        """insert into feedback (message, helpful)
            select key, $3 from messages
                where identity = $1 and id = $2 and author in ('bot', 'agent') and seq is not null
            on conflict (message) do update set helpful = $3, created_at = now() returning message""",
        stream,
        message,
        helpful,
    )
    return key is not None


async def correct(conn: Connection, conversation: str, message: str, agent: str, right: bool | None) -> int | None:
    """Keeps an agent's word on whether an answer was right, and tells all agents; None takes back what was said.

    Answers the message's key; None where the conversation has no such message out of the knowledge base.
    """
    key: int | None = await conn.fetchval(
        """
        with said as (
            update served_answers s set correct = $4, corrected_by = $3, corrected_at = clock_timestamp()
            from messages m where m.conversation = $1 and m.id = $2 and s.message = m.key returning s.message
        ),
        told as (insert into events (kind, conversation, message) select 'message', $1, message from said)
        select message from said
        """,
        conversation,
        message,
        agent,
        right,
    )
    return key
