"""faiss: lists around centres (IVF), and a graph of neighbours (HNSW). Both keep the vectors as they are."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.large.nearest import Search, Searched, enough, timed
from benchmarks.large.vectors import NEIGHBOURS, Set
from knowledge_base.embedder import Vectors

PROBES = (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384)
CANDIDATES = (16, 32, 64, 96, 128, 192, 256, 384, 512)
_AT_ONCE = 50_000


async def lists(given: Set) -> Searched:
    """Vectors in lists, of which a search looks through the nearest few."""
    count, dimension = given.vectors.shape
    number = max(1, int(2 * count**0.5))
    quantizer = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFFlat(quantizer, dimension, number, faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid, index.cp.niter = 48, 10
    began = time.perf_counter()
    _on_all_cores(lambda: index.train(given.vectors))
    _on_all_cores(lambda: _add(index, given.vectors))
    made_in, size = time.perf_counter() - began, given.vectors.nbytes * (1 + number / count) / 2**20 + 8 * count / 2**20

    async def rising() -> AsyncIterator[Searched]:
        for probes in PROBES:
            index.nprobe = probes
            yield await timed(_search(index), given, "faiss, IVF", f"{probes} of {number} lists", made_in, size)

    return await enough(rising())


async def graph(given: Set) -> Searched:
    """Vectors linked to near ones, along which a search walks."""
    count, dimension = given.vectors.shape
    index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    began = time.perf_counter()
    _on_all_cores(lambda: _add(index, given.vectors))
    made_in, size = time.perf_counter() - began, (given.vectors.nbytes + 4 * 2 * 32 * count) / 2**20

    async def rising() -> AsyncIterator[Searched]:
        for candidates in CANDIDATES:
            index.hnsw.efSearch = candidates
            yield await timed(_search(index), given, "faiss, HNSW", f"{candidates} candidates", made_in, size)

    return await enough(rising())


def _search(index: Any) -> Search:
    faiss.omp_set_num_threads(1)

    async def search(query: Vectors) -> NDArray[np.int64]:
        found: NDArray[np.int64] = index.search(query[None], NEIGHBOURS)[1][0]
        return found

    return search


def _add(index: Any, vectors: Vectors) -> None:
    for first in range(0, len(vectors), _AT_ONCE):
        index.add(vectors[first : first + _AT_ONCE])


def _on_all_cores(work: Callable[[], None]) -> None:
    faiss.omp_set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
    work()
