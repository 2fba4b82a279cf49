from __future__ import annotations

import numpy as np
import pytest

from knowledge_base.confidence import Everyday, odds, probability

TALK = Everyday(mean=0.3, spread=0.1)


def sure(everyday: Everyday, scores: list[float]) -> float:
    return probability(odds(everyday, scores))


@pytest.mark.parametrize(
    ("surer", "less"),
    [
        ([0.9, 0.4, 0.3], [0.6, 0.4, 0.3]),
        ([0.6, 0.3, 0.3], [0.6, 0.5, 0.3]),
        ([0.6, 0.4, 0.2], [0.6, 0.4, 0.4]),
        ([0.8], [0.8, 0.7]),
        ([0.8, 0.4], [0.8, 0.4, 0.4]),
    ],
)
def test_it_is_surer_of_what_stands_out(surer: list[float], less: list[float]) -> None:
    assert 0 < sure(TALK, less) < sure(TALK, surer) < 1


def test_of_nothing_nothing_is_sure() -> None:
    assert sure(TALK, []) == 0.0


def test_a_scale_changes_nothing() -> None:
    scores = [0.7, 0.5, 0.45]
    stretched = Everyday(mean=TALK.mean * 3 + 1, spread=TALK.spread * 3)
    assert sure(stretched, [3 * score + 1 for score in scores]) == pytest.approx(sure(TALK, scores))


def test_scores_that_do_not_scatter_are_no_division_by_nothing() -> None:
    everyday = Everyday.of(np.zeros(5, dtype=np.float32))
    assert 0 <= sure(everyday, [0.5, 0.0]) <= 1
    assert sure(everyday, [-0.2]) < 0.5
