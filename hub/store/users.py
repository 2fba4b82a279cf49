"""The people who work here, their log-ins, and who of them is there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
from msgspec import Struct

from hub.store.db import Connection
from hub.types import Agent, Role

ONLINE_FOR = timedelta(seconds=45)
"""How long after their last sign of life somebody counts as online; their console gives one every 20 seconds."""


class Colleague(Struct, frozen=True):
    """Somebody who works here, and whether they are online."""

    agent: Agent
    online: bool


_COLUMNS = "u.id, u.name, u.email, u.roles"


def _agent(row: asyncpg.Record) -> Agent:
    return Agent(row["id"], row["name"], row["email"], tuple(row["roles"]))


async def add(conn: Connection, email: str, name: str, password_hash: str, roles: Sequence[Role]) -> Agent | None:
    """Takes somebody in; None where the address is taken."""
    row = await conn.fetchrow(
        f"""insert into users as u (id, email, name, password_hash, roles) values ($1, $2, $3, $4, $5)
            on conflict (email) do nothing returning {_COLUMNS}""",
        str(uuid.uuid4()),
        email,
        name,
        password_hash,
        list(roles),
    )
    return _agent(row) if row else None


async def with_password(conn: Connection, email: str) -> tuple[Agent, str] | None:
    """Somebody by their address, with the hash of their password."""
    row = await conn.fetchrow(f"select {_COLUMNS}, u.password_hash from users u where u.email = $1", email)
    return (_agent(row), row["password_hash"]) if row else None


async def set_password(conn: Connection, user: str, password_hash: str) -> None:
    """Another password from now on; who is logged in stays so."""
    await conn.execute("update users set password_hash = $2 where id = $1", user, password_hash)


async def find(conn: Connection, who: str) -> Agent | None:
    """Somebody by their id or their address."""
    row = await conn.fetchrow(f"select {_COLUMNS} from users u where u.id = $1 or u.email = lower($1)", who)
    return _agent(row) if row else None


async def all_of(conn: Connection, roles: Sequence[Role]) -> list[Colleague]:
    """Those who have one of `roles`, by their names."""
    rows = await conn.fetch(
        f"""select {_COLUMNS}, coalesce(u.seen_at > now() - $2::interval, false) as online
            from users u where u.roles && $1::text[] order by u.name, u.id""",
        list(roles),
        ONLINE_FOR,
    )
    return [Colleague(_agent(row), row["online"]) for row in rows]


async def online(conn: Connection) -> dict[str, Agent]:
    """Those who are online, by their ids."""
    rows = await conn.fetch(f"select {_COLUMNS} from users u where u.seen_at > now() - $1::interval", ONLINE_FOR)
    return {row["id"]: _agent(row) for row in rows}


async def seen(conn: Connection, user: str) -> bool:
    """Somebody gives a sign of life; answers whether they had counted as away."""
    was_away: bool = await conn.fetchval(
        """
        with before as (select id, coalesce(seen_at <= now() - $2::interval, true) as away from users where id = $1)
        update users u set seen_at = now() from before where u.id = before.id returning before.away
        """,
        user,
        ONLINE_FOR,
    )
    return bool(was_away)


# Log-ins: only the tokens' hashes are kept ---------------------------------------------------------------------


async def add_login(conn: Connection, token_hash: str, user: str, lasts: timedelta) -> None:
    """Somebody logged in; log-ins that are over are forgotten at the same time."""
    await conn.execute("delete from logins where expires_at <= now()")
    await conn.execute(
        "insert into logins (token_hash, user_id, expires_at) values ($1, $2, now() + $3::interval)",
        token_hash,
        user,
        lasts,
    )


async def by_login(conn: Connection, token_hash: str) -> Agent | None:
    """Whose log-in this is; None where it is over or never was."""
    row = await conn.fetchrow(
        f"""select {_COLUMNS} from logins l join users u on u.id = l.user_id
            where l.token_hash = $1 and l.expires_at > now()""",
        token_hash,
    )
    return _agent(row) if row else None


async def remove_login(conn: Connection, token_hash: str) -> None:
    """Somebody logged out."""
    await conn.execute("delete from logins where token_hash = $1", token_hash)
