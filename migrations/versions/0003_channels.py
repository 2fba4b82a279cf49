"""What platforms demand: parts, holds, windows, people out of reach, files to fetch, what a channel remembers.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Who it is on the channel where one person has several identities; why nobody can write to them; until when and how
    # often the platform lets us; since when the platform wants their data gone; what else it says about them.
    """alter table identities
        add column person text,
        add column unreachable text,
        add column window_until timestamptz,
        add column window_left int,
        add column erase_asked_at timestamptz,
        add column profile jsonb not null default '{}'""",
    "create index on identities (channel, person) where person is not null",
    # `parts_sent`: how much of a message the platform has. `hold_until`: so long the answer to this message is not sent
    # but carried back; `carried`: that was done with the part `carried_part`, in answer to the message with that key.
    """alter table messages
        add column sent_at timestamptz,
        add column hold_until timestamptz,
        add column parts_sent int not null default 0,
        add column carried bigint,
        add column carried_part int""",
    "create index messages_held on messages (conversation) where hold_until is not null",
    "create index messages_platform on messages (channel, platform_id) where platform_id is not null",
    # A file that the platform still has: `handle` in its connector's words, `message` the key of the message it is in.
    """alter table attachments
        alter column data drop not null,
        add column state text not null default 'stored' check (state in ('stored', 'awaited', 'lost')),
        add column handle text,
        add column message bigint,
        add column attempts int not null default 0,
        add column due_at timestamptz,
        add column error text,
        add check (state <> 'stored' or data is not null)""",
    "create index attachments_awaited on attachments (due_at) where state = 'awaited'",
    # What a connector has to remember (a cursor, a token), and which process does what only one may do.
    """create table channel_state (
        channel     text not null,
        key         text not null,
        value       text,
        holder      text,
        lease_until timestamptz,
        updated_at  timestamptz not null default clock_timestamp(),
        primary key (channel, key)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a database is not taken back; restore a backup")
