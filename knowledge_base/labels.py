"""What became of answers, read from the database: who or what says that they were right.

The strongest label counts: an agent's correction, then the customer's thumb, then a handover right after the answer.
"""

from __future__ import annotations

from datetime import datetime

from hub.store.db import Connection
from knowledge_base.outcomes import Answered, Wrong

LATEST = 20_000
"""Answers that teach how sure to be; what is older was another shop's."""

LATEST_WRONG = 2_000
"""Wrongly answered questions that are kept at hand."""

Mark = tuple[datetime | None, datetime | None]


async def mark(conn: Connection) -> Mark:
    """Something that changes with each correction and each thumb; costs two look-ups."""
    row = await conn.fetchrow(
        """select (select max(corrected_at) from served_answers where corrected_at is not null),
            (select max(created_at) from feedback)"""
    )
    return row[0], row[1]


async def answers(conn: Connection) -> list[Answered]:
    """The latest answers whose odds are known, with their labels.

    It counts as a handover that the customer asked for a human, or was not understood, with no more than one message
    after the answer.
    """
    rows = await conn.fetch(
        """
        with latest as materialized (
            select s.message, s.article, s.revision, s.odds, s.correct, f.helpful
            from (select * from served_answers where odds is not null order by message desc limit $1) s
            left join feedback f using (message)
        )
        select article, revision, odds, correct, helpful, correct is null and helpful is null and exists (
            select from (
                select s.seq from status_changes s where s.conversation = m.conversation and s.seq > m.seq
                    and s.status = 'waiting' and s.reason in ('asked', 'missed_twice') order by s.seq limit 1) handed
            where 2 > (
                select count(*) from messages c where c.conversation = m.conversation and c.author = 'customer'
                    and c.key > m.key and c.seq < handed.seq)
        ) as handed_over, i.customer
        from latest join messages m on m.key = latest.message join identities i on i.id = m.identity
        order by message desc
        """,
        LATEST,
    )
    return [_answered(*row) for row in rows]


async def wrong(conn: Connection, longest: int) -> list[Wrong]:
    """The latest questions, cut to `longest` characters, that a served revision of an article answered wrongly.

    A question is what the customer said in the turn of the answer, as it stands today. Where the customer chose the
    article there is none: what they said is its own title.
    """
    rows = await conn.fetch(
        """
        with said as (
            (select message, 'agent' as by, corrected_at as at from served_answers
                where corrected_at is not null and not correct)
            union all
            (select f.message, 'customer', f.created_at from feedback f join served_answers s using (message)
                where not f.helpful and s.correct is null)
        ),
        latest as (  -- agents' first: however many thumbs there are, they push none of those out
            select said.message, said.by, said.at, s.article, s.revision, m.turn
            from said join served_answers s using (message) join messages m on m.key = s.message
                join articles a on a.id = s.article and a.published_revision = s.revision
            where s.odds is not null order by said.by, said.at desc limit $1
        )
        select message, article, revision, asked.question, by from latest, lateral (
            select left(string_agg(q.text, E'\n' order by q.sent_at, q.key), $2) as question
            from messages q where q.turn = latest.turn and q.author = 'customer') asked
        where asked.question ~ '[^[:space:]]'
        """,
        LATEST_WRONG,
        longest,
    )
    return [Wrong(row["message"], (row["article"], row["revision"]), row["question"], row["by"]) for row in rows]


def _answered(
    article: str,
    revision: int,
    odds: float,
    correct: bool | None,
    helpful: bool | None,
    handed_over: bool,
    customer: str,
) -> Answered:
    key = (article, revision)
    if correct is not None:
        return Answered(key, odds, correct, "agent", customer)
    if helpful is not None:
        return Answered(key, odds, helpful, "customer", customer)
    return Answered(key, odds, not handed_over, "handover" if handed_over else None, customer)
