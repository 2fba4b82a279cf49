"""The set-up of a fresh checkout, and of a changed one: ``python3.11 -m app.bootstrap GOAL``.

Runs on any Python from 3.11 with nothing installed: this module and ``app.setup`` use the standard library only.
``run`` goes on into ``python -m app run`` in the same process.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from app.setup.board import Board, span
from app.setup.model import Model, Refused
from app.setup.step import Programs, Step, StepFailed
from app.setup.steps import Steps
from app.supervisor.ports import is_free, split
from app.supervisor.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent
_GOALS = ("run", "tools", "train", "rollback")
_PR_SET_PDEATHSIG = 1


def main(words: list[str]) -> int:
    """Do the steps that the goal needs and that are not done; then go on, if the goal is ``run``."""
    goal = words[0] if words else ""
    if len(words) != 1 or goal not in _GOALS:
        print(f"python -m app.bootstrap {' | '.join(_GOALS)}")
        return 2
    began = time.time()
    var = Path(os.environ.get("PARLEY_VAR") or ROOT / "var").absolute()
    var.mkdir(mode=0o711, parents=True, exist_ok=True)
    if goal == "run" and (problem := _taken(var)):
        print(problem)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with (var / "setup.lock").open("w") as lock:
            _wait_for(lock.fileno())
            if not (go_back(var) if goal == "rollback" else set_up(goal, var)):
                return 1
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\ninterrupted; the next start goes on from here", flush=True)
        return 130
    if goal == "run":
        _go_on(began)
    return 0


def set_up(goal: str, var: Path) -> bool:
    """Two lines of steps side by side: the hub's and Rasa's. Whether all came to their end."""
    programs = Programs()
    steps = Steps(ROOT, var, programs)
    hub = [] if goal == "train" else [steps.hub_environment(), steps.browser_side()]
    if goal == "tools":
        hub.insert(1, steps.tools())
    lines = [hub, [steps.rasa_environment(), steps.trained_bot()]]
    open_steps = _still_open(lines)
    if not open_steps:
        if goal == "train":
            print("nothing of the bot has changed since it was trained")
        return True
    began = time.monotonic()
    board = Board(len(open_steps))
    if not steps.hub_environment().stamp.exists():
        board.say("the first set-up fetches some gigabytes and takes some minutes")
    work = Work(goal, open_steps, programs, board)
    work.do(lines)
    problems = work.problems
    if not problems and any(step not in work.spared for step in _still_open(lines)):
        problems = ["the set-up is not complete; its logs are in var/logs"]
    board.say(problems[0] if problems else f"set-up complete after {span(time.monotonic() - began)}\n")
    return not problems


def go_back(var: Path) -> bool:
    """Let the bot of the last training and the one before change places. Whether they did."""
    try:
        result = Model(ROOT, var, Programs()).go_back(var / "logs" / "setup-rollback.log")
    except (StepFailed, OSError) as error:
        print(error)
        return False
    print(f"the bot from before is back; {result}")
    return True


class Work:
    """The open steps, done in lines side by side."""

    def __init__(self, goal: str, open_steps: list[Step], programs: Programs, board: Board) -> None:
        self._goal = goal
        self._open = open_steps
        self._programs = programs
        self._board = board
        self.problems: list[str] = []
        self.spared: list[Step] = []

    def do(self, lines: Sequence[Sequence[Step]]) -> None:
        """All of it, or up to the first problem. Raises KeyboardInterrupt."""
        terminal = Terminal()
        threads = [threading.Thread(target=self._do_line, args=(line,), daemon=True) for line in lines]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.5)
                self._board.tick()
                if terminal.is_gone():
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            self._programs.stop()
            raise

    def _do_line(self, line: Sequence[Step]) -> None:
        for step in line:
            if step not in self._open or self._programs.stopped:
                continue
            try:
                self._do_step(step)
            except StepFailed as error:
                what = f"  {error}\n  what to do: {step.remedy}\n  the log:    {step.log}"
                if (
                    self._goal == "run"
                    and isinstance(error, Refused)
                    and step.spare is not None
                    and step.spare.exists()
                ):
                    # A start at night should not fail because of a text: the bot that served before does so again.
                    self.spared.append(step)
                    self._board.say(what)
                else:
                    self.problems.append(what)
                    self._programs.stop()

    def _do_step(self, step: Step) -> None:
        number = self._board.begin(step.name)
        try:
            result = step.do(lambda text: self._board.far(number, text))
        except StepFailed:
            self._board.end(number, ok=False)
            raise
        self._board.end(number, ok=True)
        if result:
            self._board.say(f"  {result}")


def _still_open(lines: list[list[Step]]) -> list[Step]:
    """What is not done; what stands on a new environment is done again too."""
    found: list[Step] = []
    for line in lines:
        done = [step.is_done() for step in line]
        if done and not done[0]:
            done[1:] = [
                False if step.stamp.is_relative_to(line[0].stamp.parent) else ok
                for step, ok in zip(line[1:], done[1:], strict=True)
            ]
        found += (step for step, ok in zip(line, done, strict=True) if not ok)
    return found


def _taken(var: Path) -> str:
    """Whether the start would fail in the end for a reason that can be seen now."""
    http = os.environ.get("PARLEY_HTTP") or "127.0.0.1:8080"
    try:
        free = is_free(*split(http))
    except (ValueError, OSError):
        return f"PARLEY_HTTP: {http} is not an address of this machine; for example 127.0.0.1:8080"
    if free or (var / "run.json").exists():  # the supervisor itself can tell who runs there
        return ""
    return f"{http} is taken: stop what listens there, or set PARLEY_HTTP=host:port to another address"


def _wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("another set-up works in this checkout; waiting for it", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _go_on(began: float) -> NoReturn:
    """Become the supervisor. Under make it ends when make is killed: nobody else could stop it then."""
    if "MAKELEVEL" in os.environ and sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    os.chdir(ROOT)
    python = ROOT / ".venv" / "bin" / "python"
    os.execve(python, [str(python), "-m", "app", "run"], {**os.environ, "PARLEY_STARTED": str(began)})  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
