"""From what happened to figures."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figures, Results, Round, last_to_first, percentile, summary, targets
from benchmarks.load import Sample


def sample(position: int, seconds: float) -> Sample:
    return Sample("hello", position, seconds, 200, b"[]")


def round_of(messages: int, seconds: float, *, wrong: int = 0, ratio: float | None = None) -> Round:
    return Round(
        messages=messages,
        seconds=seconds,
        client_cpu=0.1,
        asked=messages + 10,
        watched=seconds + 1,
        cpu=1.0,
        other_cpu=0.2,
        ratio_last_first=ratio,
        kinds={"answer": messages},
        wrong=wrong,
    )


def figures(rate: float, *, wrong: int = 0, ratio: float | None = None) -> Figures:
    return summary([round_of(int(rate * 10), 10.0, wrong=wrong, ratio=ratio)], [0.01, 0.02])


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.99) == 3
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_the_last_ten_are_compared_with_the_first_ten_of_long_dialogues_only() -> None:
    dialogue = [sample(position, 0.010 if position < 10 else 0.5 if position < 50 else 0.015) for position in range(60)]
    assert last_to_first(dialogue, 60) == pytest.approx(1.5)
    assert last_to_first(dialogue[:8], 8) is None


def test_rounds_are_summed_up_by_their_median() -> None:
    found = summary([round_of(100, 1.0), round_of(100, 2.0), round_of(100, 4.0)], [0.001] * 99 + [0.2])
    assert (found.rate, found.rate_low, found.rate_high) == (50, 25, 100)
    assert (found.p50, found.p99) == (1, 1)
    assert found.cpu_ms == pytest.approx(1000 * 3 / 330)
    assert found.other_share == pytest.approx(0.6 / 10)
    assert found.kinds == {"answer": 300}


def test_targets_are_ratios_of_what_was_measured_in_one_run() -> None:
    results: Results = {
        "stock": {(8, 8): figures(20), (60, 8): figures(20)},
        "bare": {(8, 8): figures(200), (60, 8): figures(200)},
        "hub": {(8, 8): figures(90), (60, 8): figures(110, ratio=1.05)},
    }
    assert [target.value for target in targets(results)] == pytest.approx([4.5, 5.5, 0.45, 0.55, 1.05])
    assert [target.reached for target in targets(results)] == [True, False, False, True, True]


def test_a_run_with_wrong_replies_is_no_result() -> None:
    results: Results = {
        "stock": {(8, 8): figures(20), (60, 8): figures(20, wrong=1)},
        "hub": {(8, 8): figures(900), (60, 8): figures(900, ratio=1.0)},
    }
    short, long, *_, ratio = targets(results)
    assert short.reached
    assert long.value is None
    assert not long.reached
    assert ratio.reached
