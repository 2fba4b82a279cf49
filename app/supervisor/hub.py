"""The hub: ``python -m app serve --role all``, the only part that the world sees."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from app.supervisor.ports import split
from app.supervisor.probe import answers
from app.supervisor.process import Command

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how to reach what listens on all addresses


def url_of(http: str) -> str:
    """Where this machine reaches a hub that listens on `http` (host:port)."""
    host, port = split(http)
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Hub:
    """The hub of one installation. ``environment`` says where the other parts are."""

    name = "hub"

    def __init__(self, root: Path, var: Path, http: str, environment: Mapping[str, str]) -> None:
        self._root = root
        self._log = var / "logs" / "hub.log"
        host, self._port = split(http)
        self._host = _EVERYWHERE.get(host, host)
        self._environment = environment
        self.url = url_of(http)
        """What to type into a browser on this machine."""

    def prepare(self) -> Command:
        """Say how to start it. It alone sees the whole environment: the channels' secrets stand there."""
        return Command(
            argv=[sys.executable, "-m", "app", "serve", "--role", "all"],
            cwd=self._root,
            log=self._log,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment},
            grace=15.0,
        )

    async def ready(self) -> bool:
        """Whether it can serve: database, knowledge base, and Rasa up once."""
        return await answers(self._host, self._port, "/ready") == 200
