"""The database's schema, brought up to date.

The revisions stand in ``migrations/versions``. Several processes may call :func:`upgrade` at the same time: one does
the work under an advisory lock, the others wait and find nothing left to do.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.supervisor.state import adopt_environment

_REVISIONS: Final = Path(__file__).resolve().parent.parent / "migrations"
_LOCK: Final = 7_027_539  # any number, the same for every process


def main(arguments: list[str]) -> int:
    """The command ``migrate``: the database that ``DATABASE_URL`` names, or that of the running installation."""
    if arguments:
        raise SystemExit("migrate takes no arguments; DATABASE_URL names the database")
    adopt_environment()
    url = os.environ.get("DATABASE_URL")
    if not url:
        print("DATABASE_URL is not set, and nothing runs here: set it, or start `make run`", file=sys.stderr)
        return 1
    asyncio.run(upgrade(url))
    return 0


async def upgrade(database_url: str) -> None:
    """Apply the revisions that the database lacks, all in one transaction. Raises what the database says."""

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(database_url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.server_version_info >= (17,):  # type: ignore[operator]
        connection.execute(text("SET LOCAL transaction_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(_REVISIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    # A restored database brings transaction numbers that this server has yet to reach; the feed would wait for them.
    connection.execute(text("DELETE FROM events WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())"))
