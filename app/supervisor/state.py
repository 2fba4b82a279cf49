"""What an installation knows of itself while it runs: a lock, and ``var/run.json`` for tools and for the next start."""

import fcntl
import os
import signal
from pathlib import Path
from typing import IO

import psutil
from msgspec import DecodeError, Struct, field
from msgspec import json as msgjson


class ProcessState(Struct, kw_only=True):
    """A process. ``created`` is when the kernel made it, so that a number given out again is not taken for it."""

    pid: int
    created: float


class PartState(ProcessState, kw_only=True):
    """One part as it runs now."""

    log: str
    restarts: int = 0


class RunState(Struct, kw_only=True):
    """All of it. ``environment`` holds addresses and secrets: the file is for its owner only."""

    supervisor: ProcessState
    http: str
    ready: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    parts: dict[str, PartState] = field(default_factory=dict)


class Lock:
    """Held by the one supervisor of a ``var`` folder; the kernel gives it back when that dies."""

    def __init__(self, var: Path) -> None:
        self._path = var / "lock"
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Whether the lock is ours now."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file  # open for as long as we live; children do not inherit it
        return True

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def write(var: Path, state: RunState) -> None:
    """Put the state where tools find it, in one piece."""
    unfinished = var / "run.json.new"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgjson.format(msgjson.encode(state), indent=2) + b"\n")
    unfinished.rename(var / "run.json")


def read(var: Path) -> RunState | None:
    """The state that stands there, of a running supervisor or of one that was killed."""
    try:
        return msgjson.decode((var / "run.json").read_bytes(), type=RunState)
    except (FileNotFoundError, DecodeError):
        return None


def running(var: Path) -> RunState | None:
    """The state of the supervisor that runs now; None where there is none."""
    state = read(var)
    return state if state and _same_process(state.supervisor) else None


def remove(var: Path) -> None:
    """After a clean stop nothing is left to say."""
    (var / "run.json").unlink(missing_ok=True)


def stop_leftovers(state: RunState) -> list[str]:
    """End the parts that outlived a killed supervisor, gently first; returns their names."""
    alive = {name: process for name, part in state.parts.items() if (process := _same_process(part))}
    for process in alive.values():
        process.send_signal(signal.SIGINT)
    _, stubborn = psutil.wait_procs(list(alive.values()), timeout=10)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return list(alive)


def created(pid: int) -> float:
    """When the kernel made the process; 0 where it is gone already."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _same_process(part: ProcessState) -> psutil.Process | None:
    try:
        process = psutil.Process(part.pid)
    except psutil.Error:
        return None
    return process if abs(process.create_time() - part.created) < 2 else None  # clocks are set


def var_folder() -> Path:
    """The data folder: ``PARLEY_VAR``, else ``var`` in the checkout."""
    return Path(os.environ.get("PARLEY_VAR") or Path(__file__).resolve().parent.parent.parent / "var").absolute()


def adopt_environment() -> None:
    """Let a command reach the servers of the ``make run`` that is up in this checkout; what is set already stays."""
    current = running(var_folder())
    if current is not None:
        for name, value in current.environment.items():
            os.environ.setdefault(name, value)
