"""From answers to figures. All are shares between 0 and 1; a share of nothing is None.

- `recall@1`, `recall@3`, `mrr@10`: over the questions that have an article.
- `auroc`: how well the best score tells the questions that have an article from those without; 0.5 is chance.
- `coverage@90`: of the questions that have an article, those answered with the best article where the score's limit is
  set so low that of all answers, to questions without an article too, 90 % are still right. The limit is the best one
  on these very questions, which nobody knows beforehand: a bound for every system alike, not a promise.
- `Decided`: the same without an oracle, as the system decides by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from benchmarks.retrieval.data import Question
from benchmarks.retrieval.systems import Answer
from knowledge_base.evaluation import Latency, auroc, share

PRECISION = 0.9
_BINS = 10

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Outcome(Struct, frozen=True):
    """A question of a domain, and what a system made of it. `rank` is the article's, 0 where it is not among ten."""

    domain: str
    question: Question
    answer: Answer

    @property
    def rank(self) -> int:
        ranked = self.answer.ranked
        return ranked.index(self.question.article) + 1 if self.question.article in ranked else 0

    @property
    def right(self) -> bool:
        return self.rank == 1


class Decided(Struct, frozen=True):
    """What a system answers by itself. `coverage` is of the questions that have an article, `right` of all answered."""

    coverage: float | None
    right: float | None
    refused_near: float | None
    refused_far: float | None


class Figures(Struct, frozen=True):
    """What the module's docstring explains, for some questions."""

    questions: int
    recall_1: float | None = field(name="recall@1")
    recall_3: float | None = field(name="recall@3")
    mrr_10: float | None = field(name="mrr@10")
    auroc_near: float | None = None
    auroc_far: float | None = None
    coverage_90: float | None = field(name="coverage@90", default=None)
    decided: Decided | None = None


class Bin(Struct, frozen=True):
    """Answers whose probability lies in a tenth: how many, what was said on average, and how many were right."""

    count: int
    said: float
    right: float


class Calibration(Struct, frozen=True):
    """How true the probabilities are; `error` is the expected calibration error."""

    error: float
    bins: list[Bin]


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The figures of some questions; what needs questions without an article is None where there are none."""
    labelled = [outcome for outcome in outcomes if outcome.question.article]
    near, far = (_of_kind(outcomes, kind) for kind in ("near", "far"))
    inside = [outcome.answer.score for outcome in labelled]
    return Figures(
        questions=len(outcomes),
        recall_1=share([outcome.right for outcome in labelled]),
        recall_3=share([0 < outcome.rank <= 3 for outcome in labelled]),
        mrr_10=share([1 / outcome.rank if outcome.rank else 0.0 for outcome in labelled]),
        auroc_near=auroc(inside, [outcome.answer.score for outcome in near]),
        auroc_far=auroc(inside, [outcome.answer.score for outcome in far]),
        coverage_90=coverage(outcomes) if near or far else None,
        decided=decided(labelled, near, far) if outcomes and outcomes[0].answer.answers is not None else None,
    )


def coverage(outcomes: Sequence[Outcome]) -> float | None:
    """`coverage@90` of the module's docstring."""
    return covered(
        np.array([outcome.answer.score for outcome in outcomes]),
        np.array([outcome.right for outcome in outcomes], dtype=np.bool_),
        np.array([outcome.question.article is not None for outcome in outcomes], dtype=np.bool_),
    )


def covered(scores: Numbers, right: Flags, labelled: Flags) -> float | None:
    """`coverage@90` of questions with these scores; those of one score are answered together."""
    if not labelled.any():
        return None
    order = np.argsort(-scores, kind="stable")
    whole = np.append(np.diff(scores[order]) != 0, True)
    good = np.flatnonzero(whole & (right[order].cumsum() >= PRECISION * np.arange(1, len(order) + 1)))
    return round(float(labelled[order][: good[-1] + 1].sum() / labelled.sum()), 4) if len(good) else 0.0


def decided(labelled: Sequence[Outcome], near: Sequence[Outcome], far: Sequence[Outcome]) -> Decided:
    """What the system's own decisions come to."""
    answered = [outcome for outcome in (*labelled, *near, *far) if outcome.answer.answers]
    return Decided(
        coverage=share([bool(outcome.answer.answers) for outcome in labelled]),
        right=share([outcome.right for outcome in answered]),
        refused_near=share([not outcome.answer.answers for outcome in near]),
        refused_far=share([not outcome.answer.answers for outcome in far]),
    )


def calibration(outcomes: Sequence[Outcome]) -> Calibration | None:
    """Of all questions, those without an article too; None where the system gives no probability."""
    said = [o.answer.probability for o in outcomes if o.answer.probability is not None]
    if not said or len(said) < len(outcomes):
        return None
    return calibrated(np.array(said), np.array([outcome.right for outcome in outcomes], dtype=np.bool_))


def calibrated(said: Numbers, right: Flags) -> Calibration:
    """How true these probabilities are of what came true."""
    tenth = np.minimum((said * _BINS).astype(np.intp), _BINS - 1)
    bins = []
    for number in range(_BINS):
        here = tenth == number
        some = bool(here.any())
        bins.append(Bin(int(here.sum()), *(round(float(v[here].mean()), 4) if some else 0.0 for v in (said, right))))
    error = sum(found.count * abs(found.said - found.right) for found in bins) / len(said)
    return Calibration(round(error, 4), bins)


def plain(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The same ranking, decided by the best score alone; nothing where the system does not tell that score."""
    return [
        replace(outcome, answer=Answer(outcome.answer.ranked, outcome.answer.likeness))
        for outcome in outcomes
        if outcome.answer.likeness is not None
    ]


def latency(outcomes: Sequence[Outcome]) -> Latency | None:
    """How long one question took; None where the system was asked all of them at once."""
    times = [o.answer.milliseconds for o in outcomes if o.answer.milliseconds is not None]
    if not times:
        return None
    p50, p99 = np.quantile(times, [0.5, 0.99])
    return Latency(p50=round(float(p50), 3), p99=round(float(p99), 3))


def difference(
    ours: Sequence[Outcome], theirs: Sequence[Outcome], draws: int = 10_000
) -> tuple[float, tuple[float, float]]:
    """By how much more often ours puts the right article first, and a 95 % interval.

    A paired bootstrap: both answered the same questions. Articles are drawn, each with all its questions, since those
    stand or fall together.
    """
    gains: dict[tuple[str, str | None], list[int]] = {}
    for our, their in zip(ours, theirs, strict=True):
        assert our.question == their.question
        gains.setdefault((our.domain, our.question.article), []).append(int(our.right) - int(their.right))
    sums = np.array([sum(found) for found in gains.values()])
    counts = np.array([len(found) for found in gains.values()])
    drawn: NDArray[np.intp] = np.random.default_rng(1).integers(len(sums), size=(draws, len(sums)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    return round(float(sums.sum() / counts.sum()), 4), (round(float(low), 4), round(float(high), 4))


def _of_kind(outcomes: Iterable[Outcome], kind: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.question.kind == kind]
