"""``python -m app run``: everything up, in the foreground, until Ctrl-C."""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from app import settings
from app.supervisor import logs, state
from app.supervisor.hub import Hub, url_of
from app.supervisor.keeper import Keeper
from app.supervisor.part import Part
from app.supervisor.ports import is_free
from app.supervisor.postgres import Postgres
from app.supervisor.process import Command, StartError, last_lines, run_once
from app.supervisor.rasa import Rasa
from app.supervisor.redis import Redis
from app.supervisor.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_HTTP = "127.0.0.1:8080"
_LONGEST_START = 300.0  # seconds


class _ToldToStop(Exception):
    """Somebody wants us to end."""


class Supervisor:
    """The parts of one installation, in the order in which they start."""

    def __init__(self, root: Path, var: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._var = var
        self._began = float(environ.get("PARLEY_STARTED") or time.time())
        http = environ.get("PARLEY_HTTP") or DEFAULT_HTTP
        token = secrets.token_urlsafe(24)
        internal = secrets.token_urlsafe(24)
        rasa = Rasa(root, var, token, url_of(http), internal)
        self._postgres = None if environ.get("DATABASE_URL") else Postgres(var)
        self._redis = None if environ.get("REDIS_URL") else Redis(var)
        self._environment = {
            "DATABASE_URL": self._postgres.url if self._postgres else environ["DATABASE_URL"],
            "REDIS_URL": self._redis.url if self._redis else environ["REDIS_URL"],
            "PARLEY_RASA_URL": rasa.url,
            "PARLEY_RASA_TOKEN": token,
            "PARLEY_INTERNAL_TOKEN": internal,
            "PARLEY_VAR": str(var),
            "PARLEY_HTTP": http,
        }
        if config := environ.get("PARLEY_CONFIG"):
            self._environment["PARLEY_CONFIG"] = str(Path(config).absolute())
        settings.load({**environ, **self._environment})  # before anything starts
        self._hub = Hub(root, var, http, self._environment)
        self._first: list[Part] = [part for part in (self._postgres, self._redis, rasa) if part]
        self._keepers: list[Keeper] = []
        self._ready = False
        self._told = 0
        self._terminal = Terminal()

    async def run(self) -> int:
        """Bring everything up, keep it up, and stop it in the reverse order. Answers with the exit status."""
        status = 0
        self._listen_for_signals()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._until_told())
                group.create_task(self._keep_logs_short())
                group.create_task(self._bring_up(group))
        except* _ToldToStop:
            status = 0
        except* (StartError, OSError) as problems:
            status = 1
            for problem in _flat(problems):
                say(str(problem))
                if isinstance(problem, StartError) and problem.remedy:
                    say(problem.remedy)
        finally:
            await self._stop()
        if status == 0:
            say("stopped")
        return status

    async def _bring_up(self, group: asyncio.TaskGroup) -> None:
        old = state.read(self._var)
        if old is not None and (names := state.stop_leftovers(old)):
            say(f"stopped what an earlier start left behind: {', '.join(names)}")
        if self._postgres and not self._postgres.home.is_relative_to(self._var):
            say(f"the database lies in {self._postgres.home}: the account that it runs under cannot enter this folder")
        say("starting " + ", ".join(part.name for part in (*self._first, self._hub)))
        keepers = {part.name: self._keep(part, group) for part in reversed(self._first)}  # Rasa takes longest
        if self._postgres:
            await self._up(keepers["postgres"])
        await self._migrate()
        if self._redis:
            await self._up(keepers["redis"])
        hub = self._keep(self._hub, group)
        await self._up(keepers["rasa"])
        await self._up(hub)
        self._ready = True
        self._changed()
        say(self._welcome())

    def _keep(self, part: Part, group: asyncio.TaskGroup) -> Keeper:
        keeper = Keeper(part, say, self._changed)
        self._keepers.append(keeper)
        group.create_task(keeper.keep())
        return keeper

    async def _up(self, keeper: Keeper) -> None:
        try:
            async with asyncio.timeout(_LONGEST_START):
                await keeper.up.wait()
        except TimeoutError:
            what = f"{keeper.part.name} does not serve after {_LONGEST_START:.0f} s"
            raise StartError(what, keeper.evidence()) from None
        say(f"  {keeper.part.name} is up ({self._seconds()})")

    async def _migrate(self) -> None:
        log = self._var / "logs" / "migrate.log"
        command = Command(
            argv=[sys.executable, "-m", "app", "migrate"],
            cwd=self._root,
            log=log,
            env={**os.environ, **self._environment},
        )
        if await run_once(command) != 0:
            raise StartError(
                "the schema could not be brought up to date", "\n".join([f"see {log}:", *last_lines(log, 3)])
            )

    async def _until_told(self) -> None:
        while not self._told and not self._terminal.is_gone():
            await asyncio.sleep(0.1)
        raise _ToldToStop

    async def _keep_logs_short(self) -> None:
        while True:
            await asyncio.sleep(60)
            logs.shorten(self._var / "logs")

    async def _stop(self) -> None:
        by_name = {keeper.part.name: keeper for keeper in self._keepers}
        for names in (("hub",), ("rasa", "redis"), ("postgres",)):
            await asyncio.gather(*(by_name[name].stop() for name in names if name in by_name))
        state.remove(self._var)

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup: the terminal may go
            loop.add_signal_handler(number, self._hear, number)

    def _hear(self, number: signal.Signals) -> None:
        if not self._told:
            say(f"stopping ({number.name}) …")
        self._told += 1
        if self._told == 2:
            say("stopping at once")
            for keeper in self._keepers:
                if keeper.process is not None and keeper.part is not self._postgres:
                    keeper.process.kill()

    def _changed(self) -> None:
        parts = {
            keeper.part.name: state.PartState(
                pid=keeper.process.pid,
                created=state.created(keeper.process.pid),
                log=str(keeper.process.command.log),
                restarts=keeper.starts - 1,
            )
            for keeper in self._keepers
            if keeper.process is not None
        }
        state.write(
            self._var,
            state.RunState(
                supervisor=state.ProcessState(pid=os.getpid(), created=state.created(os.getpid())),
                http=self._hub.url,
                ready=self._ready,
                environment=self._environment,
                parts=parts,
            ),
        )

    def _welcome(self) -> str:
        lines = [
            "",
            f"Parley is up after {self._seconds()}.",
            "",
            f"  shop with the chat   {self._hub.url}/",
            f"  console              {self._hub.url}/console",
        ]
        password = self._var / "demo-password"
        if os.environ.get("PARLEY_DEMO") != "0" and password.exists():
            lines += [
                "  log-ins              agent@example.com · editor@example.com · admin@example.com",
                f"  their password       {password.read_text().strip()}   (also in {_near(password)})",
            ]
        return "\n".join(
            [*lines, f"  logs                 {_near(self._var / 'logs')}", "", "Ctrl-C stops everything.", ""]
        )

    def _seconds(self) -> str:
        seconds = time.time() - self._began
        return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def say(text: str) -> None:
    """A line for whoever sits there; nobody has to."""
    with contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


