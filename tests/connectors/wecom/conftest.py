"""A simulated WeCom, and the product beside it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from connectors.wecom import errors
from hub import alone
from tests.contracts.product import Product, product
from tests.kill.stack import free_port
from tests.simulators.wecom import ACCOUNT, WeCom


@dataclass
class Kf:
    """The platform, and processes of the product over one database."""

    platform: WeCom
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def product(self, *, working: bool = True, port: int | None = None) -> AsyncIterator[Product]:
        """One process of the product; WeCom calls the one that was started last."""
        async with product(self.database_url, self.platform.channel(), port or self.port, working=working) as made:
            await self.platform.connect(made.url)
            yield made

    def calls(self, path: str) -> int:
        """How often a path of WeCom's was called."""
        return sum(called == path for called, _ in self.platform.calls)


def sender(customer: str) -> str:
    """The identity of a customer of the first account."""
    return f"{ACCOUNT}:{customer}"


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes over from somebody, or tries again, does so soon."""
    monkeypatch.setattr(alone, "LEASE", 3.0)
    for code in errors._WAIT:
        monkeypatch.setitem(errors._WAIT, code, 0.3)


@pytest.fixture
async def kf(database_url: str) -> AsyncIterator[Kf]:
    """WeCom, hurried: its patience is a tenth."""
    async with WeCom("kf", hurry=10) as platform:
        yield Kf(platform, database_url)
