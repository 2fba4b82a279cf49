"""How sure we may be that the best article is the right one, as a probability: of answers said to be 80 % sure, about
80 % are right.

Three numbers decide, whatever the embedder and whatever the knowledge base: how far the best score lies above what
everyday utterances score, and how far it is ahead of the second and of the third article, all in units of how much the
everyday scores scatter. The weights are a logistic regression's over development sets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

WEIGHTS = (-1.965, 0.234, 0.793, 0.955)
"""Of one, of the score above the everyday's mean, of the lead over the second article and over the third."""

_FAR_AHEAD = 6.0
"""A lead that is larger says no more."""

_IMPOSSIBLE = -30.0
"""Odds that are as good as none."""

_LEAST_SPREAD = 0.01  # where all everyday utterances score alike, as against no articles at all


class Everyday(Struct, frozen=True):
    """What everyday utterances score against a knowledge base: their mean, and their standard deviation."""

    mean: float
    spread: float

    @classmethod
    def of(cls, scores: NDArray[np.float32]) -> Everyday:
        """Of these best scores."""
        return cls(float(scores.mean()), max(float(scores.std()), _LEAST_SPREAD))

    def evidence(self, scores: Sequence[float]) -> tuple[float, float, float]:
        """What the best articles' scores, best first, say for the first; an article that is missing scores the mean."""
        first, second, third = (*scores[:3], *[min(self.mean, *scores[:1])] * (3 - len(scores[:3])))
        return (
            (first - self.mean) / self.spread,
            min(_FAR_AHEAD, (first - second) / self.spread),
            min(_FAR_AHEAD, (first - third) / self.spread),
        )


def odds(everyday: Everyday, scores: Sequence[float]) -> float:
    """The logarithm of the odds that the article with the first of the `scores` is the right one."""
    if not scores:
        return _IMPOSSIBLE
    bias, *weights = WEIGHTS
    return bias + sum(weight * value for weight, value in zip(weights, everyday.evidence(scores), strict=True))


def probability(odds: float) -> float:
    """The probability with these odds, given as their logarithm."""
    return 0.0 if odds <= _IMPOSSIBLE else 1 / (1 + math.exp(-odds))
