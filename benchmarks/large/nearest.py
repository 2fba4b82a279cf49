"""A million vectors searched with faiss and with pgvector, beside comparing all of them.

Each index is searched more and more thoroughly until it finds enough; one query at a time, on one thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from benchmarks.large.vectors import NEIGHBOURS, Set
from knowledge_base.embedder import Vectors

ENOUGH = 0.98


class Searched(Struct, frozen=True):
    """An index at one thoroughness: milliseconds of a query; seconds and MiB of making the index."""

    what: str
    dimension: int
    vectors: int
    thoroughness: str
    recall: float
    p50: float
    p99: float
    made_in: float
    size: float


Search = Callable[[Vectors], Awaitable[Sequence[int] | NDArray[np.int64]]]
"""The nearest of one query."""


async def timed(
    search: Search, given: Set, what: str, thoroughness: str = "", made_in: float = 0, size: float = 0
) -> Searched:
    """Asks all queries, one after the other."""
    found = np.full((len(given.queries), NEIGHBOURS), -1)
    took = []
    for place, query in enumerate(given.queries):
        began = time.perf_counter()
        nearest = await search(query)
        took.append(1000 * (time.perf_counter() - began))
        found[place, : len(nearest)] = nearest
    return Searched(
        what=what,
        dimension=given.vectors.shape[1],
        vectors=len(given.vectors),
        thoroughness=thoroughness,
        recall=given.recall(found),
        p50=statistics.median(took),
        p99=float(np.quantile(took, 0.99)),
        made_in=made_in,
        size=size,
    )


async def enough(rising: AsyncIterator[Searched]) -> Searched:
    """The first that finds enough; the last where none does."""
    searched = await anext(rising)
    while searched.recall < ENOUGH and (more := await anext(rising, None)) is not None:
        searched = more
    return searched


async def bare(given: Set) -> Searched:
    """Every vector compared, in numpy."""

    async def search(query: Vectors) -> NDArray[np.int64]:
        return np.argpartition(given.vectors @ query, -NEIGHBOURS)[-NEIGHBOURS:]

    return await timed(search, given, "numpy, all compared", size=given.vectors.nbytes / 2**20)
