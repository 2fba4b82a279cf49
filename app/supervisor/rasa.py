"""Rasa: one process with one worker, on a loopback port, in its own environment."""

from pathlib import Path

from app.supervisor.ports import find_free
from app.supervisor.probe import answers
from app.supervisor.process import Command, StartError, plain_environment


class Rasa:
    """The trained bot of one checkout. ``token`` is what its channel asks for.

    Its forms' actions run in the hub at ``hub``, which asks for the token ``internal``.
    """

    name = "rasa"

    def __init__(self, root: Path, var: Path, token: str, hub: str, internal: str) -> None:
        self._root = root
        self._model = var / "models" / "bot.tar.gz"
        self._var = var
        self._log = var / "logs" / "rasa.log"
        self._token = token
        self._hub = hub
        self._internal = internal
        self._port = find_free()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def prepare(self) -> Command:
        """Say how to start it."""
        python = self._root / ".venv-rasa" / "bin" / "python"
        for needed in (python, self._model):
            if not needed.exists():
                raise StartError(f"{needed} is missing", "run `make run`")
        return Command(
            argv=[
                str(python),
                *("-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(self._port)),
                *("--credentials", "bot/credentials.yml", "--endpoints", "endpoints.yml", "-m", str(self._model)),
            ],
            cwd=self._root,
            log=self._log,
            env={
                **plain_environment(),
                "PYTHONPATH": str(self._root),
                "PYTHONUNBUFFERED": "1",
                "RASA_TELEMETRY_ENABLED": "false",
                "TF_CPP_MIN_LOG_LEVEL": "2",
                "OMP_NUM_THREADS": "1",  # one small message at a time: threads would only wait for each other
                "SANIC_ACCESS_LOG": "false",
                "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
                "PARLEY_RASA_TOKEN": self._token,
                "PARLEY_ACTIONS_URL": self._hub + "/internal/rasa/actions",
                "PARLEY_ACTIONS_AUTH": f"Bearer {self._internal}",
                "PARLEY_VAR": str(self._var),
            },
        )

    async def ready(self) -> bool:
        """Whether the bot is loaded: without a model Rasa would serve too, and know nothing."""
        return await answers("127.0.0.1", self._port, "/webhooks/hub/", token=self._token) == 200
