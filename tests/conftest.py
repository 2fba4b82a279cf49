"""Real servers for the tests: one PostgreSQL and one Redis for each worker, the same ones that ``make run`` starts."""

import asyncio
import dataclasses
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from signal import Signals

import asyncpg
import pytest

from app.migrate import upgrade
from app.supervisor.part import wait_until_ready
from app.supervisor.place import server_account, socket_folder
from app.supervisor.postgres import Postgres
from app.supervisor.process import Process
from app.supervisor.redis import Redis
from tests.bot import confusion
from tests.connectors.mail import figures as mail_figures
from tests.dialogues import figures

_HURRY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "io_method": "sync"}
_TEMPLATE = "parley_template"
_shapes: dict[str, str] = {}
_SHAPE = """
select md5(string_agg(concat(c.relname, ' ', a.attname, ' ', a.atttypid), ',' order by c.relname, a.attnum))
from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace
"""
_EMPTY = """
do $$ declare place record; filled boolean; begin
    set local session_replication_role = replica;
    for place in select tablename from pg_tables where schemaname = 'public'
        and tablename not in ('alembic_version', 'knowledge_state') loop
        execute format('select exists (select from %I)', place.tablename) into filled;
        if filled then execute format('delete from %I', place.tablename); end if;
    end loop;
    update knowledge_state set version = 0 where version <> 0;
    perform setval(format('%I', sequencename)::regclass, 1, false) from pg_sequences
        where schemaname = 'public' and last_value is not null;
end $$
"""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What is to be read at the end of a run."""
    figures.show(terminalreporter)
    confusion.show(terminalreporter)
    mail_figures.show(terminalreporter)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A ``var`` folder that a server's account can reach, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="parley-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(socket_folder(folder, server_account()), ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """A running PostgreSQL with an empty, migrated template database. Not durable: for speed only."""
    server = Postgres(server_folder, settings=_HURRY)
    process = Process(dataclasses.replace(server.prepare(), stop_signal=Signals.SIGQUIT))  # nothing to save
    try:
        asyncio.run(_make_template(server))
        yield server
    finally:
        asyncio.run(process.stop())


@pytest.fixture(scope="session")
def empty_databases() -> list[str]:
    """The names of migrated databases in which nothing is left of the tests that had them."""
    return []


@pytest.fixture
async def database_url(postgres: Postgres, empty_databases: list[str]) -> AsyncIterator[str]:
    """The address of a database of the test's own, migrated and empty."""
    if empty_databases:
        name = empty_databases.pop()
    else:
        name = f"test_{uuid.uuid4().hex[:12]}"
        await _execute(postgres, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy")
    yield postgres.url_of(name)
    if await _emptied(postgres.url_of(name), await _shape(postgres)):  # far quicker than a new one
        empty_databases.append(name)


async def _shape(server: Postgres) -> str:
    """What the tables are like when nobody has changed them."""
    url = server.url_of(_TEMPLATE)
    if url not in _shapes:
        connection = await asyncpg.connect(url)
        _shapes[url] = await connection.fetchval(_SHAPE)
        await connection.close()
    return _shapes[url]


async def _emptied(url: str, shape: str) -> bool:
    """Ends whatever is still connected, and takes out all that was put in; numbers begin at 1 again.

    False where a test has changed the tables themselves: such a database is left alone.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        if await connection.fetchval(_SHAPE) != shape:
            return False
        await connection.execute(_EMPTY)
    finally:
        await connection.close()
    return True


@pytest.fixture(scope="session")
def redis_url(server_folder: Path) -> Iterator[str]:
    """The address of a running Redis that the tests of one worker share."""
    server = Redis(server_folder)
    process = Process(server.prepare())
    try:
        asyncio.run(wait_until_ready(server))
        yield server.url
    finally:
        asyncio.run(process.stop())


async def _make_template(server: Postgres) -> None:
    await wait_until_ready(server)
    await _execute(server, f"CREATE DATABASE {_TEMPLATE}")
    await upgrade(server.url_of(_TEMPLATE))


async def _execute(server: Postgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url_of("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
