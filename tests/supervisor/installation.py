"""A checkout in miniature for the supervisor: real PostgreSQL and Redis, stand-ins for Rasa and the hub."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from app.supervisor import state
from app.supervisor.place import server_account, socket_folder
from app.supervisor.ports import find_free

CHECKOUT = Path(__file__).resolve().parent.parent.parent
_DRIVER = """
import os, sys
from pathlib import Path
from app.supervisor.run import start
sys.exit(start(Path(sys.argv[1]), Path(sys.argv[2]), os.environ))
"""
_SERVER = """
import http.server, pathlib, sys
class Yes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Yes).serve_forever()
"""
_APP = """
import os, subprocess, sys
from pathlib import Path
if sys.argv[1] == "serve":
    orders = Path("orders")
    if orders.exists():
        print("secret of the trouble"); sys.exit(int(orders.read_text()))
    sys.argv[1:] = [os.environ["PARLEY_HTTP"].rpartition(":")[2]]
    exec(Path("server.py").read_text())
"""


class Installation:
    """One miniature checkout, removed with everything that it started."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="parley-test-"))
        self.root.chmod(0o711)
        self.var = self.root / "var"
        self.http = f"127.0.0.1:{find_free()}"
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self.seen: set[int] = set()
        (self.root / "app").mkdir()
        (self.root / "app" / "__init__.py").touch()
        (self.root / "app" / "__main__.py").write_text(_APP)
        (self.root / "server.py").write_text(_SERVER)
        python = self.root / ".venv-rasa" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(
            f'#!/bin/sh\nshift 6\nexec {sys.executable} server.py "$1"\n'
        )  # after: -m rasa run -i HOST -p
        python.chmod(0o755)
        (self.var / "models").mkdir(parents=True)
        (self.var / "models" / "bot.tar.gz").touch()

    def start(self, terminal: int | None = None) -> None:
        """Run the supervisor as ``make run`` would; what it prints goes to the terminal, if one is given."""
        with (self.root / f"printed-{len(self.supervisors)}").open("wb") as printed:
            supervisor = subprocess.Popen(
                [sys.executable, "-c", _DRIVER, str(self.root), str(self.var)],
                env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PARLEY_HTTP": self.http},
                stdout=terminal or printed,
                stderr=printed,
                start_new_session=True,
            )
        self.supervisors.append(supervisor)

    def wait_ready(self) -> state.RunState:
        """The state once everything is up."""
        return self.wait_for(lambda now: now.ready)

    def wait_for(self, condition: Callable[[state.RunState], bool]) -> state.RunState:
        """The state once the condition holds for it."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            now = state.read(self.var)
            if now is not None:
                self.seen |= {part.pid for part in now.parts.values()}
                if condition(now):
                    return now
            if self.supervisors[-1].poll() is not None:
                raise AssertionError(self.finish()[1])
            time.sleep(0.05)
        raise AssertionError(f"it did not come: {state.read(self.var)}")

    def finish(self, how: signal.Signals | None = None) -> tuple[int, str]:
        """Send the latest supervisor the signal, if there is one; its exit status and what it printed."""
        if how is not None:
            self.supervisors[-1].send_signal(how)
        status = self.supervisors[-1].wait(timeout=60)
        return status, (self.root / f"printed-{len(self.supervisors) - 1}").read_text()

    def alive(self) -> list[psutil.Process]:
        """The processes that work in this checkout or that were seen as parts, and still run."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def wait_until_nothing_runs(self) -> None:
        """Fails where something still runs after half a minute."""
        deadline = time.monotonic() + 30
        while left := self.alive():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)

    def remove(self) -> None:
        """End what is left and take the files away."""
        for supervisor in self.supervisors:
            supervisor.kill()
            supervisor.wait()
        for process in self.alive():
            with contextlib.suppress(psutil.NoSuchProcess):  # they die of each other
                process.kill()
        self.wait_until_nothing_runs()
        shutil.rmtree(socket_folder(self.var, server_account()), ignore_errors=True)
        shutil.rmtree(self.root)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.pid in self.seen or Path(process.cwd()).is_relative_to(self.root)
        except psutil.Error:
            return False
