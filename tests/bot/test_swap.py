"""A new model takes the place of the old one while Rasa answers; a bad one does not."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app import load_model
from app.setup.model import Model, Refused
from app.setup.step import Programs
from app.supervisor import state
from bot.client import RasaClient
from hub.types import BotTurn, Handoff, Say
from tests.bot import served
from tests.bot.workshop import Workshop

pytestmark = [pytest.mark.xdist_group("rasa"), pytest.mark.slow]
OLD, NEW = "Hello, this is the old text.", "Hello, this is the new text."


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A checkout whose bot is trained."""
    made = Workshop(tmp_path_factory.mktemp("workshop") / "checkout")
    made.greet(OLD)
    assert "used from the next start on" in made.train()
    return made


@pytest.fixture(scope="module")
def url(shop: Workshop) -> Iterator[str]:
    """The address of its Rasa; for the commands of the checkout it looks as if a supervisor had started it."""
    with served.serve(shop.var, root=shop.root) as url:
        me = state.ProcessState(pid=os.getpid(), created=state.created(os.getpid()))
        environment = {"PARLEY_RASA_URL": url, "PARLEY_RASA_TOKEN": served.TOKEN}
        state.write(shop.var, state.RunState(supervisor=me, http="", ready=True, environment=environment))
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[RasaClient]:
    made = RasaClient(url, served.TOKEN)
    await made.start()
    yield made
    await made.stop()


async def greeting(client: RasaClient, turn: str = "t") -> str:
    """What the bot says to a hello. Raises BotUnavailable."""
    reply = await client.respond(BotTurn(id=turn, text="hello", language="en"))
    (said,) = reply.effects
    assert isinstance(said, Say)
    return said.text


@asynccontextmanager
async def customers(client: RasaClient) -> AsyncIterator[list[list[str]]]:
    """Four who greet all the time; what each of them hears. Fails where one gets no answer."""
    heard: list[list[str]] = [[] for _ in range(4)]
    done = asyncio.Event()

    async def one(number: int) -> None:
        while not done.is_set():
            heard[number].append(await greeting(client, f"{number}.{len(heard[number])}"))

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(one(number))
        yield heard
        done.set()


async def test_a_changed_text_is_taken_and_no_turn_is_lost(shop: Workshop, client: RasaClient) -> None:
    assert await greeting(client) == OLD
    shop.greet(NEW)
    async with customers(client) as heard:
        assert "has taken it" in await asyncio.to_thread(shop.train)
        assert await greeting(client) == NEW
    for texts in heard:
        assert texts[0] == OLD
        assert texts == sorted(texts, key=[OLD, NEW].index)
    assert shop.is_trained()


async def test_one_can_go_back_and_forth(shop: Workshop, client: RasaClient, tmp_path: Path) -> None:
    model = Model(shop.root, shop.var, Programs())
    now = await greeting(client)
    async with customers(client):
        for _ in range(2):
            assert "has taken it" in await asyncio.to_thread(model.go_back, tmp_path / "log")
            assert await greeting(client) != now
            assert shop.is_trained()  # the sources have not changed, so the next start does not train
            assert "has taken it" in await asyncio.to_thread(model.go_back, tmp_path / "log")
            assert await greeting(client) == now


async def test_a_bot_without_a_way_to_a_human_is_refused_twice(shop: Workshop, client: RasaClient, url: str) -> None:
    model = shop.var / "models" / "bot.tar.gz"
    good, now = model.read_bytes(), await greeting(client)
    files = shop.forget("ask_human")
    with pytest.raises(Refused, match=r"must_understand(?s:.)*“转人工” has to be ask_human; it is "):
        await asyncio.to_thread(shop.train)
    assert model.read_bytes() == good
    for file, content in files.items():
        file.write_bytes(content)
    assert shop.is_trained()  # with the change undone there is nothing to do

    # And where such a model gets past the check of the training, Rasa itself does not take it.
    shutil.copy(shop.var / "models" / "candidate.tar.gz", model)
    with pytest.raises(load_model.NotTaken, match="“转人工” has to be ask_human"):
        await load_model.load(url, served.TOKEN)
    model.write_bytes(good)
    assert await greeting(client) == now
    asked = await client.respond(BotTurn(id="t", text="转人工", language="zh"))
    assert asked.effects == (Handoff("asked"),)


@pytest.mark.parametrize("length", [0, 1000, 20_000])
async def test_a_damaged_model_is_put_back(shop: Workshop, client: RasaClient, tmp_path: Path, length: int) -> None:
    models = shop.var / "models"
    good, now = (models / "bot.tar.gz").read_bytes(), await greeting(client)
    (models / "previous.tar.gz").write_bytes(good[:length])
    with pytest.raises(Refused, match=r"did not take it:(?s:.)*bot.tar.gz cannot be loaded"):
        await asyncio.to_thread(Model(shop.root, shop.var, Programs()).go_back, tmp_path / "log")
    assert (models / "bot.tar.gz").read_bytes() == good
    assert shop.is_trained()
    assert await greeting(client) == now


async def test_only_who_knows_the_token(client: RasaClient, url: str) -> None:
    with pytest.raises(load_model.NotTaken, match="wrong token"):
        await load_model.load(url, "a guess")
    assert await greeting(client)


async def test_a_rasa_that_is_away_is_waited_for(unused_tcp_port: int) -> None:
    assert not await load_model.load(f"http://127.0.0.1:{unused_tcp_port}", served.TOKEN, patience=0.6)
