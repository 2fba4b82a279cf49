"""What became of the answers that the knowledge base gave.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    # One row for each answer. `odds` is how sure one was of it, before labels had their say (null: the customer chose
    # the article, so nobody guessed); `correct` is an agent's word for it (null: none, or taken back). No question is
    # kept here: it stands in the messages of the same turn, and goes with them. The message is made in the statement
    # that names it: looking it up again would only cost time.
    """
    create table served_answers (
        message      bigint primary key,
        article      text not null,
        revision     int not null,
        odds         real,
        correct      boolean,
        corrected_by text references users,
        corrected_at timestamptz
    )
    """,
    "create index on served_answers (corrected_at) where corrected_at is not null",
    "create index on feedback (created_at)",
    """
    insert into served_answers (message, article, revision)
    select key, extra #>> '{sources,0,article}', (extra #>> '{sources,0,revision}')::int
    from messages where author = 'bot' and extra -> 'sources' is not null
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a database is not taken back; restore a backup")
