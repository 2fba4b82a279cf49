"""A simulated workspace, and the product beside it, over HTTP or Socket Mode."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from connectors.slack import pace, socket
from hub import retry
from tests.contracts.product import Product, product
from tests.kill.stack import free_port
from tests.simulators.slack import SlackSimulator

HURRY = 30.0


@dataclass
class Workplace:
    """A workspace; the product has the same address at each start."""

    slack: SlackSimulator
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def product(self, *, working: bool = True) -> AsyncIterator[Product]:
        """One process of the product, which has reached Slack."""
        async with self.process(working=working) as made:
            if self.slack.socket:
                await self.slack.sockets.until_open()
            yield made

    @contextlib.asynccontextmanager
    async def process(self, *, working: bool = True) -> AsyncIterator[Product]:
        """One process of the product, however it stands with Slack."""
        async with product(self.database_url, self.slack.channel(), self.port, working=working) as made:
            await self.slack.connect(made.url)
            yield made


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as short as the simulator's."""
    monkeypatch.setattr(pace, "INTERVAL", 1.0 / HURRY)
    monkeypatch.setattr(socket, "SOONEST", 0.1)
    monkeypatch.setattr(retry, "FIRST", 1.0 / HURRY)
    monkeypatch.setattr("tests.simulators.slack.RETRIES", (0.0, 6.0, 300.0))


async def _workplace(database_url: str, *, over_socket: bool) -> AsyncIterator[Workplace]:
    async with SlackSimulator(hurry=HURRY, socket=over_socket) as slack:
        yield Workplace(slack, database_url)


@pytest.fixture
async def workplace(database_url: str) -> AsyncIterator[Workplace]:
    """Events over HTTP."""
    async for made in _workplace(database_url, over_socket=False):
        yield made


@pytest.fixture
async def socketed(database_url: str) -> AsyncIterator[Workplace]:
    """Events over Socket Mode."""
    async for made in _workplace(database_url, over_socket=True):
        yield made


@pytest.fixture(params=["http", "socket"])
async def either(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Workplace]:
    """Once each."""
    async for made in _workplace(database_url, over_socket=request.param == "socket"):
        yield made
