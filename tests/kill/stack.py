"""The real product, started as `make run` starts it, in a folder of its own: for tests that kill parts of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec
import yaml

from app.supervisor.state import RunState
from knowledge_base.embedder import BETTER

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_START = 180.0
REST_TOKEN = "of-a-test"


@dataclass
class Stack:
    """A running product."""

    var: Path
    url: str
    process: subprocess.Popen[bytes]

    def state(self) -> RunState:
        """What the supervisor says of its parts."""
        return msgspec.json.decode((self.var / "run.json").read_bytes(), type=RunState)

    def kill(self, part: str) -> None:
        """`kill -9` for one part, whatever it is doing."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.state().parts[part].pid, signal.SIGKILL)

    @property
    def database_url(self) -> str:
        """Where its database is."""
        return self.state().environment["DATABASE_URL"]

    @property
    def password(self) -> str:
        """That of the demo log-ins."""
        return (self.var / "demo-password").read_text().strip()

    async def until_ready(self, session: aiohttp.ClientSession, longest: float = LONGEST_START) -> None:
        """Waits until `/ready` says so, Rasa included."""
        async with asyncio.timeout(longest):
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/ready") as response:
                        parts = (await response.json())["parts"]
                        if response.status == 200 and all(part["ok"] for part in parts.values()):
                            return
                if self.process.poll() is not None:
                    raise RuntimeError(f"the product ended: {(self.var / 'run.log').read_text()[-2000:]}")
                await asyncio.sleep(0.2)

    async def until_encoded(self, session: aiohttp.ClientSession) -> None:
        """Waits until the better model answers: after a first start, and an import, the quick one does."""
        while True:
            async with session.get(f"{self.url}/ready") as response:
                said = (await response.json())["parts"]["knowledge_base"]["detail"]
            if said.endswith(f"model {BETTER}"):
                return
            await asyncio.sleep(0.2)


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _start(var: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    with (var / "run.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "app", "run"], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
        )


def _settings(var: Path, url: str, channels: Sequence[Mapping[str, object]]) -> Path:
    content = {
        "channels": [{"name": "web", "kind": "webchat"}, *channels],
        "public_url": url,
        "rest_token": REST_TOKEN,  # what has a public address is not open to everybody on the machine
    }
    path = var / "hub.yml"
    path.write_text(yaml.safe_dump(msgspec.to_builtins(content)), encoding="utf-8")
    return path


@contextlib.asynccontextmanager
async def running_stack(
    models: Path = ROOT / "var" / "models", channels: Sequence[Mapping[str, object]] = (), **environment: str
) -> AsyncIterator[Stack]:
    """Starts everything, with the bot in `models`, in an empty data folder; stops it and takes the folder away.

    `channels`: the entries of `hub.yml` beside the web chat's; with any, Rasa's REST channel wants `REST_TOKEN`.
    """
    with tempfile.TemporaryDirectory(prefix="parley-kill-") as folder:
        Path(folder).chmod(0o711)  # the database server's account has to pass
        var = Path(folder) / "var"
        var.mkdir(mode=0o711)
        (var / "models").symlink_to(models)
        http = f"127.0.0.1:{free_port()}"
        env = {**os.environ, "PARLEY_VAR": str(var), "PARLEY_HTTP": http, **environment}
        if channels:
            env["PARLEY_CONFIG"] = str(_settings(var, f"http://{http}", channels))
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        stack = Stack(var, f"http://{http}", _start(var, env))
        try:
            async with aiohttp.ClientSession() as session:
                await stack.until_ready(session)
            yield stack
        finally:
            stack.process.send_signal(signal.SIGINT)
            await asyncio.to_thread(stack.process.wait, 60)
