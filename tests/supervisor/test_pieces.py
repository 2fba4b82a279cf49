"""The small pieces under the supervisor."""

import os
import socket
import sys
from pathlib import Path

import pytest

from app.supervisor import logs, place, state
from app.supervisor.place import Account
from app.supervisor.ports import find_free, is_free, split
from app.supervisor.probe import answers
from app.supervisor.process import Command, Process, last_lines, run_once


def test_a_taken_port_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free("127.0.0.1", server.getsockname()[1])
    assert is_free("127.0.0.1", find_free())


@pytest.mark.parametrize("address", ["8080", ":8080", "host:", "host:0", "host:99999", "host:http"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        split(address)


async def test_nobody_there_is_no_error() -> None:
    assert await answers("127.0.0.1", find_free(), "/") == 0


def test_an_account_enters_only_where_every_folder_lets_it(tmp_path: Path) -> None:
    stranger = Account(uid=os.getuid() + 54_321, gid=54_321)
    shut = tmp_path / "shut" / "inner"
    shut.mkdir(parents=True)
    shut.parent.chmod(0o700)
    assert not place.may_enter(shut, stranger)
    assert place.may_enter(shut, None)


def test_a_home_outside_moves_with_its_checkout_and_is_not_shared_with_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Account(uid=os.getuid() + 54_321, gid=54_321)
    tmp_path.chmod(0o700)
    lasting = tmp_path / "lasting"
    lasting.mkdir()
    monkeypatch.setattr(place, "_LASTING", (lasting,))
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    home = place.home(first, "postgres", stranger)
    assert home.parent == lasting
    assert place.home(first, "postgres", stranger) == home

    second.mkdir()
    (second / "postgres.place").write_bytes((first / "postgres.place").read_bytes())
    copied = place.home(second, "postgres", stranger)
    assert copied != home

    moved = tmp_path / "moved"
    first.rename(moved)
    assert place.home(moved, "postgres", stranger) == home


def test_sockets_have_a_short_private_folder(tmp_path: Path) -> None:
    var = tmp_path / ("long" * 40)
    folder = place.socket_folder(var, None)
    try:
        assert len(str(folder / ".s.PGSQL.5432")) < 100
        assert folder.stat().st_mode & 0o077 == 0
        assert place.socket_folder(var, None) == folder
        assert place.socket_folder(tmp_path, None) != folder
    finally:
        folder.rmdir()
        place.socket_folder(tmp_path, None).rmdir()


def test_logs_keep_one_old_and_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "hub.log"
    log.write_text("yesterday")
    logs.rotate(tmp_path)
    assert (tmp_path / "hub.log.1").read_text() == "yesterday"
    assert not log.exists()
    monkeypatch.setattr(logs, "_LARGEST", 10)
    log.write_text("more than ten bytes")
    logs.shorten(tmp_path)
    assert log.read_text() == ""
    assert (tmp_path / "hub.log.1").read_text() == "more than ten bytes"


def test_the_state_is_for_its_owner_and_of_a_living_supervisor(tmp_path: Path) -> None:
    me = state.ProcessState(pid=os.getpid(), created=state.created(os.getpid()))
    state.write(tmp_path, state.RunState(supervisor=me, http="http://h", environment={"DATABASE_URL": "secret"}))
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
    found = state.running(tmp_path)
    assert found is not None
    assert found.environment == {"DATABASE_URL": "secret"}
    state.write(tmp_path, state.RunState(supervisor=state.ProcessState(pid=me.pid, created=1.0), http="http://h"))
    assert state.running(tmp_path) is None
    (tmp_path / "run.json").write_text("{ half")
    assert state.read(tmp_path) is None


def test_one_supervisor_holds_the_lock(tmp_path: Path) -> None:
    first, second = state.Lock(tmp_path), state.Lock(tmp_path)
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


async def test_a_stubborn_process_ends_with_its_children(tmp_path: Path) -> None:
    program = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); "
        "print(os.getpid(), flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    command = Command(argv=[sys.executable, "-c", program], cwd=tmp_path, log=log, env={}, grace=0.2)
    process = Process(command)
    while len(last_lines(log)) < 2:
        assert process.exit_status() is None
    await process.stop()
    assert process.exit_status() == -9
    pids = [int(line) for line in last_lines(log)]
    assert process.pid in pids
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


async def test_a_command_runs_to_its_end(tmp_path: Path) -> None:
    command = Command(argv=["sh", "-c", "echo so; exit 3"], cwd=tmp_path, log=tmp_path / "log", env={})
    assert await run_once(command) == 3
    assert last_lines(tmp_path / "log") == ["so"]
