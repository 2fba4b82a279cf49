"""All figures of one run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from benchmarks.report import Machine
from benchmarks.retrieval.data import DOMAINS, LANGUAGES, STYLES
from benchmarks.retrieval.measures import Calibration, Figures, Outcome, calibration, difference, figures
from hub.types import Language

Outcomes = list[Outcome]
OURS = "ours"


class Claim(Struct, frozen=True):
    """Ours beside the best of the others on some questions, by recall@1; `low` to `high` is a 95 % interval."""

    group: str
    questions: int
    ours: float
    baseline: str
    theirs: float
    difference: float
    low: float
    high: float


class Report(Struct):
    """`systems` are figures by system and group, `across` by system and direction."""

    at: datetime
    commit: str
    machine: Machine
    notes: list[str]
    systems: dict[str, dict[str, Figures]]
    across: dict[str, dict[str, Figures]]
    calibration: dict[str, Calibration]
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
        systems={
            system: {name: figures(group.of(outcomes)) for name, group in groups().items()}
            for system, outcomes in answers.items()
        },
        across={
            system: {direction: figures(outcomes) for direction, outcomes in directions.items()}
            for system, directions in across.items()
        },
        calibration={
            system: found for system, outcomes in answers.items() if (found := calibration(outcomes)) is not None
        },
        claims=claims(answers),
    )


def claims(answers: Mapping[str, Outcomes]) -> list[Claim]:
    """Ours beside the best of the others in each language, style and domain; nothing where either is missing."""
    labelled = {system: [o for o in outcomes if o.question.article] for system, outcomes in answers.items()}
    others = [system for system in labelled if system != OURS]
    if OURS not in labelled or not others:
        return []
    found = []
    for name, group in groups().items():
        asked = {system: group.of(outcomes) for system, outcomes in labelled.items()}
        if not asked[OURS]:
            continue
        rates = {system: sum(o.right for o in outcomes) / len(outcomes) for system, outcomes in asked.items()}
        best = max(others, key=rates.__getitem__)
        gain, (low, high) = difference(asked[OURS], asked[best])
        ours, theirs = round(rates[OURS], 4), round(rates[best], 4)
        found.append(Claim(name, len(asked[OURS]), ours, best, theirs, gain, low, high))
    return found
