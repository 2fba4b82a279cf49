"""A channel for each test: its platform, and the product beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from connectors import webhooks
from connectors.slack import pace as slack
from connectors.telegram import pace as telegram
from tests.contracts.kind import Kind
from tests.contracts.kinds import Slack, Telegram
from tests.contracts.product import Product, product
from tests.kill.stack import free_port
from tests.simulators.base import Simulator

LONGEST = 120.0
"""Seconds after which a test that waits for something is given up."""


@dataclass
class Channel:
    """A platform, and the product at an address that stays the same over restarts."""

    kind: Kind
    platform: Simulator
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def product(self, *, working: bool = True, reached: bool = True) -> AsyncIterator[Product]:
        """One process of the product, until the block ends. `reached`: the platform is there."""
        async with (
            asyncio.timeout(LONGEST),
            product(self.database_url, self.platform.channel(), self.port, working=working) as made,
        ):
            await self.platform.connect(made.url)
            if reached:
                await self.kind.until_reached(self.platform)
            yield made

    def said(self, sender: str, after: int = 0) -> list[str]:
        """What a customer has been shown of our words, after so many messages."""
        return [self.kind.words(one.text) for one in self.platform.shown(sender)[after:]]

    async def until_said(self, sender: str, number: int) -> list[str]:
        """The same, once there are so many messages."""
        await self.platform.until_shown(sender, number)
        return self.said(sender)


@pytest.fixture
async def channel(kind: Kind, database_url: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Channel]:
    """The channel of this kind. Afterwards nothing in the log may hold one of its secrets."""
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as the product's own logging has it
    async with kind.make(hurry=kind.pace) as platform:
        secrets = secrets_of(platform)
        yield Channel(kind, platform, database_url)
    for record in caplog.records:
        said = logging.Formatter().format(record)
        assert not [secret for secret in secrets if secret in said], f"a secret is in the log: {said}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a platform takes one message a second, it and we are eight times as fast here."""
    monkeypatch.setattr(slack, "INTERVAL", slack.INTERVAL / Slack.pace)
    seconds, burst = telegram.CHAT
    monkeypatch.setattr(telegram, "CHAT", (seconds / Telegram.pace, burst))


@pytest.fixture(autouse=True)
def every_refusal_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only one a second."""
    monkeypatch.setattr(webhooks, "_EVERY", 0.0)


def secrets_of(platform: Simulator) -> frozenset[str]:
    """What nobody may read anywhere, as it stands in the channel's settings."""
    return frozenset(value for value in _secrets(platform.channel()) if len(value) > 3)


def _secrets(settings: Mapping[str, object]) -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _secrets(value)
        elif any(word in name for word in ("token", "secret", "key", "password")):
            yield str(value)
