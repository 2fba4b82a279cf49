"""What became of answers teaches two things: how sure to be, and which questions an article does not answer.

How sure. The odds that a decision comes with are moved to `shift + slope * odds`, fitted to what was said of answers.
What is said is no fair sample: who was helped goes away, and agents read what went wrong. Complaints alone would make
us ever stricter. So an answer of which nobody said anything counts too, as right, with the weight that makes up for the
complaints that are not made. The slope is at least `LEAST_SLOPE`, so answers keep their order whatever the labels say.

Only answers are ever labelled, so the fit knows nothing of what was asked back about or abstained from; and silence may
only mean that nobody could speak. So odds are never moved up: labels make us stricter, and take that back, but nothing
is answered that the development sets would not let us answer. The odds are in units of how everyday talk scores, so
labels hold when the articles or the model change; the oldest are forgotten.

Which questions. A question that was answered wrongly competes from then on with the article that was served, like one
more article, until an editor publishes a new revision of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from knowledge_base.embedder import Vectors

By = Literal["agent", "customer", "handover"]
Key = tuple[str, int]
"""An article in one revision."""

WEIGHTS: dict[By | None, float] = {
    "agent": 1.0,  # read the question and the answer, and knows the business
    "customer": 0.7,  # knows whether it helped, but also dislikes what is true
    "handover": 0.3,  # many want a human whatever the answer was
    None: 0.1,  # where one wrong answer in ten is complained about, this makes up for the other nine
}
PRIOR = 600.0
"""The weight of what the development sets say: as of so many answers, of all odds alike, as sure as they were."""

_PRIOR_ODDS = np.linspace(0.0, 6.0, 13)
LEAST_SLOPE = 0.2

TASTE, AT_LEAST = 0.05, 2
"""The share, and the number, of those who were given an article's answer that have to call it wrong before it counts
as a matter of their questions. Below, it is taste, mischief or a slip: otherwise one visitor could take an answer away
from all. Agents' words count at once."""

HEARD = 5
"""As many answers of one customer count in full, and more of them no more than these: otherwise one visitor could make
the assistant unsure of everything. What agents say of them counts in full."""

_STEPS, _CLOSE = 50, 1e-4


class Answered(Struct, frozen=True):
    """An answer that was given: with which odds, whether it was right, and who or what says so (None: nobody).

    `customer` is who got it; None where that is not known, and somebody else each time.
    """

    key: Key
    odds: float
    right: bool = True
    by: By | None = None
    customer: str | None = None


class Wrong(Struct, frozen=True):
    """A question to which the article was no answer."""

    message: int
    key: Key
    question: str
    by: By


class Recalibration(Struct, frozen=True):
    """What was right in the end: of answers with certain odds as many as with the odds `shift + slope * odds`."""

    shift: float = 0.0
    slope: float = 1.0

    def __call__(self, odds: float) -> float:
        """The odds that may be claimed: never higher ones, see above."""
        return min(odds, self.shift + self.slope * odds)


class Lessons(Struct, frozen=True, eq=False):
    """What is known from outcomes. `wrong`: the vectors of the questions that an article's revision does not answer."""

    recalibration: Recalibration = Recalibration()
    wrong: Mapping[Key, Vectors] = {}

    def rival(self, key: Key, score: float, nearness: float, vector: Vectors) -> float | None:
        """The score with which wrong questions compete with an article; None where there are none.

        `nearness` is the question's to the article's closest phrasing: who is as close has the article's `score`.
        """
        wrong = self.wrong.get(key)
        return None if wrong is None else score - nearness + float((wrong @ vector).max())


def fit(answers: Sequence[Answered]) -> Recalibration:
    """The recalibration that these answers, and what is known without them, make most likely."""
    if not answers:
        return Recalibration()
    given = np.array([answer.odds for answer in answers])
    odds = np.concatenate([given, _PRIOR_ODDS])
    right = np.concatenate([[float(answer.right) for answer in answers], _probability(_PRIOR_ODDS)])
    weights = np.concatenate([_weights(answers), np.full(len(_PRIOR_ODDS), PRIOR / len(_PRIOR_ODDS))])
    shift, slope = _minimum(odds, right, weights, np.array([0.0, 1.0]), free=True)
    if slope < LEAST_SLOPE:  # the loss is convex: the best that is allowed is at the edge
        shift, slope = _minimum(odds, right, weights, np.array([0.0, LEAST_SLOPE]), free=False)
    return Recalibration(float(shift), float(slope))


def teaching(answers: Sequence[Answered], wrong: Sequence[Wrong]) -> list[Wrong]:
    """Those of the wrong questions that count: what customers say has to be more than taste."""
    given, refused = defaultdict[Key, set[str | int]](set), defaultdict[Key, set[str | int]](set)
    for place, answer in enumerate(answers):
        somebody = answer.customer or place
        given[answer.key].add(somebody)
        if answer.by == "customer" and not answer.right:
            refused[answer.key].add(somebody)
    counts = {key for key, by in refused.items() if len(by) >= max(AT_LEAST, TASTE * len(given[key]))}
    return [one for one in wrong if one.by == "agent" or one.key in counts]


def _weights(answers: Sequence[Answered]) -> list[float]:
    many = Counter(answer.customer for answer in answers if answer.by != "agent")
    return [
        WEIGHTS[answer.by]
        * (min(1.0, HEARD / many[answer.customer]) if answer.customer and answer.by != "agent" else 1.0)
        for answer in answers
    ]


Floats = NDArray[np.float64]


def _minimum(odds: Floats, right: Floats, weights: Floats, at: Floats, free: bool) -> Floats:
    """Where the weighted loss is least, by Newton's method; the slope stays as it is unless it is `free`."""
    moves = np.stack([np.ones_like(odds), odds])[: 2 if free else 1]
    loss = _loss(odds, right, weights, at)
    for _ in range(_STEPS):
        expected = _probability(at[0] + at[1] * odds)
        slant = moves @ (weights * (expected - right))
        curve = (moves * (weights * expected * (1 - expected))) @ moves.T
        step = np.zeros(2)
        step[: len(moves)] = np.linalg.solve(curve + 1e-9 * np.eye(len(moves)), slant)
        while (after := _loss(odds, right, weights, at - step)) > loss and np.abs(step).max() > _CLOSE:
            step /= 2  # it went too far
        if np.abs(step).max() <= _CLOSE:
            break
        at, loss = at - step, after
    return at


def _loss(odds: Floats, right: Floats, weights: Floats, at: Floats) -> float:
    moved = at[0] + at[1] * odds
    return float(weights @ (np.logaddexp(0.0, moved) - right * moved))


def _probability(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30.0, 30.0))))
