"""Articles on a real database, and the knowledge base over them with the fast model."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.bus import Bus
from hub.store.db import Database
from knowledge_base.articles import Articles
from knowledge_base.embedder import FAST, Embedder, load
from knowledge_base.ranking import Background
from tests.knowledge_base_service.desk import Desk


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load(FAST)


@pytest.fixture(scope="session")
def background(embedder: Embedder) -> Background:
    return Background(embedder)


@pytest.fixture
async def desk(database_url: str, embedder: Embedder, background: Background) -> AsyncIterator[Desk]:
    """An empty knowledge base."""
    db, bus = Database(database_url), Bus(None)
    opened = Desk(db, bus, Articles(db, bus), embedder, background)
    await db.open()
    try:
        yield opened
    finally:
        await opened.close()
        await db.close()
