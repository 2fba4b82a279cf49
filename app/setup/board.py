"""What people see of a set-up: a line when a step begins and ends, and in a terminal one that tells how far it is."""

import os
import shutil
import sys
import threading
import time
from typing import TextIO

_EVERY = 20.0  # seconds between two lines about one step where there is no terminal


def span(seconds: float) -> str:
    """A duration, for people."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


class Board:
    """Steps may run side by side; each has its number."""

    def __init__(self, total: int, out: TextIO = sys.stdout) -> None:
        self._total = total
        self._out = out
        self._begun = 0
        self._live = out.isatty() and os.environ.get("TERM") != "dumb"
        self._running: dict[int, tuple[str, float, str]] = {}
        self._printed: dict[int, float] = {}
        self._lock = threading.Lock()

    def begin(self, name: str) -> int:
        """A step begins, and gets its number."""
        with self._lock:
            self._begun += 1
            number = self._begun
            self._running[number] = (name, time.monotonic(), "")
            self._printed[number] = time.monotonic()
            self._say(f"[{number}/{self._total}] {name} …")
            return number

    def far(self, number: int, text: str) -> None:
        """How far the step is."""
        with self._lock:
            name, began, _ = self._running[number]
            self._running[number] = (name, began, text)

    def tick(self) -> None:
        """Show how far everything is; to be called every second or so."""
        now = time.monotonic()
        with self._lock:
            if self._live:
                self._refresh()
                return
            for number, (name, began, text) in self._running.items():
                if now - self._printed[number] > _EVERY:
                    self._printed[number] = now
                    self._say(f"[{number}/{self._total}] {name}: {text or 'working'} ({span(now - began)})")

    def end(self, number: int, *, ok: bool) -> None:
        """The step is done, or has failed."""
        with self._lock:
            name, began, _ = self._running.pop(number)
            word = "done" if ok else "failed"
            self._say(f"[{number}/{self._total}] {name}: {word} after {span(time.monotonic() - began)}")

    def say(self, text: str) -> None:
        """Anything else."""
        with self._lock:
            self._say(text)

    def _say(self, text: str) -> None:
        self._print(("\r\033[K" if self._live else "") + text + "\n")
        if self._live:
            self._refresh()

    def _refresh(self) -> None:
        parts = [
            f"[{number}] {text or name} ({span(time.monotonic() - began)})"
            for number, (name, began, text) in sorted(self._running.items())
        ]
        width = shutil.get_terminal_size().columns - 1
        self._print("\r\033[K" + "  ".join(parts)[:width])

    def _print(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            pass  # nobody reads; the work goes on
