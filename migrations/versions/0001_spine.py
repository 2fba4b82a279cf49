"""The spine: people, conversations, messages, turns, feed, articles.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PEOPLE = """
create table users (
    id            text primary key,
    email         text not null unique,
    name          text not null,
    password_hash text not null,
    roles         text[] not null,
    seen_at       timestamptz,
    created_at    timestamptz not null default now()
);
create table logins (
    token_hash text primary key,
    user_id    text not null references users on delete cascade,
    expires_at timestamptz not null
);
create table customers (
    id         text primary key,
    name       text,
    email      text,
    created_at timestamptz not null default now()
);
-- Somebody on a channel, and the stream of all that they see: `seq` is the number of its last entry. Whoever writes
-- to a stream or changes what its customer sees locks this row first, so numbers appear in the order of commits.
create table identities (
    id           bigint generated always as identity primary key,
    channel      text not null,
    external_id  text not null,
    customer     text not null references customers,
    conversation text,
    seq          bigint not null default 0,
    created_at   timestamptz not null default now(),
    unique (channel, external_id)
) with (fillfactor = 70);
create index on identities (customer);
"""

CONVERSATIONS = """
create table conversations (
    id              text primary key,
    identity        bigint not null references identities,
    channel         text not null,
    customer        text not null references customers,
    status          text not null default 'bot' check (status in ('bot', 'waiting', 'human', 'closed')),
    owner           text references users,
    owner_epoch     int not null default 0,
    team            text,
    language        text not null,
    episode         int not null default 0,
    misses          int not null default 0,
    reason          text,
    waiting_since   timestamptz,
    closed_by_human boolean not null default false,
    context         jsonb,
    turn            text,
    lease_token     text,
    lease_until     timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check ((status = 'human') = (owner is not null)),
    check ((status = 'waiting') = (waiting_since is not null)),
    check ((turn is null) = (lease_token is null))
) with (fillfactor = 70);
create index on conversations (updated_at desc, id);
create index on conversations (waiting_since) where status = 'waiting';
create index on conversations (owner) where owner is not null;
create index on conversations (customer);
create index on conversations (updated_at) where status <> 'closed';
alter table identities add foreign key (conversation) references conversations deferrable initially deferred;

create table turns (
    id           text primary key,
    conversation text not null references conversations,
    owner_epoch  int not null,
    attempt      int not null default 1,
    state        text not null check (state in ('open', 'done', 'dropped')),
    result       jsonb,
    started_at   timestamptz not null default clock_timestamp(),
    finished_at  timestamptz
) with (fillfactor = 80);
create index on turns (conversation, started_at);
create index turns_open on turns (conversation) where state = 'open';
"""

MESSAGES = """
-- Ledger, transcript and outbox in one. A customer's message is new until a `turn` takes it; ours names the turn that
-- said it. `delivery` is the way of ours to the customer; `owner_epoch` is whose word it was. Notes have no `seq`.
-- The stream is the conversation's and the turn is made in the statement that names it: looking both up again for each
-- message would cost a tenth of the database's time.
create table messages (
    key          bigint generated always as identity primary key,
    id           text not null,
    identity     bigint not null,
    conversation text not null references conversations,
    seq          bigint,
    kind         text not null default 'message' check (kind in ('message', 'note')),
    author       text not null check (author in ('customer', 'bot', 'agent', 'system')),
    agent        text references users,
    text         text not null,
    payload      text,
    extra        jsonb,
    channel      text not null,
    scope        text,
    external_id  text,
    raw          bytea,
    turn         text,
    owner_epoch  int not null default 0,
    delivery     text not null,
    attempts     int not null default 0,
    due_at       timestamptz,
    platform_id  text,
    error        text,
    created_at   timestamptz not null default clock_timestamp(),
    check ((seq is null) = (kind = 'note')),
    check ((scope is not null) = (author = 'customer'))
) with (fillfactor = 80);
create unique index messages_public on messages (identity, id);
create unique index messages_external on messages (channel, scope, external_id) where external_id is not null;
create unique index messages_stream on messages (identity, seq) where seq is not null;
create index on messages (conversation, key);
create index messages_new on messages (conversation) where author = 'customer' and turn is null;
create index messages_turn on messages (turn) where turn is not null;
create index messages_outbox on messages (conversation, key) where delivery in ('queued', 'sending');

create table status_changes (
    identity     bigint not null references identities,
    seq          bigint not null,
    conversation text not null references conversations,
    action       text not null,
    status       text not null,
    owner        text references users,
    owner_epoch  int not null,
    actor        text,
    reason       text,
    created_at   timestamptz not null default clock_timestamp(),
    primary key (identity, seq)
);
create index on status_changes (conversation, seq);

create table attachments (
    id         text primary key,
    identity   bigint not null references identities,
    name       text not null,
    type       text not null,
    size       int not null,
    data       bytea not null,
    created_at timestamptz not null default now()
);
create table ratings (
    conversation text primary key references conversations,
    score        int not null check (score between 1 and 5),
    comment      text,
    created_at   timestamptz not null default now()
);
create table feedback (
    message    bigint primary key references messages,
    helpful    boolean not null,
    created_at timestamptz not null default now()
);
"""

FEED = """
-- What the agents' feed reads. A plain number would miss rows that commit late; (xid, id) below the oldest running
-- transaction misses none.
create table events (
    xid          xid8 not null default pg_current_xact_id(),
    id           bigint generated always as identity,
    kind         text not null,
    conversation text,
    message      bigint,
    article      text,
    created_at   timestamptz not null default now(),
    primary key (xid, id)
);
"""

KNOWLEDGE = """
create table articles (
    id                 text primary key,
    category           text not null,
    state              text not null check (state in ('draft', 'published', 'archived')),
    latest_revision    int not null,
    published_revision int,
    version            bigint not null default 0,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now()
);
create index on articles (updated_at desc, id);
create index on articles (version);
create table revisions (
    article      text not null references articles,
    revision     int not null,
    translations jsonb not null,
    author       text references users,
    created_at   timestamptz not null default now(),
    primary key (article, revision)
);
-- One row: the number of the last change of what is served. Every publication locks it, so versions appear in order.
create table knowledge_state (
    one     boolean primary key default true check (one),
    version bigint not null
);
insert into knowledge_state (version) values (0);
"""


def upgrade() -> None:
    for part in (PEOPLE, CONVERSATIONS, MESSAGES, FEED, KNOWLEDGE):
        for statement in part.split(";\n"):
            if statement.strip():
                op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a database is not taken back; restore a backup")
