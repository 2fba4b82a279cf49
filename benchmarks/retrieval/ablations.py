"""`python -m benchmarks.retrieval.ablations FOLDER`: what each choice of the ranking is worth, by what happens without.

On the development sets in the folder (`NAME.articles.jsonl`, `NAME.queries.jsonl`) and on the demo shop's questions.
The benchmark itself is not looked at: choices are made here, and judged there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.report import table
from benchmarks.retrieval import development, evidence
from benchmarks.retrieval.data import LANGUAGES, only
from benchmarks.retrieval.development import Development, Measured
from benchmarks.retrieval.evidence import Judged
from benchmarks.retrieval.measures import Numbers, calibrated, covered
from benchmarks.retrieval.systems import Remembering
from knowledge_base import embedder
from knowledge_base.embedder import Embedder
from knowledge_base.evaluation import BadLine, share
from knowledge_base.index import BEST_WEIGHT, LEXICAL_WEIGHT
from knowledge_base.ranking import DOUBTFUL, SURE

BEST = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
LEXICAL = (0.0, 0.1, 0.2, 0.3)
TERMS = {
    "all three": (0, 1, 2),
    "without the score above the everyday's": (1, 2),
    "without the lead over the second": (0, 2),
    "without the lead over the third": (0, 1),
    "the score above the everyday's alone": (0,),
}
SHIPPED, PLAIN = "as shipped", "plain threshold"
Rows = list[list[str]]


def main(words: list[str]) -> int:
    """The command's entry: 0, or 1 where a set or the model cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval.ablations", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the development sets")
    parser.add_argument("--model", default=embedder.BUNDLED, help="the embedding model; default the bundled one")
    wanted = parser.parse_args(words)
    began = time.perf_counter()
    try:
        model = embedder.load(wanted.model)
        found = text(development.load(wanted.folder), model)
    except (OSError, ValueError, BadLine, msgspec.DecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{found}\n\n{model.name}, fingerprint {model.fingerprint}; {time.perf_counter() - began:.0f} s")
    return 0


def text(sets: Sequence[Development], model: Embedder) -> str:
    """All tables, as Markdown."""
    known = Remembering(model)
    measured = [Measured(found, known) for found in sets]
    parts = [
        ("Right article first, by the weight of the best phrasing beside the centroid", _best(measured)),
        ("... by the weight of shared words beside meaning", _lexical(measured)),
        ("... by the languages whose phrasings are known", _languages(sets, measured, known)),
        ("What is answered, with and without the limit for what scores like everyday talk", _gate(measured)),
        ("How sure one may be, fitted on the other sets, with part of the evidence", _evidence(measured)),
    ]
    notes = (
        "In per cent; in bold what the product does. For the last two tables a quarter of each set's articles is "
        "withheld, each in turn, so that some questions have no answer.\n\nCoverage: of the questions with an article, "
        "those answered where 90 % of all answers are right: by the limit that is best there, and by the one that was "
        "best on the other sets, with what was then right."
    )
    return "\n\n".join([*(f"## {title}\n\n{table(rows, markdown=True)}" for title, rows in parts), notes])


def _best(sets: Sequence[Measured]) -> Rows:
    columns = list(development.groups(sets))
    rows = [["weight", *(name for name, *_ in columns)]]
    for weight in BEST:
        cells = [
            share(found.first(found.questions.scores(LEXICAL_WEIGHT[language], weight))[asked].tolist())
            for _, found, language, asked in columns
        ]
        rows.append([f"{weight:.1f}", *(_percent(cell, bold=weight == BEST_WEIGHT) for cell in cells)])
    return rows


def _lexical(sets: Sequence[Measured]) -> Rows:
    columns = list(development.groups(sets))
    rows = [["weight", *(name for name, *_ in columns)]]
    for weight in LEXICAL:
        rows.append([f"{weight:.1f}"])
        for _, found, language, asked in columns:
            right = share(found.first(found.questions.scores(weight))[asked].tolist())
            rows[-1].append(_percent(right, bold=weight == LEXICAL_WEIGHT[language]))
    return rows


def _languages(sets: Sequence[Development], measured: Sequence[Measured], known: Embedder) -> Rows:
    """Of the sets whose articles are all there in both languages."""
    both = {found.name for found in sets if all(len(a.translations) == len(LANGUAGES) for a in found.articles)}
    indexed = {"both": [found for found in measured if found.name in both]}
    for language in LANGUAGES:
        halves = [
            msgspec.structs.replace(found, articles=only(tuple(found.articles), language))
            for found in sets
            if found.name in both
        ]
        indexed[f"{language} only"] = [Measured(half, known) for half in halves]
    rows = [["known", *(name for name, *_ in development.groups(indexed["both"]))]]
    for name, found in indexed.items():
        cells = [
            share(one.first(one.questions.scores(LEXICAL_WEIGHT[language]))[asked].tolist())
            for _, one, language, asked in development.groups(found)
        ]
        rows.append([name, *(_percent(cell, bold=name == "both") for cell in cells)])
    return rows


def _gate(sets: Sequence[Measured]) -> Rows:
    rows = [["questions", "limit", "answered", "of all answered, right", "without an article refused", "talk answered"]]
    for name, found, language, _ in development.groups(sets):
        here = evidence.judged(found, language)
        sure = evidence.shipped(here)
        for limited in (True, False):
            answers = (np.where(here.above, sure, np.minimum(sure, DOUBTFUL)) if limited else sure) >= SURE
            cells = [
                share(answers[here.labelled].tolist()),
                share(here.right[answers & here.asked].tolist()),
                share((~answers[here.asked & ~here.labelled]).tolist()),
                share(answers[~here.asked].tolist()),
            ]
            words = "with" if limited else "without"
            rows.append([name, words, *(_percent(cell, bold=limited) for cell in cells)])
    return rows


def _evidence(sets: Sequence[Measured]) -> Rows:
    rows = [["set", "decided by", "coverage", "by the others' limit", "of these right", "expected error"]]
    known = evidence.families(sets)
    for family, found in known.items():
        others = [one for name, several in known.items() if name != family for one in several]
        if not others:
            continue
        here = evidence.joined(found)
        for name, judge in _judges(others).items():
            rows.append([family, name, *_decided(judge, here, evidence.joined(others), name)])
    return rows


Judge = Callable[[Judged], Numbers]


def _judges(others: Sequence[Judged]) -> dict[str, Judge]:
    """By name, what is compared; the refitted ones have seen the `others` only."""
    found: dict[str, Judge] = {SHIPPED: evidence.shipped}
    for name, terms in TERMS.items():
        found[name] = _judge(others, terms)
    return {**found, PLAIN: lambda here: here.best}


def _judge(others: Sequence[Judged], terms: Sequence[int]) -> Judge:
    model = evidence.refitted(others, terms)
    return lambda here: evidence.probability(model, here, terms)


def _decided(judge: Judge, here: Judged, others: Judged, name: str) -> list[str]:
    asked, elsewhere = here.only(here.asked), others.only(others.asked)
    scores = judge(asked)
    answers = scores >= evidence.limit(judge(elsewhere), elsewhere.right)
    bound = covered(scores, asked.right, asked.labelled)
    error = None if name == PLAIN else calibrated(scores, asked.right).error
    shares = [bound, share(answers[asked.labelled].tolist()), share(asked.right[answers].tolist())]
    return [*(_percent(cell, bold=name == SHIPPED) for cell in shares), "" if error is None else f"{error:.3f}"]


def _percent(value: float | None, *, bold: bool = False) -> str:
    if value is None:
        return ""
    return f"**{100 * value:.1f}**" if bold else f"{100 * value:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
