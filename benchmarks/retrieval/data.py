"""The benchmark's own articles and questions: a shop, a software service, an office; Chinese and English.

It is a test set. Nothing is trained, tuned or chosen on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from hub.types import Language
from knowledge_base.index import Article, Translation

FOLDER = Path(__file__).parent
DOMAINS = ("shop", "software", "office")
LANGUAGES: tuple[Language, ...] = ("zh", "en")
STYLES: dict[Language, tuple[str, ...]] = {
    "zh": ("plain", "colloquial", "typo", "pinyin", "mixed", "long"),
    "en": ("plain", "colloquial", "typo", "terse", "mixed", "long"),
}

_NO_LETTERS = re.compile(r"[\W_]+")


class Question(Struct, frozen=True):
    """What a customer asks. `kind` only where no `article` answers: `near` is of the trade, `far` is not."""

    text: str
    article: str | None
    language: Language
    style: str
    kind: Literal["near", "far"] | None = None


class Domain(Struct, frozen=True):
    """One imaginary organisation: its whole knowledge base, and what it is asked."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[Question, ...]
    unanswered: tuple[Question, ...]


class _ArticleLine(Struct, frozen=True):
    id: str
    language: Language
    title: str
    questions: tuple[str, ...]
    answer: str


def load(name: str) -> Domain:
    """A domain of `DOMAINS`. Raises `msgspec.ValidationError` for a line that is wrong."""
    folder = FOLDER / name
    found: dict[str, dict[Language, Translation]] = {}
    for line in _lines(folder / "articles.jsonl", _ArticleLine):
        found.setdefault(line.id, {})[line.language] = Translation(line.title, line.questions, line.answer)
    return Domain(
        name=name,
        articles=tuple(Article(id=id, revision=1, translations=spoken) for id, spoken in found.items()),
        questions=tuple(_lines(folder / "questions.jsonl", Question)),
        unanswered=tuple(_lines(folder / "unanswered.jsonl", Question)),
    )


def only(articles: tuple[Article, ...], language: Language) -> tuple[Article, ...]:
    """The same articles, as if nobody had written them in the other language."""
    return tuple(
        msgspec.structs.replace(article, translations={language: article.translations[language]})
        for article in articles
    )


def normalised(text: str) -> str:
    """`text` in lower case and half width, without punctuation, spaces and emoji: what makes two lines the same."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text).lower())


_Line = TypeVar("_Line", _ArticleLine, Question)


def _lines(path: Path, kind: type[_Line]) -> Iterator[_Line]:
    decoder = msgspec.json.Decoder(kind)
    return (decoder.decode(line) for line in path.read_text("utf-8").splitlines() if line)
