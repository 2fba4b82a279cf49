"""One child process: in a group of its own, logged to a file, and never left behind.

A child gets a *death signal*: the kernel sends it when the supervisor dies, even by ``kill -9``. Where the kernel has
no such thing (anything but Linux), leftovers are found and stopped at the next start, see :mod:`app.supervisor.state`.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from app.supervisor.place import Account

_PR_SET_PDEATHSIG = 1
_PASSED_ON = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class StartError(Exception):
    """Something cannot start. ``remedy`` says in one line what the reader can do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a process is started and stopped; ``grace`` is the seconds between its stop signal and ``SIGKILL``."""

    argv: Sequence[str]
    cwd: Path
    log: Path
    env: Mapping[str, str]
    account: Account | None = None
    stop_signal: Signals = Signals.SIGTERM
    death_signal: Signals = Signals.SIGKILL
    grace: float = 10.0


def plain_environment() -> dict[str, str]:
    """What a server needs of our environment, and none of the secrets that stand in it."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


class Process:
    """A running :class:`Command`."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.started = time.monotonic()
        command.log.parent.mkdir(parents=True, exist_ok=True)
        account = command.account
        # O_APPEND: the log may be cut while the process writes to it.
        with command.log.open("ab") as log:
            self._child = subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env=dict(command.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=_dies_with_parent(command.death_signal),
            )

    @property
    def pid(self) -> int:
        """The process's id, which is also its group's."""
        return self._child.pid

    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._child.poll()

    async def stop(self) -> None:
        """Ask the process to end, insist after the grace, and end what is left of its group."""
        if self.exit_status() is None:
            self._child.send_signal(self.command.stop_signal)
            deadline = time.monotonic() + self.command.grace
            while self.exit_status() is None and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """End the whole group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait()


def _dies_with_parent(death_signal: Signals) -> Callable[[], None] | None:
    """What the child does before ``exec``; after the change of user, which would clear the setting."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    supervisor = os.getpid()

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != supervisor:  # it died between fork and here
            os._exit(1)

    return prepare


async def run_once(command: Command) -> int:
    """Run to the end and answer with the exit status."""
    process = Process(command)
    try:
        while (status := process.exit_status()) is None:
            await asyncio.sleep(0.02)
        return status
    finally:
        process.kill()


def last_lines(log: Path, count: int = 8) -> list[str]:
    """The end of a log, for people."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return file.read().decode(errors="replace").splitlines()[-count:]
