"""What is asked: the same dialogues for every system, drawn from a seed.

A dialogue is in one language. Each ten of its messages hold one bit of small talk, at a random place, and nine
questions: in turn one that was held out from all training and one of the articles' own. An article answers each.
Since an article's own question is always found, no customer is passed on to a human after two misses, and all systems
have the same work to do.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = ROOT / "knowledge_base" / "sample" / "articles"
HELD_OUT = ROOT / "benchmarks" / "questions" / "shop"

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Origin = Literal["held out", "own"]

SMALL_TALK: dict[Language, tuple[str, ...]] = {
    "zh": ("你好", "早上好", "谢谢", "多谢"),
    "en": ("hello", "good morning", "thanks", "thank you very much"),
}

BLOCK = 10

PER_CATEGORY, PHRASINGS = 4, 6
"""Articles of a category, and ways of asking for each in a language, that are asked about. The stock bot learns these
only: all that the hub has would take it hours."""


class Translation(Struct, frozen=True):
    """An article in one language."""

    title: str
    questions: tuple[str, ...]
    answer: str


class Article(Struct, frozen=True):
    """An article of the demo shop."""

    id: str
    category: str
    translations: dict[Language, Translation]


class Question(Struct, frozen=True):
    """A question that the article answers."""

    text: str
    language: Language
    article: str
    origin: Origin


class _HeldOut(Struct, frozen=True):
    text: str
    article: str | None
    language: Language


def articles() -> list[Article]:
    """The articles that all systems know; the hub knows more."""
    known: dict[str, list[Article]] = {}
    for line in _lines(ARTICLES):
        article = msgspec.json.decode(line, type=Article)
        known.setdefault(article.category, []).append(_shortened(article))
    return [article for several in known.values() for article in several[:PER_CATEGORY]]


def _shortened(article: Article) -> Article:
    few = {
        language: msgspec.structs.replace(text, questions=text.questions[:PHRASINGS])
        for language, text in article.translations.items()
    }
    return msgspec.structs.replace(article, translations=few)


def _lines(folder: Path) -> list[str]:
    """All lines of the files in `folder`."""
    return [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines() if line]


def questions(known: Iterable[Article]) -> list[Question]:
    """All questions that may be asked about the articles `known`."""
    known = list(known)
    ids = {article.id for article in known}
    held_out = [msgspec.json.decode(line, type=_HeldOut) for line in _lines(HELD_OUT)]
    own = [
        Question(text, language, article.id, "own")
        for article in known
        for language, translation in article.translations.items()
        for text in translation.questions
    ]
    return own + [Question(q.text, q.language, q.article, "held out") for q in held_out if q.article in ids]


def sample(candidates: Sequence[Question], each: int, seed: int) -> list[Question]:
    """At most `each` questions of every language and origin, so that a rehearsal of all of them is short."""
    chosen = []
    for language in LANGUAGES:
        for origin in ("held out", "own"):
            group = [q for q in candidates if q.language == language and q.origin == origin]
            chosen += random.Random(f"{seed} {language} {origin}").sample(group, min(each, len(group)))
    return chosen


def dialogue(pool: Sequence[Question], length: int, seed: int, number: int) -> tuple[str, ...]:
    """The texts of dialogue `number`, always the same for one seed; languages alternate. ValueError for a poor pool."""
    chance = random.Random(f"{seed} {length} {number}")
    language = LANGUAGES[number % len(LANGUAGES)]
    deck = {origin: _Deck(pool, language, origin, chance) for origin in ("held out", "own")}
    texts: list[str] = []
    asked = 0
    for start in range(0, length, BLOCK):
        size = min(BLOCK, length - start)
        small_talk = chance.randrange(size)
        for place in range(size):
            if place == small_talk:
                texts.append(chance.choice(SMALL_TALK[language]))
            else:
                texts.append(deck["own" if asked % 2 else "held out"].draw())
                asked += 1
    return tuple(texts)


class _Deck:
    """Questions in a random order; begun anew when all were drawn."""

    def __init__(self, pool: Sequence[Question], language: Language, origin: str, chance: random.Random) -> None:
        self._all = [q.text for q in pool if q.language == language and q.origin == origin]
        if not self._all:
            raise ValueError(f"no {origin} questions in {language}")
        self._chance = chance
        self._left: list[str] = []

    def draw(self) -> str:
        if not self._left:
            self._left = self._chance.sample(self._all, len(self._all))
        return self._left.pop()
