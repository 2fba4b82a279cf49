"""The set-up: what is done stays done, what is interrupted is done anew, what fails says so."""

import dataclasses
import io
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app import bootstrap
from app.setup import pythons
from app.setup.board import Board, span
from app.setup.model import Refused
from app.setup.step import Programs, Step, StepFailed
from app.setup.steps import Steps


def step(folder: Path, work: Callable[[Callable[[str], None], Path], str | None]) -> Step:
    """A step over ``folder/in`` with its stamp in ``folder/out``."""
    return Step("a step", folder / "logs" / "log", folder / "out" / "stamp", [folder / "in"], work, "try again")


def test_a_step_is_done_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "node_modules").mkdir(parents=True)
    (source / "a").write_text("1")
    it = step(tmp_path, lambda tell, log: None)
    assert not it.is_done()
    it.do(lambda text: None)
    assert it.is_done()
    (source / "node_modules" / "b").write_text("no input")
    assert it.is_done()
    (source / "a").write_text("2")
    assert not it.is_done()
    it.do(lambda text: None)
    (source / "a").rename(source / "c")
    assert not it.is_done()


def test_an_interrupted_step_counts_as_not_done(tmp_path: Path) -> None:
    def work(tell: Callable[[str], None], log: Path) -> None:
        raise OSError("no space left")

    step(tmp_path, lambda tell, log: None).do(lambda text: None)
    broken = step(tmp_path, work)
    assert broken.is_done()
    with pytest.raises(StepFailed, match="no space left"):
        broken.do(lambda text: None)
    assert not broken.is_done()


def test_a_program_that_fails_says_its_error_and_leaves_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    lines: list[str] = []
    with pytest.raises(StepFailed, match="ERROR: no such package"):
        Programs().run(
            ["sh", "-c", "echo Collecting; echo ERROR: no such package; echo hint; exit 1"],
            log,
            cwd=tmp_path,
            each_line=lines.append,
        )
    assert lines == ["Collecting", "ERROR: no such package", "hint"]
    assert "ERROR: no such package" in log.read_text()


def test_stopping_ends_what_runs_and_lets_nothing_begin(tmp_path: Path) -> None:
    programs = Programs()
    started = threading.Event()

    def work() -> None:
        with pytest.raises(StepFailed):
            programs.run(
                ["sh", "-c", "echo go; sleep 600"], tmp_path / "log", cwd=tmp_path, each_line=lambda line: started.set()
            )

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(30)
    programs.stop()
    thread.join(30)
    assert not thread.is_alive()
    with pytest.raises(StepFailed, match="stopped"):
        programs.run(["true"], tmp_path / "log", cwd=tmp_path)


def test_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "python3.10"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'python3.10: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    good = tmp_path / "pyenv" / "versions" / "3.10.13" / "bin" / "python3.10"
    good.parent.mkdir(parents=True)
    good.write_text("#!/bin/sh\necho 3.10\n")
    good.chmod(0o755)
    environ = {"PATH": str(shim.parent), "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert pythons.find(environ) == str(good)
    assert pythons.find({"PATH": str(shim.parent), "PYENV_ROOT": str(tmp_path)}) is None
    assert pythons.find({**environ, "RASA_PYTHON": str(good)}) == str(good)
    with pytest.raises(StepFailed, match="RASA_PYTHON"):
        pythons.find({**environ, "RASA_PYTHON": str(shim)})


def test_the_board_numbers_its_steps_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    board = Board(2, out)
    assert board.begin("hub") == 1
    assert board.begin("rasa") == 2
    board.far(2, "package 3 of 9")
    board.end(2, ok=True)
    board.end(1, ok=False)
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["[1/2] hub …", "[2/2] rasa …"]
    assert lines[2].startswith("[2/2] rasa: done after")
    assert lines[3].startswith("[1/2] hub: failed after")
    assert span(61) == "1 min 1 s"


def test_the_pins_name_no_address() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    for pins in (root / "requirements").glob("*.txt"):
        for line in pins.read_text().splitlines():
            assert not line or line.startswith("#") or line.count("==") == 1, f"{pins.name}: {line}"
            assert "://" not in line
    assert Steps(root, root / "var", Programs()).hub_environment().inputs[0].exists()


def test_programs_run_apart_from_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "log"
    Programs().run([sys.executable, "-c", "import os; print(os.getpgid(0))"], log, cwd=tmp_path)
    assert int(log.read_text().splitlines()[-1]) != os.getpgid(0)


def test_a_step_with_a_spare_leaves_it_and_its_stamp_where_it_fails(tmp_path: Path) -> None:
    spare = tmp_path / "spare"

    def work(tell: Callable[[str], None], log: Path) -> str:
        if (tmp_path / "in").read_text() == "bad":
            raise StepFailed("refused")
        spare.touch()
        return "made"

    it = dataclasses.replace(step(tmp_path, work), spare=spare)
    (tmp_path / "in").write_text("good")
    assert it.do(lambda text: None) == "made"
    assert it.is_done()
    (tmp_path / "in").write_text("bad")
    with pytest.raises(StepFailed, match="refused"):
        it.do(lambda text: None)
    assert not it.is_done()
    (tmp_path / "in").write_text("good")
    assert it.is_done()
    spare.unlink()
    assert not it.is_done()


@pytest.mark.parametrize(
    ("goal", "trained_before", "goes_on"), [("run", True, True), ("run", False, False), ("train", True, False)]
)
def test_a_start_goes_on_with_the_bot_before_where_the_new_one_is_refused(
    tmp_path: Path, goal: str, trained_before: bool, goes_on: bool
) -> None:
    def work(tell: Callable[[str], None], log: Path) -> None:
        raise Refused("it understands nothing")

    spare = tmp_path / "bot.tar.gz"
    if trained_before:
        spare.touch()
    refused = dataclasses.replace(step(tmp_path, work), spare=spare)
    after = dataclasses.replace(step(tmp_path, lambda tell, log: None), stamp=tmp_path / "after")
    out = io.StringIO()
    done = bootstrap.Work(goal, [refused, after], Programs(), Board(2, out))
    done.do([[refused, after]])
    assert (done.spared == [refused]) is goes_on
    assert after.stamp.exists() is goes_on
    told = out.getvalue() + "".join(done.problems)
    assert "it understands nothing" in told
    assert "what to do: try again" in told
