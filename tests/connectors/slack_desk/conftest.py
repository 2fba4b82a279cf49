"""The workspace whose agents answer in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.slack import desk, desk_hands, pace
from hub import retry
from tests.connectors.slack_desk.office import AGENTS, Desks, Office
from tests.simulators.slack import SlackSimulator

HURRY = 30.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as short as the simulator's."""
    monkeypatch.setattr(pace, "INTERVAL", 1.0 / HURRY)
    monkeypatch.setattr(desk, "IDLE", 0.2)
    monkeypatch.setattr(desk, "SOONEST", 0.05)
    monkeypatch.setattr(desk_hands, "AGAIN", 0.05)
    monkeypatch.setattr(desk_hands, "OPENING", 0.1)
    monkeypatch.setattr(retry, "FIRST", 1.0 / HURRY)
    monkeypatch.setattr("tests.simulators.slack.RETRIES", (0.0, 6.0, 300.0))


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    """Nobody is in yet."""
    async with SlackSimulator(hurry=HURRY, agents=AGENTS) as slack:
        yield Office(slack, database_url)


@pytest.fixture
async def desks(office: Office) -> AsyncIterator[Desks]:
    """Open, with two agents."""
    async with office.open() as made:
        await made.hire("bob")
        await made.hire("eve")
        yield made
