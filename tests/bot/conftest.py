"""The bot of this checkout in Rasa itself, trained and started once; the actions that its forms call run beside it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.supervisor.ports import find_free
from bot.client import RasaClient
from bot.lookups import Lookups
from tests.bot import desk, served


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model and all that Rasa leaves behind go."""
    return tmp_path_factory.mktemp("rasa")


@pytest.fixture(scope="session")
def model(folder: Path) -> Path:
    return served.train(folder)


@pytest.fixture(scope="session")
def actions_port() -> int:
    """Where Rasa expects the actions."""
    return find_free()


@pytest.fixture(scope="session")
def url(folder: Path, model: Path, actions_port: int) -> Iterator[str]:
    with served.serve(folder, f"http://127.0.0.1:{actions_port}") as url:
        yield url


@pytest.fixture
async def lookups() -> AsyncIterator[Lookups]:
    """The way to the sample shop."""
    async with desk.shop() as shop, desk.looking_up(shop) as made:
        yield made


@pytest.fixture
async def client(url: str, actions_port: int, lookups: Lookups) -> AsyncIterator[RasaClient]:
    made = RasaClient(url, served.TOKEN)
    await made.start()
    async with desk.acting(actions_port, lookups):
        yield made
    await made.stop()
