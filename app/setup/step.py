"""A step of the set-up: done once, and again only when what it is made from has changed."""

import hashlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_UNINTERESTING = {"node_modules", "dist", "tests", "__pycache__"}


class StepFailed(Exception):
    """A step did not come to its end; the message is the reason, in one line where not said otherwise."""


@dataclass(frozen=True)
class Step:
    """``work`` gets a function that tells how far it is, and the path of its log; it may answer with a line for people.

    The stamp holds the fingerprint of the inputs and of ``salt``; it is written when the work is done, so an
    interrupted step is done anew. ``remedy`` is what to do when it fails. ``spare`` is the result of the time before,
    which serves on until ``work`` replaces it; until then the stamp is true, and ``work`` takes it away itself.
    """

    name: str
    log: Path
    stamp: Path
    inputs: Sequence[Path]
    work: Callable[[Callable[[str], None], Path], str | None]
    remedy: str
    salt: str = ""
    spare: Path | None = None

    def is_done(self) -> bool:
        """Whether the result stands there, made from these very inputs."""
        if self.spare is not None and not self.spare.exists():
            return False
        return self.stamp.exists() and self.stamp.read_text() == self.fingerprint()

    def do(self, tell: Callable[[str], None]) -> str:
        """Do it, and answer with what there is to say about it. Raises StepFailed."""
        wanted = self.fingerprint()
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        if self.spare is None:
            self.stamp.unlink(missing_ok=True)
        try:
            result = self.work(tell, self.log)
        except OSError as error:
            raise StepFailed(str(error)) from error
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(wanted)
        return result or ""

    def fingerprint(self) -> str:
        """A hash over names and contents of the inputs."""
        digest = hashlib.sha256(self.salt.encode())
        for start in self.inputs:
            for file in _files(start):
                digest.update(f"\0{file.relative_to(start.parent)}\0".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()


def _files(start: Path) -> list[Path]:
    if not start.is_dir():
        return [start] if start.exists() else []
    found: list[Path] = []
    for folder, names, files in os.walk(start):
        names[:] = sorted(name for name in names if name not in _UNINTERESTING)
        found += (Path(folder, file) for file in sorted(files) if not file.endswith(".pyc"))
    return found


class Programs:
    """The programs that a set-up runs at the moment, so that all of them can be stopped."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self.stopped = False

    def run(
        self,
        argv: Sequence[str | Path],
        log: Path,
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        each_line: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Run a program, its output into the log. Raises StepFailed with its last error if it fails."""
        last = worst = ""
        with log.open("a") as record:
            record.write(f"$ {' '.join(map(str, argv))}\n")
            with self._start(argv, cwd, env) as child:
                assert child.stdout is not None
                for line in child.stdout:
                    record.write(line)
                    record.flush()
                    if line.strip():
                        last = line.strip()
                        # Of many lines about one error the longest tells most.
                        worst = max(worst, last, key=len) if "error" in last.lower() else worst
                        each_line(last)
            with self._lock:
                self._running.discard(child)
        if child.returncode != 0:
            raise StepFailed((worst or last)[:300] or f"{Path(argv[0]).name} ended with status {child.returncode}")

    def stop(self) -> None:
        """End everything that runs, and let nothing more begin."""
        with self._lock:
            self.stopped = True
            for child in self._running:
                try:
                    os.killpg(child.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    def _start(self, argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None) -> "subprocess.Popen[str]":
        with self._lock:
            if self.stopped:
                raise StepFailed("stopped")
            child = subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(child)
            return child
