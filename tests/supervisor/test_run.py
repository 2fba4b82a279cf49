"""The supervisor with real databases: it brings everything up, keeps it up, and leaves nothing behind."""

import os
import signal
import socket
from collections.abc import Iterator

import asyncpg
import psutil
import pytest

from app.supervisor.ports import split
from tests.supervisor.installation import Installation


@pytest.fixture
def installation() -> Iterator[Installation]:
    place = Installation()
    yield place
    place.remove()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_wanted_stop_leaves_nothing_behind(installation: Installation, how: signal.Signals) -> None:
    installation.start()
    now = installation.wait_ready()
    assert set(now.parts) == {"postgres", "redis", "rasa", "hub"}
    status, printed = installation.finish(how)
    assert status == 0, printed
    assert "Parley is up" in printed
    assert installation.alive() == []
    assert not (installation.var / "run.json").exists()


def test_a_closed_terminal_is_a_wanted_stop(installation: Installation) -> None:
    ours, theirs = os.openpty()
    installation.start(theirs)
    os.close(theirs)
    installation.wait_ready()
    os.close(ours)
    status, printed = installation.finish()
    assert status == 0, printed
    assert installation.alive() == []


def test_what_is_killed_comes_back_under_the_same_address(installation: Installation) -> None:
    installation.start()
    before = installation.wait_ready()
    for name, part in before.parts.items():
        psutil.Process(part.pid).kill()
        after = installation.wait_for(lambda now, name=name: now.parts[name].restarts == 1)  # type: ignore[misc]
        assert after.parts[name].pid != part.pid
        assert after.environment == before.environment
    status, printed = installation.finish(signal.SIGINT)
    assert status == 0, printed
    assert "was killed by signal 9" in printed
    assert installation.alive() == []


async def test_what_was_committed_survives_the_kill_of_everything(installation: Installation) -> None:
    installation.start()
    before = installation.wait_ready()
    connection = await asyncpg.connect(before.environment["DATABASE_URL"])
    await connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    await connection.close()
    installation.finish(signal.SIGKILL)
    installation.wait_until_nothing_runs()
    assert (installation.var / "run.json").exists()

    installation.start()
    installation.wait_for(lambda now: now.ready and now.supervisor != before.supervisor)
    connection = await asyncpg.connect(before.environment["DATABASE_URL"])
    assert await connection.fetchval("SELECT number FROM kept") == 7
    await connection.close()


def test_a_second_start_says_so_in_one_line(installation: Installation) -> None:
    installation.start()
    installation.wait_ready()
    installation.start()
    status, printed = installation.finish()
    assert status == 1
    assert printed.count("\n") == 1
    assert "already runs" in printed
    assert installation.http in printed


def test_a_taken_address_is_said_in_one_line(installation: Installation) -> None:
    with socket.create_server(split(installation.http)):
        installation.start()
        status, printed = installation.finish()
    assert status == 1
    assert printed.count("\n") == 1
    assert "PARLEY_HTTP" in printed


def test_a_part_that_dies_again_and_again_is_named_with_its_log(installation: Installation) -> None:
    (installation.root / "orders").write_text("5")
    installation.start()
    status, printed = installation.finish()
    assert status == 1
    assert "hub ended with status 5" in printed
    assert "secret of the trouble" in printed
    assert str(installation.var / "logs" / "hub.log") in printed
    assert installation.alive() == []


def test_a_wrong_setting_is_not_tried_again(installation: Installation) -> None:
    (installation.root / "orders").write_text("78")
    installation.start()
    status, printed = installation.finish()
    assert status == 1
    assert printed.count("secret of the trouble") == 1
    assert "again" not in printed


def test_a_missing_bot_is_said(installation: Installation) -> None:
    (installation.var / "models" / "bot.tar.gz").unlink()
    installation.start()
    status, printed = installation.finish()
    assert status == 1
    assert "bot.tar.gz is missing" in printed
    assert installation.alive() == []
