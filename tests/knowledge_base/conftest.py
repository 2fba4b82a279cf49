from __future__ import annotations

import pytest

from knowledge_base import embedder
from knowledge_base.embedder import Embedder
from knowledge_base.ranking import Background


@pytest.fixture(scope="session")
def bundled() -> Embedder:
    return embedder.load()


@pytest.fixture(scope="session")
def fast() -> Embedder:
    return embedder.load(embedder.FAST)


@pytest.fixture(scope="session")
def background(bundled: Embedder) -> Background:
    return Background(bundled)
