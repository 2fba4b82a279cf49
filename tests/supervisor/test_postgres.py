"""What PostgreSQL finds at a start: a cluster, leftovers, a lock of yesterday."""

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.supervisor.part import wait_until_ready
from app.supervisor.place import server_account, socket_folder
from app.supervisor.postgres import Postgres
from app.supervisor.process import Process


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(socket_folder(folder, server_account()), ignore_errors=True)
    shutil.rmtree(folder)


async def test_a_server_left_behind_is_stopped_and_its_data_kept(var: Path) -> None:
    forgotten = Process(Postgres(var).prepare())
    server = Postgres(var)
    await wait_until_ready(server)
    connection = await asyncpg.connect(server.url)
    await connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    await connection.close()
    waiting = asyncio.create_task(_reap(forgotten))

    process = Process(await asyncio.to_thread(server.prepare))
    try:
        assert await waiting == 0
        await wait_until_ready(server)
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT number FROM kept") == 7
        await connection.close()
    finally:
        await process.stop()


async def test_a_lock_that_names_a_stranger_does_not_stop_the_start(var: Path) -> None:
    server = Postgres(var)
    server.prepare()
    lock = var / "postgres" / "data" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n")
    process = Process(server.prepare())
    try:
        await wait_until_ready(server)
    finally:
        await process.stop()


def test_the_password_is_for_its_owner(var: Path) -> None:
    server = Postgres(var)
    assert server.url == Postgres(var).url
    file = var / "postgres" / "password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() in server.url
    assert len(file.read_text()) >= 32


async def _reap(process: Process) -> int:
    while (status := process.exit_status()) is None:
        await asyncio.sleep(0.02)
    return status
