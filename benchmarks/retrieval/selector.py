"""Rasa's response selector: one for each domain, trained once on the articles' phrasings and kept under `var/bench`.

The pipeline is the one that `rasa init` gives, less the intent classifier and the entities: there is one intent, the
articles' own. An article is a response, and its phrasings and titles in both languages are its examples. Rasa has no
word of its own about who should not be answered; we take the selector's confidence.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from app.supervisor.process import StartError, plain_environment
from benchmarks.dialogues import ROOT
from benchmarks.retrieval.data import Domain
from benchmarks.stock import dump, listed
from benchmarks.training import PYTHON, SETTINGS, fingerprint, train
from knowledge_base.index import Article

EPOCHS = 100  # as in Rasa's own pipeline

PIPELINE: list[dict[str, object]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "ResponseSelector", "retrieval_intent": "faq", "random_seed": 1},
]


class Found(Struct, frozen=True):
    """An article that the selector ranks, and how sure it is."""

    article: str
    confidence: float


def prepare(domain: Domain, folder: Path, epochs: int = EPOCHS) -> tuple[Path, float]:
    """Trains the domain's selector below `folder` unless that was done; its model and the seconds that took.

    Raises `StartError` where Rasa fails.
    """
    draft = folder / f"draft-{domain.name}"
    shutil.rmtree(draft, ignore_errors=True)
    write(draft, domain.articles, epochs)
    project = folder / f"{domain.name}-{fingerprint([draft])}"
    model, took = project / "bot.tar.gz", project / "seconds.json"
    if took.exists():
        shutil.rmtree(draft)
    else:
        shutil.rmtree(project, ignore_errors=True)
        draft.rename(project)
        began = time.perf_counter()
        train(project, project / "config.yml", project / "domain.yml", project / "data", model)
        took.write_bytes(msgspec.json.encode(round(time.perf_counter() - began, 1)))
    return model, msgspec.json.decode(took.read_bytes(), type=float)


def ask(model: Path, texts: Sequence[str]) -> list[list[Found]]:
    """What the selector ranks first for each text, up to ten; raises `StartError` where Rasa fails."""
    done = subprocess.run(
        [str(PYTHON), "-m", "benchmarks.retrieval.selector_worker", str(model)],
        cwd=ROOT,
        env={**plain_environment(), **SETTINGS},
        input=msgspec.json.encode(texts),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError("Rasa's response selector could not be asked", done.stderr.decode(errors="replace")[-2000:])
    return msgspec.json.decode(done.stdout, type=list[list[Found]])


def write(folder: Path, articles: Iterable[Article], epochs: int) -> None:
    """Writes the project."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    pipeline = [*PIPELINE[:-1], {**PIPELINE[-1], "epochs": epochs}]
    dump(folder / "config.yml", {"recipe": "default.v1", "assistant_id": "faq", "language": "en", "pipeline": pipeline})
    examples, responses = [], {}
    for article in articles:
        examples.append({"intent": f"faq/{article.id}", "examples": listed(article.phrasings())})
        responses[f"utter_faq/{article.id}"] = [{"text": text.answer} for text in article.translations.values()]
    dump(folder / "data" / "faq.yml", {"version": "3.1", "nlu": examples})
    dump(folder / "domain.yml", {"version": "3.1", "intents": ["faq"], "responses": responses})