def _near(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _flat(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    flat: list[BaseException] = []
    for error in group.exceptions:
        flat += _flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return flat


def main(arguments: list[str]) -> int:
    """The command ``run``; the exit status is 0 after a wanted stop."""
    if arguments:
        raise SystemExit("run takes no arguments; see hub.yml and PARLEY_HTTP")
    return start(ROOT, state.var_folder(), os.environ)


def start(root: Path, var: Path, environ: Mapping[str, str]) -> int:
    """Run the installation of this checkout and data folder, unless it runs already."""
    var.mkdir(mode=0o711, parents=True, exist_ok=True)  # a server under another account lives in it
    lock = state.Lock(var)
    if not lock.take():
        other = state.running(var)
        where = f" at {other.http} (process {other.supervisor.pid})" if other else ""
        say(f"Parley already runs in this checkout{where}: stop it first, or set PARLEY_VAR and PARLEY_HTTP")
        return 1
    try:
        http = environ.get("PARLEY_HTTP") or DEFAULT_HTTP
        if not is_free(*settings.address(http)):
            say(f"{http} is taken: stop what listens there, or set PARLEY_HTTP=host:port to another address")
            return 1
        logs.rotate(var / "logs")
        return asyncio.run(Supervisor(root, var, environ).run())
    except (StartError, settings.WrongSetting, OSError) as error:
        say(str(error))
        return 1
    finally:
        lock.release()
