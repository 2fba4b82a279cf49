"""The bot's phrasings: how many there are, that none means two things, and how well intents are told apart."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.bot import confusion, served

TRAINING = served.ROOT / "training_data" / "nlu"
HELD_OUT = served.HERE / "held_out.yml"
QUESTIONS = served.ROOT / "benchmarks" / "questions"
FOLDS = 2

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def phrasings(path: Path) -> Iterator[tuple[str, str]]:
    """Intent and text of each example."""
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
        for line in entry["examples"].splitlines():
            yield entry["intent"], line.removeprefix("- ")


def trained(language: str) -> list[tuple[str, str]]:
    return [pair for path in sorted((TRAINING / language).glob("*.yml")) for pair in phrasings(path)]


def intents() -> set[str]:
    domain = yaml.safe_load((served.ROOT / "bot" / "domain" / "intents.yml").read_text(encoding="utf-8"))
    return set(domain["intents"]) - {"nlu_fallback"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_intent_is_said_in_many_ways(language: str) -> None:
    counts = Counter(intent for intent, _ in trained(language))
    assert counts.keys() == intents()
    assert min(counts.values()) >= 30, counts


def test_every_intent_is_held_out_too() -> None:
    counts = Counter((intent, bool(_CHINESE.search(text))) for intent, text in phrasings(HELD_OUT))
    assert {intent for intent, _ in counts} == intents()
    assert len(counts) == 2 * len(intents())
    assert min(counts.values()) >= 8, counts


def test_no_phrasing_means_two_things() -> None:
    meanings = defaultdict(set)
    for intent, text in [*trained("zh"), *trained("en")]:
        meanings[text.lower()].add(intent)
    assert {text: several for text, several in meanings.items() if len(several) > 1} == {}


def test_what_measures_is_not_learnt() -> None:
    learnt = {text.lower() for _, text in [*trained("zh"), *trained("en")]}
    asked = {
        json.loads(line)["text"].lower()
        for path in QUESTIONS.rglob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert len(asked) > 100
    assert learnt & asked == set()
    assert learnt & {text.lower() for _, text in phrasings(HELD_OUT)} == set()


@pytest.mark.slow
@pytest.mark.xdist_group("understanding")
def test_intents_are_told_apart(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Each half of the phrasings is understood with what the other half teaches, which is harder than life is."""
    data = ("--config", "config.yml", "--domain", "bot/domain", "--nlu", "training_data")
    ways = ("--cross-validation", "--folds", str(FOLDS), "--no-plot", "--no-errors", "--out", str(tmp_path / "out"))
    served.run(tmp_path, "-m", "rasa", "test", "nlu", *data, *ways)
    report = json.loads((tmp_path / "out" / "intent_report.json").read_text(encoding="utf-8"))
    record_property(confusion.PROPERTY, confusion.table(report))
    assert report["weighted avg"]["f1-score"] >= 0.7
    recall = {intent: report[intent]["recall"] for intent in ("ask_human", "complaint", "danger", "distress")}
    assert recall["ask_human"] >= 0.82, recall
    assert min(recall.values()) >= 0.7, recall
