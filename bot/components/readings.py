"""Which of several readings of one turn counts. Plain Python, so that it can be tested outside Rasa.

A turn may be several messages in several lines, as in "hello", "are you there", "how long is the warranty": what comes
first in `ORDER` is what has to be dealt with, and a greeting swallows no question. In a long account one clause may
say that something burns or that somebody despairs, and the rest must not drown it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Ranking = list[dict[str, Any]]
"""Intents with their confidences, the surest first."""

SURE = 0.4
"""Below this confidence nothing is taken for anything but a question; `config.yml` gives the fallback the same."""
VERY_SURE = 0.7
"""A line or a clause says less than the whole, so it has to be surer: an "I" by itself is no cry for help."""

URGENT = frozenset({"danger", "distress"})
ORDER = (
    ("danger", "distress"),
    ("ask_human", "take_back"),
    ("stop", "correct", "no_number"),
    ("complaint",),
    ("order_status", "warranty_status"),
    ("question", "follow_up"),
    ("not_helpful", "command_bot", "insult"),
    ("capabilities", "ask_bot", "out_of_scope"),
    ("affirm", "deny"),
    ("small_talk", "thanks", "goodbye", "greet"),
)
"""Of intents in one row the last said counts: who wants a human and then does not, does not."""

_PLACE = {intent: place for place, intents in enumerate(ORDER) for intent in intents}
_CLAUSES = re.compile(r"[，。！？；,.!?;…~]+\s*")


def read(text: str, rank: Callable[[str], Ranking]) -> Ranking:
    """The ranking that counts for `text`; `rank` gives that of a piece of it."""
    whole = rank(text)
    lines = [line for line in text.splitlines() if line.strip()]
    readings = [whole]
    if len(lines) > 1:
        readings += [ranking for line in lines if _cries((ranking := rank(line))[0]) or _place(ranking) > 0]
    chosen: Ranking = min(reversed(readings), key=_place)
    if _place(chosen) == 0:
        return chosen
    clauses = [clause for line in lines for clause in _CLAUSES.split(line) if clause]
    if len(clauses) <= len(lines):
        return chosen
    cries: Iterator[Ranking] = (ranking for clause in clauses if _cries((ranking := rank(clause))[0]))
    return next(cries, chosen)


def _place(ranking: Ranking) -> int:
    first = ranking[0]
    return _PLACE.get(first["name"] if first["confidence"] >= SURE else "question", _PLACE["question"])


def _cries(first: dict[str, Any]) -> bool:
    return first["name"] in URGENT and first["confidence"] >= VERY_SURE
