"""The three systems, started and stopped; each answers `POST /webhooks/rest/webhook` on a port of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from signal import Signals

from app.supervisor.part import Part
from app.supervisor.place import home, server_account
from app.supervisor.ports import find_free
from app.supervisor.probe import answers
from app.supervisor.process import Command, Process, StartError, last_lines, plain_environment
from app.supervisor.rasa import Rasa
from benchmarks import stock
from benchmarks.dialogues import ROOT
from benchmarks.load import Connection, request
from benchmarks.replies import Kind, Kinds, bare_kind, hub_kind, stock_kind
from benchmarks.training import PYTHON, SETTINGS
from benchmarks.watch import Memory, memory

LONGEST_START = 300.0
"""Seconds after which a system is given up."""

HUB_SETTINGS = """\
channels:
  - {name: web, kind: webchat}
knowledge_base: {embedding_model: bundled}
"""


class System:
    """One system: how it is started and, once it runs, where it listens and what it takes."""

    def __init__(self, name: str, title: str, part: Part, port: int, kinds: Kinds) -> None:
        self.name = name
        self.title = title
        self.port = port
        self.kinds = kinds
        self.start_up = 0.0
        self.resting: Memory | None = None
        self._part = part
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """The process at the top of its tree."""
        assert self._process is not None, "not started"
        return self._process.pid

    async def start(self) -> None:
        """Starts it and waits for its first answer; raises `StartError` where that does not come."""
        command = self._part.prepare()
        began = time.perf_counter()
        self._process = Process(command)
        try:
            async with asyncio.timeout(LONGEST_START):
                while not await self._has_answered():
                    if self._process.exit_status() is not None:
                        raise StartError(f"{self.title} ended at once", "\n".join(last_lines(command.log)))
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise StartError(f"{self.title} does not answer, see {command.log}") from None
        self.start_up = time.perf_counter() - began
        self.resting = memory(self.pid)

    async def stop(self) -> None:
        """Stops it with all that it started."""
        if self._process is not None:
            await self._process.stop()

    async def _has_answered(self) -> bool:
        if not await self._part.ready():
            return False
        connection = Connection(self.port)
        status, body = await connection.ask(request(self.port, "first", "hello"))
        connection.close()
        return status == 200 and self.kinds.of(body) is Kind.SAID


class Stock:
    """The stock bot, started as its own project says."""

    name = "stock"

    def __init__(self, folder: Path, port: int) -> None:
        self._project, self._model = stock.prepare(folder)
        self._port = port

    def prepare(self) -> Command:
        """How to start it: `rasa run` in its project."""
        return Command(
            argv=[
                str(PYTHON),
                *("-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(self._port), "-m", str(self._model)),
            ],
            cwd=self._project,
            log=self._project / "server.log",
            env={**plain_environment(), **SETTINGS},
        )

    async def ready(self) -> bool:
        """Whether it listens: Rasa does so once its model is loaded."""
        return await answers("127.0.0.1", self._port, "/webhooks/rest/") == 200


class Everything:
    """The whole product, as `make run` starts it, with data of its own."""

    name = "hub"

    def __init__(self, var: Path, port: int) -> None:
        self._var = var
        self._port = port

    def prepare(self) -> Command:
        """How to start it; nothing of the developer's own settings is passed on."""
        settings = self._var / "hub.yml"
        settings.write_text(HUB_SETTINGS, encoding="utf-8")
        return Command(
            argv=[sys.executable, "-m", "app", "run"],
            cwd=ROOT,
            log=self._var / "run.log",
            env={**_without_settings(os.environ), **self._environment(settings)},
            stop_signal=Signals.SIGINT,
            death_signal=Signals.SIGINT,
            grace=45.0,
        )

    async def ready(self) -> bool:
        """Whether all parts are up; earlier it would answer without Rasa."""
        return await answers("127.0.0.1", self._port, "/ready") == 200

    def _environment(self, settings: Path) -> dict[str, str]:
        return {
            "PARLEY_VAR": str(self._var),
            "PARLEY_HTTP": f"127.0.0.1:{self._port}",
            "PARLEY_CONFIG": str(settings),
        }


def stock_bot(bench: Path) -> System:
    """Rasa as `rasa init` makes it; trained here where that was not done."""
    port = find_free()
    return System("stock", "stock Rasa bot", Stock(bench / "stock", port), port, Kinds(stock_kind))


def bare_bot(bench: Path, model: Path) -> System:
    """Our Rasa alone: what is asked is understood, and searched by nobody."""
    _place(model, bench / "bare")
    rasa = Rasa(ROOT, bench / "bare", "benchmark", "http://127.0.0.1:9", "")
    return System("bare", "our Rasa, bare", rasa, int(rasa.url.rpartition(":")[2]), Kinds(bare_kind))


async def whole_hub(bench: Path, model: Path) -> tuple[System, float]:
    """The hub with everything on, on an empty database; and the seconds that its very first start took."""
    var = bench / "hub"
    if var.exists():
        shutil.rmtree(home(var, "postgres", server_account()))
        shutil.rmtree(var)
    _place(model, var)
    port = find_free()
    system = System("hub", "hub, everything on", Everything(var, port), port, Kinds(hub_kind))
    try:
        await system.start()
    finally:
        await system.stop()
    return system, system.start_up


def _place(model: Path, var: Path) -> None:
    if not model.exists():
        raise StartError(f"{model} is missing", "run `make train`")
    (var / "models").mkdir(parents=True, exist_ok=True)
    shutil.copy(model, var / "models" / "bot.tar.gz")


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    ours = ("DATABASE_URL", "REDIS_URL", "RASA_PYTHON")
    return {name: value for name, value in environ.items() if name not in ours and not name.startswith("PARLEY_")}
