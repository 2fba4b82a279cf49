"""The figures for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from benchmarks.report import table
from benchmarks.retrieval.data import DOMAINS, LANGUAGES, STYLES
from benchmarks.retrieval.measures import Calibration, Figures
from benchmarks.retrieval.results import Report

Rows = list[list[str]]


def text(made: Report, *, markdown: bool, brief: bool) -> str:
    """The tables, each below a line that says what it shows; `brief` leaves out the details."""
    parts = [("Right article first, in per cent (recall@1)", _by_system(made, ["all", *LANGUAGES], _first))]
    styles = [f"{language} {style}" for language in LANGUAGES for style in STYLES[language]]
    domains = [f"{domain} {language}" for domain in DOMAINS for language in LANGUAGES]
    if not brief:
        parts += [
            ("... by style", _by_group(made, styles, _first)),
            ("... by domain", _by_group(made, domains, _first)),
            ("recall@3", _by_system(made, ["all", *LANGUAGES], lambda f: f.recall_3)),
            ("MRR@10", _by_system(made, ["all", *LANGUAGES], lambda f: f.mrr_10)),
            ("Across languages, recall@1: questions to articles in one language only", _across(made)),
        ]
    parts.append(("Questions without an article: AUROC, and coverage at 90 % right by the best limit", _silence(made)))
    parts.append(("What a system answers by itself", _decided(made)))
    if not brief:
        parts += [(_error(name, found), _bins(found)) for name, found in made.calibration.items()]
    parts.append(("Time of one question in ms, encoding included", _times(made)))
    ours = dict.fromkeys(claim.system for claim in made.claims)
    parts += [(f"{name} against the best of the others, recall@1", _claims(made, name, brief)) for name in ours]
    shown = [f"{title}\n\n{table(rows, markdown=markdown)}" for title, rows in parts if len(rows) > 1]
    return "\n\n".join([*shown, _notes(made)])


def _first(found: Figures) -> float | None:
    return found.recall_1


def _by_system(made: Report, names: Sequence[str], value: Callable[[Figures], float | None]) -> Rows:
    rows = [["system", *names]]
    return rows + [
        [system, *(_percent(value(found[name])) for name in names)] for system, found in made.systems.items()
    ]


def _by_group(made: Report, names: Sequence[str], value: Callable[[Figures], float | None]) -> Rows:
    rows = [["questions", *made.systems]]
    return rows + [[name, *(_percent(value(found[name])) for found in made.systems.values())] for name in names]


def _across(made: Report) -> Rows:
    directions = [f"{here} to {there}" for here in LANGUAGES for there in (here, *set(LANGUAGES) - {here})]
    rows = [["system", *directions]]
    return rows + [[name, *(_percent(found[d].recall_1) for d in directions)] for name, found in made.across.items()]


def _silence(made: Report) -> Rows:
    groups = ("all", *LANGUAGES, *DOMAINS)
    rows = [["system", "AUROC near", "AUROC far", "coverage: all", *groups[1:]]]
    for system, found in made.systems.items():
        rows.append(_refusals(system, found, groups))
        if plain := made.plain.get(system):
            rows.append(_refusals(f"{system}, plain threshold", plain, groups))
            ratios = [_ratio(found[name].coverage_90, plain[name].coverage_90) for name in groups]
            rows.append([f"{system} : plain threshold", "", "", *ratios])
    return rows


def _refusals(name: str, found: Mapping[str, Figures], groups: Sequence[str]) -> list[str]:
    everything = found["all"]
    covered = [_percent(found[group].coverage_90) for group in groups]
    return [name, _share(everything.auroc_near), _share(everything.auroc_far), *covered]


def _decided(made: Report) -> Rows:
    rows = [["system", "questions", "answered", "of all answered, right", "near refused", "far refused"]]
    for system, found in made.systems.items():
        own = {name: found[name].decided for name in ("all", *LANGUAGES, *DOMAINS)}
        rows += [
            [system, name, *map(_percent, (it.coverage, it.right, it.refused_near, it.refused_far))]
            for name, it in own.items()
            if it
        ]
    return rows


def _error(system: str, found: Mapping[str, Calibration]) -> str:
    errors = ", ".join(f"{name} {calibration.error:.3f}" for name, calibration in found.items())
    return f"Calibration of {system}: expected error {errors}"


def _bins(found: Mapping[str, Calibration]) -> Rows:
    rows = [["said", *(f"{name}{what}" for name in found for what in (": questions", " said", " right"))]]
    for place, tenths in enumerate(zip(*(calibration.bins for calibration in found.values()), strict=True)):
        row = [f"{10 * place}–{10 * place + 10} %"]
        for tenth in tenths:
            row += [str(tenth.count), *map(_percent, (tenth.said, tenth.right) if tenth.count else (None, None))]
        rows.append(row)
    return rows


def _times(made: Report) -> Rows:
    rows = [["system", "p50", "p99"]]
    return rows + [[system, f"{took.p50:.2f}", f"{took.p99:.2f}"] for system, took in made.latency_ms.items()]


def _claims(made: Report, ours: str, brief: bool) -> Rows:
    rows = [["questions", "number", ours, "best of the others", "", "difference", "95 % interval", ""]]
    for claim in made.claims:
        if claim.system != ours or (brief and claim.group not in ("all", *LANGUAGES)):
            continue
        verdict = "better" if claim.low > 0 else "WORSE" if claim.high < 0 else "not told apart"
        between = f"{100 * claim.low:+.1f} to {100 * claim.high:+.1f}"
        figures = [_percent(claim.ours), claim.baseline, _percent(claim.theirs), f"{100 * claim.difference:+.1f}"]
        rows.append([claim.group, str(claim.questions), *figures, between, verdict])
    return rows


def _notes(made: Report) -> str:
    where = made.machine
    lines = [
        *made.notes,
        "coverage: of the questions with an article, those answered by the limit that keeps 90 % of all answers right;",
        "  found on this very set and for each column anew, it is an upper bound, which no system reaches unseen",
        "plain threshold: the same ranking; the best article's score alone decides whether it is answered",
        "the interval is a paired bootstrap over articles; the best of the others is picked afterwards, in its favour",
        f"{where.cores} cores ({where.cpu}); commit {made.commit}, {made.took / 60:.1f} minutes",
    ]
    return "\n".join(line if line.startswith(" ") else f"- {line}" for line in lines)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _ratio(ours: float | None, plain: float | None) -> str:
    return f"× {ours / plain:.2f}" if ours is not None and plain else ""


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
