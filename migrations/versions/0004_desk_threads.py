"""Threads in a chat of the agents': one for each conversation that was theirs, with what is written and done in it.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    # `place` and `thread` are the platform's words for where it is, null until it is opened; `opening_at`: since when
    # that is being tried. `from_key`, `from_seq`: what was said and what happened up to there is in the first post,
    # what came later is in lines. `touched`: how often the first post may have had to change; `shown`: up to where it
    # was looked at; `face`: what it shows.
    """create table desk_threads (
        id           bigint generated always as identity primary key,
        channel      text not null,
        conversation text not null references conversations on delete cascade,
        from_key     bigint not null,
        from_seq     bigint not null,
        place        text,
        thread       text,
        opening_at   timestamptz,
        face         text,
        touched      bigint not null default 1,
        shown        bigint not null default 0,
        created_at   timestamptz not null default clock_timestamp(),
        unique (channel, conversation),
        unique (channel, place, thread)
    ) with (fillfactor = 70)""",
    "create index on desk_threads (channel, id) where touched <> shown or thread is null",
    # One thing that happened, or a part of it; `key` says which, so that it is written once. `post`: the name of the
    # post it was put into; `ts`: the platform has that post, under this id.
    """create table desk_lines (
        number   bigint generated always as identity primary key,
        thread   bigint not null references desk_threads on delete cascade,
        key      text not null,
        what     text not null,
        entry    bigint,
        item     text,
        post     text,
        tried_at timestamptz,
        ts       text,
        unique (thread, key)
    ) with (fillfactor = 70)""",
    "create index desk_lines_unwritten on desk_lines (number) where ts is null",
    # What agents did there, stored before the platform is told that it came; done in its order. `thread` is the
    # platform's word: it may be known to an agent before it is to us.
    """create table desk_inbox (
        number      bigint generated always as identity primary key,
        channel     text not null,
        place       text not null,
        thread      text not null,
        key         text not null,
        deed        text not null,
        attempts    int not null default 0,
        due_at      timestamptz not null default clock_timestamp(),
        done_at     timestamptz,
        unique (channel, key)
    ) with (fillfactor = 70)""",
    "create index desk_inbox_undone on desk_inbox (channel, place, thread, number) where done_at is null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a database is not taken back; restore a backup")
