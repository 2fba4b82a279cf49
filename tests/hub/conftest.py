"""The core on a real database, with a bot and a knowledge base that answer as they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.hub.house import House, open_house


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened
