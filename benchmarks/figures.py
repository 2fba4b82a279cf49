"""From what happened to figures. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

from msgspec import Struct

from benchmarks.dialogues import BLOCK
from benchmarks.load import Sample


class Cell(Struct, frozen=True):
    """One kind of load: messages in a dialogue, clients at the same time, how often it is measured."""

    length: int
    clients: int
    rounds: int


class Round(Struct, frozen=True):
    """One system under one load, once.

    `seconds` are those of the `messages`. CPU is in seconds: the client's over the same time, the system's and that of
    everything else over `watched` seconds, in which `asked` messages were asked: those before the clock started too.
    """

    messages: int
    seconds: float
    client_cpu: float
    asked: int
    watched: float
    cpu: float
    other_cpu: float
    ratio_last_first: float | None
    kinds: dict[str, int]
    wrong: int


class Figures(Struct, frozen=True):
    """One system under one load, over all rounds: medians, and latencies in milliseconds over all messages.

    `cpu_ms` is the system's CPU for a message; `client_share` and `other_share` are shares of one core.
    """

    messages: int
    rounds: int
    rate: float
    rate_low: float
    rate_high: float
    p50: float
    p99: float
    last_first: float | None
    cpu_ms: float
    client_share: float
    other_share: float
    kinds: dict[str, int]
    wrong: int


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed; ValueError where there are none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def last_to_first(samples: Iterable[Sample], length: int) -> float | None:
    """The median latency of a dialogue's last ten messages over that of its first ten; None for short dialogues.

    Both tens hold the same mix of questions and small talk.
    """
    if length < 2 * BLOCK:
        return None
    heard = list(samples)
    first = [s.seconds for s in heard if s.position < BLOCK]
    last = [s.seconds for s in heard if s.position >= length - BLOCK]
    return statistics.median(last) / statistics.median(first)


def summary(rounds: Sequence[Round], seconds: Sequence[float]) -> Figures:
    """The figures of all rounds of one system under one load; `seconds` are the latencies of all their messages."""
    rates = [r.messages / r.seconds for r in rounds]
    ratios = [r.ratio_last_first for r in rounds if r.ratio_last_first is not None]
    kinds: dict[str, int] = {}
    for r in rounds:
        for kind, count in r.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Figures(
        messages=sum(r.messages for r in rounds),
        rounds=len(rounds),
        rate=statistics.median(rates),
        rate_low=min(rates),
        rate_high=max(rates),
        p50=1000 * percentile(seconds, 0.50),
        p99=1000 * percentile(seconds, 0.99),
        last_first=statistics.median(ratios) if ratios else None,
        cpu_ms=1000 * sum(r.cpu for r in rounds) / sum(r.asked for r in rounds),
        client_share=sum(r.client_cpu for r in rounds) / sum(r.seconds for r in rounds),
        other_share=sum(r.other_cpu for r in rounds) / sum(r.watched for r in rounds),
        kinds=dict(sorted(kinds.items())),
        wrong=sum(r.wrong for r in rounds),
    )


class Target(Struct, frozen=True):
    """A figure to reach: a ratio, the limit, and whether it is the least or the most allowed."""

    what: str
    value: float | None
    limit: float
    at_least: bool

    @property
    def reached(self) -> bool:
        """Whether the figure is where it has to be; one that could not be measured is not."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


Results = dict[str, dict[tuple[int, int], Figures]]
"""By system, then by length of the dialogues and number of clients."""

TARGET_CLIENTS = 8


def targets(results: Results) -> list[Target]:
    """What is to be reached at eight clients, and what was."""

    def rate(system: str, length: int) -> float | None:
        figures = results.get(system, {}).get((length, TARGET_CLIENTS))
        return figures.rate if figures is not None and not figures.wrong else None

    def ratio(other: str, length: int) -> float | None:
        ours, theirs = rate("hub", length), rate(other, length)
        return ours / theirs if ours is not None and theirs is not None else None

    hub60 = results.get("hub", {}).get((60, TARGET_CLIENTS))
    return [
        Target("hub : stock Rasa, 8-message dialogues", ratio("stock", 8), 4.0, at_least=True),
        Target("hub : stock Rasa, 60-message dialogues", ratio("stock", 60), 6.0, at_least=True),
        Target("hub : our Rasa bare, 8-message dialogues", ratio("bare", 8), 0.5, at_least=True),
        Target("hub : our Rasa bare, 60-message dialogues", ratio("bare", 60), 0.5, at_least=True),
        Target(
            "hub: latency of the last ten of 60 messages : first ten",
            hub60.last_first if hub60 is not None and not hub60.wrong else None,
            1.1,
            at_least=False,
        ),
    ]
