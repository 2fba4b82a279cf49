"""What the bot has to know from one turn to the next, complaints, and urgency in the queue.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "alter table conversations drop column episode",
    "alter table conversations add column memory jsonb not null default '{}'",
    "alter table conversations add column priority int not null default 0",
    """
    -- `reference` is what the customer is told; a turn files at most one, however often it is tried.
    create table complaints (
        number       bigint generated always as identity primary key,
        reference    text not null unique,
        conversation text not null references conversations,
        turn         text not null unique,
        record       jsonb not null,
        created_at   timestamptz not null default clock_timestamp()
    )
    """,
    "create index on complaints (conversation)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a database is not taken back; restore a backup")
