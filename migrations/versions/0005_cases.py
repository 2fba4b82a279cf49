"""Letters: who takes part in a conversation, and how agents sorted what came into the wrong one.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """create table participants (
        conversation text not null references conversations,
        address      text not null,
        primary key (conversation, address)
    )""",
    "create index on participants (address)",
    "alter table conversations add column merged_into text references conversations",
    # One row for each time that an agent moved messages; `moved` holds what they were, so that it can be undone.
    """create table case_changes (
        id           bigint generated always as identity primary key,
        kind         text not null check (kind in ('merge', 'split')),
        from_case    text not null references conversations,
        to_case      text not null references conversations,
        moved        jsonb not null,
        agent        text not null references users,
        created_at   timestamptz not null default clock_timestamp(),
        undone_at    timestamptz
    )""",
    "create index on case_changes (from_case)",
    "create index on case_changes (to_case)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a database is not taken back; restore a backup")
