"""The training text, read from its folder and cleaned; every line goes through `knowledge_base.text.fold` later."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge_base.text import fold

MAX_LENGTH = 220  # characters; longer lines are documents, not questions
_OWN_TERMS = Path(__file__).with_name("terms.tsv")
_PHRASINGS = Path(__file__).with_name("phrasings")
_ENTRY = re.compile(r"^\S+ (\S+) \[[^\]]*\] /(.*)/$")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NO_MEANING = re.compile(
    r"^(CL:|see |see also|variant of|old variant|Japanese variant|surname |used in |same as |abbr\. )|[\u3400-\u9fff]"
)


@dataclass(frozen=True)
class Wish:
    """One thing that customers of a domain want, said plainly, casually, at length, and from another side."""

    domain: str
    english: list[str]
    chinese: list[str]


@dataclass(frozen=True)
class Corpus:
    """Everything that the model learns from.

    `pairs` are (English, Chinese), `own` those written for this project, as are the `phrasings`; `glosses` are the
    English meanings of Chinese words; `intents` are utterances that want the same; `chinese` is for counting words.
    """

    english: list[str]
    pairs: list[tuple[str, str]]
    own: list[tuple[str, str]]
    paraphrases: list[tuple[str, str]]
    glosses: dict[str, list[str]]
    intents: list[list[str]]
    phrasings: list[Wish]
    chinese: list[str]


def load(folder: Path) -> Corpus:
    """Reads the training folder; `OSError` where a file is missing."""
    english = [row[0] for row in _rows(folder / "en_full.tsv.gz") if len(row[0]) <= MAX_LENGTH]
    pairs = [(row[0], row[1]) for row in _rows(folder / "par.tsv.gz") if len(row[0]) <= MAX_LENGTH]
    own = own_pairs()
    paraphrases = [(row[0], row[1]) for row in _rows(folder / "zhzh_clean.tsv.gz")]
    intents = json.loads(gzip.decompress((folder / "en_intents.json.gz").read_bytes()))
    return Corpus(
        english=_unique(english),
        pairs=list(dict.fromkeys(pairs)),
        own=own,
        paraphrases=paraphrases,
        glosses=_glosses(folder / "cedict.txt.gz", own),
        intents=[_unique(utterances) for utterances in intents.values() if len(utterances) > 1],
        phrasings=own_phrasings(),
        chinese=_unique(row[0] for row in _rows(folder / "zh.tsv.gz")),
    )


def own_pairs() -> list[tuple[str, str]]:
    """Words and sentences of trade and service, (English, Chinese), written for this project."""
    lines = _OWN_TERMS.read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(english, chinese) for english, chinese in rows]


def own_phrasings() -> list[Wish]:
    """What customers want and how they say it, a file for each domain; written for this project."""
    found = []
    for path in sorted(_PHRASINGS.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            wish = json.loads(line)
            found.append(Wish(path.stem, wish["en"], wish["zh"]))
    return found


def _rows(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = line.rstrip("\n").split("\t")
            if row[0].strip():
                yield row


def _unique(lines: Iterator[str] | list[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _glosses(path: Path, own: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Chinese words and what they mean in English, plainest meanings first, at most five."""
    found: dict[str, list[str]] = {}
    for english, chinese in own:
        if len(chinese) <= 6:
            found.setdefault(fold(chinese), []).append(english)
    for entry in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        if match := _ENTRY.match(entry):
            word, meanings = fold(match[1]), match[2]
            if re.fullmatch(r"[\u3400-\u9fff]+", word):
                found.setdefault(word, []).extend(_meanings(meanings))
    return {word: _unique(meanings)[:5] for word, meanings in found.items() if meanings}


def _meanings(text: str) -> Iterator[str]:
    for meaning in text.split("/"):
        if _NO_MEANING.search(meaning):
            continue
        plain = re.sub(r"\s+", " ", _BRACKETS.sub("", meaning)).strip(" ;,")
        if plain and len(plain) <= 60:
            yield from (part.strip() for part in plain.split(";") if part.strip())
