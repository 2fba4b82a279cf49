"""All figures of one run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from benchmarks.report import Machine
from benchmarks.retrieval.data import DOMAINS, LANGUAGES, STYLES
from benchmarks.retrieval.measures import (
    Calibration,
    Figures,
    Outcome,
    calibration,
    difference,
    figures,
    latency,
    plain,
)
from benchmarks.retrieval.systems import OURS
from hub.types import Language
from knowledge_base.evaluation import Latency

Outcomes = list[Outcome]


class Claim(Struct, frozen=True):
    """One of ours beside the best of the others on some questions, by recall@1; `low` to `high` is a 95 % interval."""

    system: str
    group: str
    questions: int
    ours: float
    baseline: str
    theirs: float
    difference: float
    low: float
    high: float


class Report(Struct):
    """`systems` are figures by system and group, `across` by system and direction.

    `plain` are those of ours if the best score alone decided; `calibration` is by system and language, `all` too.
    """

    at: datetime
    commit: str
    machine: Machine
    notes: list[str]
    systems: dict[str, dict[str, Figures]]
    plain: dict[str, dict[str, Figures]]
    across: dict[str, dict[str, Figures]]
    calibration: dict[str, dict[str, Calibration]]
    latency_ms: dict[str, Latency]
    claims: list[Claim]
    took: float = 0.0


class Group(Struct, frozen=True):
    """Questions that are looked at together: of a language, a style in it, a domain; None is any."""

    language: Language | None = None
    style: str | None = None
    domain: str | None = None

    def of(self, outcomes: Outcomes) -> Outcomes:
        """Those of the outcomes that are its questions'."""
        return [
            outcome
            for outcome in outcomes
            if self.language in (None, outcome.question.language)
            and self.style in (None, outcome.question.style)
            and self.domain in (None, outcome.domain)
        ]


def groups() -> dict[str, Group]:
    """By name: `all`, `zh`, `zh long`, `shop`, `shop zh` ..."""
    found = {"all": Group()}
    for language in LANGUAGES:
        found[language] = Group(language)
        found |= {f"{language} {style}": Group(language, style) for style in STYLES[language]}
    for domain in DOMAINS:
        found[domain] = Group(domain=domain)
        found |= {f"{domain} {language}": Group(language, domain=domain) for language in LANGUAGES}
    return found


def report(
    answers: Mapping[str, Outcomes],
    across: Mapping[str, Mapping[str, Outcomes]],
    *,
    at: datetime,
    commit: str,
    machine: Machine,
    notes: list[str],
) -> Report:
    """The figures over all outcomes, by system."""
    return Report(
        at=at,
        commit=commit,
        machine=machine,
        notes=notes,
        systems={system: _by_group(outcomes) for system, outcomes in answers.items()},
        plain={system: _by_group(judged) for system, outcomes in answers.items() if (judged := plain(outcomes))},
        across={
            system: {direction: figures(outcomes) for direction, outcomes in directions.items()}
            for system, directions in across.items()
        },
        calibration={system: found for system, outcomes in answers.items() if (found := _calibrations(outcomes))},
        latency_ms={system: took for system, outcomes in answers.items() if (took := latency(outcomes))},
        claims=[claim for system in answers if system.startswith(OURS) for claim in claims(answers, system)],
    )


def claims(answers: Mapping[str, Outcomes], ours: str) -> list[Claim]:
    """One of ours beside the best of the others in each language, style and domain; nothing where none is there."""
    labelled = {system: [o for o in outcomes if o.question.article] for system, outcomes in answers.items()}
    others = [system for system in labelled if not system.startswith(OURS)]
    found: list[Claim] = []
    for name, group in groups().items() if others else ():
        asked = {system: group.of(labelled[system]) for system in (ours, *others)}
        if not asked[ours]:
            continue
        rates = {system: sum(o.right for o in outcomes) / len(outcomes) for system, outcomes in asked.items()}
        best = max(others, key=rates.__getitem__)
        gain, (low, high) = difference(asked[ours], asked[best])
        reached, theirs = round(rates[ours], 4), round(rates[best], 4)
        found.append(Claim(ours, name, len(asked[ours]), reached, best, theirs, gain, low, high))
    return found


def _by_group(outcomes: Outcomes) -> dict[str, Figures]:
    return {name: figures(group.of(outcomes)) for name, group in groups().items()}


def _calibrations(outcomes: Outcomes) -> dict[str, Calibration]:
    """Over all questions and by language; nothing where the system gives no probability."""
    known = groups()
    asked = {name: known[name].of(outcomes) for name in ("all", *LANGUAGES)}
    return {name: found for name, some in asked.items() if (found := calibration(some)) is not None}
