"""Follows what becomes of answers, for one process: looks whether there are new labels, and makes lessons of them."""

from __future__ import annotations

import time

import numpy as np
from msgspec import Struct

from hub.language import detect
from hub.store.db import Connection
from knowledge_base import labels
from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.labels import Mark
from knowledge_base.outcomes import Answered, Key, Lessons, Wrong, fit, teaching
from knowledge_base.ranking import Ranking

EVERY = 5.0
"""Seconds between two looks, however many labels come."""

AT_LEAST_EVERY = 600.0
"""Seconds after which all is read again, for what leaves no mark: handovers, and a label that was committed late."""

_BATCH = 16
"""Questions encoded at once. So few that no embedder keeps them on the disk: they are customers' words, and go when the
messages go."""


class Labels(Struct, frozen=True):
    """What is known of past answers. `seen`: by what it is told that there is more."""

    answers: list[Answered]
    wrong: list[Wrong]
    seen: tuple[Mark, int] | None = None


class Learning:
    """What this process has learned, and from what. `longest`: characters of a question that count."""

    def __init__(self, embedder: Embedder, longest: int) -> None:
        self._embedder = embedder
        self._longest = longest
        self._vectors: dict[tuple[int, str], Vectors] = {}
        self._seen: tuple[Mark, int] | None = None
        self._again_at = 0.0

    async def read(self, conn: Connection, version: int) -> Labels | None:
        """The labels, where there may be others than the last time, or other revisions served; else None."""
        seen = (await labels.mark(conn), version)
        if seen == self._seen and time.monotonic() < self._again_at:
            return None
        return Labels(await labels.answers(conn), await labels.wrong(conn, self._longest), seen)

    def lessons(self, found: Labels, ranking: Ranking) -> Lessons:
        """What they teach. Blocks: encodes the questions that are new. Until it succeeds, `read` finds them again."""
        wrong = teaching(found.answers, found.wrong)
        meant = [ranking.read(one.question, detect(one.question) or "en")[0] for one in wrong]
        named = [(one.message, text) for one, text in zip(wrong, meant, strict=True)]
        new = [name for name in named if name not in self._vectors]
        known = {name: self._vectors[name] for name in named if name in self._vectors}
        for first in range(0, len(new), _BATCH):
            batch = new[first : first + _BATCH]
            known.update(zip(batch, self._embedder.encode([text for _, text in batch]), strict=True))
        self._vectors = known
        of: dict[Key, list[Vectors]] = {}
        for one, name in zip(wrong, named, strict=True):
            of.setdefault(one.key, []).append(known[name])
        learned = Lessons(fit(found.answers), {key: np.stack(vectors) for key, vectors in of.items()})
        self._seen, self._again_at = found.seen, time.monotonic() + AT_LEAST_EVERY
        return learned
