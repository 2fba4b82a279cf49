"""`python -m benchmarks.retrieval`: who finds the right article, and who keeps silent where there is none.

All systems get the same articles and the same questions, domain by domain. Tables are printed, and everything is
written to `benchmarks/results/` as JSON.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app import settings
from app.supervisor.process import StartError
from app.supervisor.state import var_folder
from benchmarks.dialogues import ROOT
from benchmarks.report import commit, machine, now
from benchmarks.retrieval import selector, systems, tables
from benchmarks.retrieval.data import DOMAINS, LANGUAGES, Domain, load, only
from benchmarks.retrieval.diagram import reliability
from benchmarks.retrieval.measures import Outcome
from benchmarks.retrieval.results import Outcomes, Report, report
from knowledge_base import embedder

NAMES = ("ours", "bm25", "tfidf", "minilm", "hybrid", "rasa")


def main(words: list[str]) -> int:
    """The command's entry: 0, or 1 with a remedy on stderr where a system could not be made."""
    wanted = _arguments(words)
    began = time.perf_counter()
    try:
        made = measure(_systems(wanted), [load(name) for name in DOMAINS])
    except (StartError, OSError, ValueError, settings.WrongSetting) as error:
        print(error, getattr(error, "remedy", ""), sep="\n", file=sys.stderr)
        return 1
    made.took = round(time.perf_counter() - began, 1)
    path = save(made, ROOT / "benchmarks" / "results")
    if wanted.diagram:
        draw(made, wanted.diagram)
    print("\n" + tables.text(made, markdown=wanted.markdown, brief=wanted.brief))
    print(f"\nas JSON: {path.relative_to(ROOT)}")
    return 0


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    several = "ours with this embedding model instead of the settings' one; of several, one after the other"
    parser.add_argument("--model", nargs="+", help=several)
    parser.add_argument("--systems", default=",".join(NAMES), help=f"which of {', '.join(NAMES)}; default all")
    parser.add_argument("--epochs", type=int, default=selector.EPOCHS, help="of the training of Rasa's selector")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--brief", action="store_true", help="print the most important tables only")
    parser.add_argument("--diagram", type=Path, metavar="FILE", help="draw ours' calibration as SVG")
    wanted = parser.parse_args(words)
    wanted.systems = wanted.systems.split(",")
    if unknown := set(wanted.systems) - set(NAMES):
        parser.error(f"unknown systems: {', '.join(sorted(unknown))}")
    return wanted


def _systems(wanted: argparse.Namespace) -> list[systems.System]:
    words, made = systems.Bm25(), list[systems.System]()
    meaning = systems.MiniLm() if {"minilm", "hybrid"} & set(wanted.systems) else None
    for name in wanted.systems:
        if name == "ours":
            made += ours(wanted.model or [_model()])
        elif name == "bm25":
            made.append(words)
        elif name == "tfidf":
            made.append(systems.TfIdf())
        elif name == "rasa":
            made.append(systems.Selector(var_folder() / "bench" / "selector", wanted.epochs))
        else:
            assert meaning is not None
            made.append(meaning if name == "minilm" else systems.Hybrid(meaning, words))
    return made


def ours(models: Sequence[str]) -> list[systems.System]:
    """One of ours for each model, with its name where there are several."""
    if len(models) == 1:
        return [systems.Ours(embedder.load(models[0]))]
    tiers = {model: model.removeprefix(f"{embedder.BUNDLED}-") for model in models}
    return [systems.Ours(embedder.load(model), f"{systems.OURS} ({tier})") for model, tier in tiers.items()]


def _model() -> str:
    """The embedding model that the settings name."""
    path = Path(os.environ.get("PARLEY_CONFIG") or ROOT / "hub.yml")
    return settings.read(path, os.environ).knowledge_base.embedding_model


def measure(compared: Sequence[systems.System], domains: Sequence[Domain]) -> Report:
    """Asks every system everything."""
    answers, across = dict[str, Outcomes](), dict[str, dict[str, Outcomes]]()
    for system in compared:
        began = time.perf_counter()
        answers[system.name] = [outcome for domain in domains for outcome in _asked(system, domain)]
        if system.across:
            across[system.name] = _across(system, domains)
        print(f"{system.name}: asked in {time.perf_counter() - began:.0f} s", flush=True)
    notes = [note for system in compared for note in system.notes]
    return report(answers, across, at=now(), commit=commit(), machine=machine(), notes=notes)


def _asked(system: systems.System, domain: Domain) -> Outcomes:
    questions = (*domain.questions, *domain.unanswered)
    answers = system.ask(domain, domain.articles, questions)
    return [Outcome(domain.name, question, answer) for question, answer in zip(questions, answers, strict=True)]


def _across(system: systems.System, domains: Sequence[Domain]) -> dict[str, Outcomes]:
    """Questions of a language to articles of one language only."""
    found: dict[str, Outcomes] = {}
    for there in LANGUAGES:
        for domain in domains:
            answers = system.ask(domain, only(domain.articles, there), domain.questions)
            for question, answer in zip(domain.questions, answers, strict=True):
                found.setdefault(f"{question.language} to {there}", []).append(Outcome(domain.name, question, answer))
    return found


def draw(made: Report, path: Path) -> None:
    """Draws the calibration of the first of ours."""
    found = next((found for name, found in made.calibration.items() if name.startswith(systems.OURS)), None)
    if found:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reliability({name: found[name] for name in LANGUAGES if name in found}), "utf-8")


def save(made: Report, folder: Path) -> Path:
    """Writes the JSON; answers its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{made.at:%Y-%m-%d-%H%M%S}-retrieval.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    return path
