"""A million vectors that lie as those of phrasings do: articles around topics, phrasings around articles.

How far articles are from each other, and phrasings from their article, in which directions and how unevenly, is taken
from the bundled model's vectors of the sample's and the benchmark's articles. Nothing is searched in noise.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from benchmarks.large.corpus import topics
from knowledge_base import embedder
from knowledge_base.embedder import Vectors, normalised

NEIGHBOURS = 10
"""Phrasings of an article, and neighbours that a search has to find."""

ARTICLES, SHARED = 50, 0.8
"""Of a hundred thousand articles many are about one thing: so many of a subject, which has so much of their scatter."""

UNEVEN = 0.5
"""How differently far phrasings are from their article: the scatter of the logarithm. With these figures a phrasing's
ten nearest are of eight articles, as those of the real vectors are, and as near."""

_AT_ONCE = 100_000


class Set(Struct, frozen=True, eq=False):
    """What is searched, what is searched for, and the `NEIGHBOURS` nearest of each, found by comparing all."""

    vectors: Vectors
    queries: Vectors
    nearest: NDArray[np.intp]

    def recall(self, found: NDArray[np.intp]) -> float:
        """The share of the nearest that is among what was found, a row a query."""
        return float(np.mean([len(set(a) & set(b)) / NEIGHBOURS for a, b in zip(found, self.nearest, strict=True)]))


def made(count: int, dimension: int, queries: int, seed: int = 1) -> Set:
    """`count` vectors and as many queries, each a further phrasing of some article."""
    dice = np.random.default_rng(seed)
    middle, between, within = _shape(dimension, dice)
    vectors = np.empty((count, dimension), dtype=np.float32)
    asked = np.empty((queries, dimension), dtype=np.float32)
    centres = _drawn(dice, -(-count // NEIGHBOURS), between) * (1 - SHARED) ** 0.5
    subjects = _drawn(dice, -(-len(centres) // ARTICLES), between) * SHARED**0.5
    centres += middle + subjects[np.arange(len(centres)) // ARTICLES]
    for first in range(0, count, _AT_ONCE):
        some = vectors[first : first + _AT_ONCE]
        owners = np.arange(first, first + len(some)) // NEIGHBOURS
        some[:] = normalised(centres[owners] + _apart(dice, len(some), within))
    asked[:] = normalised(centres[dice.integers(len(centres), size=queries)] + _apart(dice, queries, within))
    return Set(vectors, asked, exact(vectors, asked))


def exact(vectors: Vectors, queries: Vectors) -> NDArray[np.intp]:
    """The nearest of each query, by comparing all."""
    scores = np.empty((len(queries), 0), dtype=np.float32)
    places = np.empty((len(queries), 0), dtype=np.intp)
    for first in range(0, len(vectors), _AT_ONCE):
        near = queries @ vectors[first : first + _AT_ONCE].T
        best = np.argpartition(near, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
        scores = np.hstack([scores, np.take_along_axis(near, best, axis=1)])
        places = np.hstack([places, best + first])
    kept = np.argsort(-scores, axis=1)[:, :NEIGHBOURS]
    return np.take_along_axis(places, kept, axis=1)


def _shape(dimension: int, dice: np.random.Generator) -> tuple[Vectors, Vectors, Vectors]:
    """The mean of all articles, and the square roots of how they scatter and how phrasings scatter around theirs.

    What a wider space has beside the model's is as the least of the model's directions.
    """
    model = embedder.load(embedder.FAST)
    told = [model.encode(article.phrasings()) for article in topics()]
    centres = np.stack([vectors.mean(axis=0) for vectors in told])
    apart = np.concatenate([vectors - vectors.mean(axis=0) for vectors in told])
    more = dimension - model.dimension
    turned, _ = np.linalg.qr(dice.standard_normal((dimension, dimension)))
    roots = []
    for scatter in (np.cov(centres.T), np.cov(apart.T)):
        values, frame = np.linalg.eigh(scatter)
        least = max(0.0, float(np.quantile(values, 0.05)))
        root = np.zeros((dimension, dimension))
        root[: len(values), : len(values)] = np.sqrt(np.maximum(values, 0))[:, None] * frame.T
        root[len(values) :, len(values) :] = np.sqrt(least) * np.eye(more)
        roots.append((root @ turned).astype(np.float32))
    middle = np.pad(centres.mean(axis=0), (0, more)) @ turned
    return middle.astype(np.float32), roots[0], roots[1]


def _drawn(dice: np.random.Generator, count: int, root: Vectors) -> Vectors:
    return dice.standard_normal((count, len(root)), dtype=np.float32) @ root


def _apart(dice: np.random.Generator, count: int, root: Vectors) -> Vectors:
    far = np.exp(UNEVEN * dice.standard_normal((count, 1), dtype=np.float32) - UNEVEN**2 / 2)
    return np.asarray(_drawn(dice, count, root) * far, dtype=np.float32)
