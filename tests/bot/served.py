"""Rasa itself for the tests: its command line, and a server with the bot of this checkout."""

import asyncio
import dataclasses
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.supervisor.part import wait_until_ready
from app.supervisor.process import Command, Process
from app.supervisor.rasa import Rasa

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TOKEN = "only-for-this-test"


def run(folder: Path, *arguments: str) -> str:
    """Runs Rasa's Python and gives what it printed; fails with that where it fails."""
    served = _command(folder)
    done = subprocess.run(
        [served.argv[0], *arguments],
        cwd=ROOT,
        env=dict(served.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def train(folder: Path) -> Path:
    """Trains the bot and gives the model."""
    data = ("--config", "config.yml", "--domain", "bot/domain", "--data", "training_data")
    out = ("--out", str(folder / "models"), "--fixed-model-name", "bot", "--skip-validation")
    run(folder, "-m", "rasa", "train", *data, *out)
    return folder / "models" / "bot.tar.gz"


@contextmanager
def serve(folder: Path, actions: str = "http://127.0.0.1:9", root: Path = ROOT) -> Iterator[str]:
    """The address of a running Rasa of the checkout `root` that has the trained bot, whose actions run at `actions`."""
    part = Rasa(root, folder, TOKEN, actions, TOKEN)
    process = Process(_hurried(part.prepare(), folder))
    try:
        asyncio.run(wait_until_ready(part, 120))
        yield part.url
    finally:
        asyncio.run(process.stop())


def _command(folder: Path) -> Command:
    """How the supervisor starts Rasa; what else is run for the tests gets the same environment."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "bot.tar.gz").touch()
    return _hurried(Rasa(ROOT, folder, TOKEN, "http://127.0.0.1:9", TOKEN).prepare(), folder)


def _hurried(command: Command, folder: Path) -> Command:
    hurry = {"OMP_NUM_THREADS": "1", "RASA_CACHE_DIRECTORY": str(folder / "cache"), "HOME": str(folder)}
    return dataclasses.replace(command, env={**command.env, **hurry})
