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


@pytest.fixture
async def database_url(postgres: Postgres) -> AsyncIterator[str]:
    """The address of a database of the test's own, migrated and empty."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await _execute(postgres, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy")
    yield postgres.url_of(name)
    await _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


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
