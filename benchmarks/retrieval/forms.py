"""`python -m benchmarks.retrieval.forms`: what is lost where customers do not type as articles are written.

The demo shop's held-out questions to its articles, changed by rules, the same ones each time, and asked with and
without what corrects spelling: in Traditional characters; in full-width forms; in pinyin, with a space after each word,
after each syllable, or none; with a letter swapped, missing or doubled in every fifth English word or so; with another
character of the same sound for every tenth Chinese one or so. The questions that mix both languages anyway are counted
by themselves. Last, one of five products is asked about, whose number stands as in its article, or otherwise.

With articles and questions of one's own (`--articles`, `--queries`; files as for `python -m knowledge_base evaluate`)
it tells what correcting does to those, as they stand.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec
import rjieba
from msgspec import Struct

from benchmarks.dialogues import ROOT
from benchmarks.report import table
from hub.language import detect
from hub.types import Language
from knowledge_base import embedder, importer, pinyin
from knowledge_base.evaluation import ArticleLine, QueryLine, merged, read, share
from knowledge_base.index import Article, Index, Translation
from knowledge_base.ranking import LANGUAGES, Background, Ranking
from knowledge_base.spelling import vocabulary
from knowledge_base.text import HAN, fold, simplification

QUESTIONS = ROOT / "benchmarks" / "questions" / "shop"
PRODUCTS = ("PL200", "PL300", "KX120", "KX12", "ZR7")
_LATIN_EVERY, _HAN_EVERY = 5, 10  # words, characters to a slip
_SHORTEST = 4  # letters of a word in which a finger slips
_ALIKE = 5  # characters of one sound, the most frequent ones, that are taken for each other
_SEED = 1

Change = Callable[[str, random.Random], str]


class Asked(Struct, frozen=True):
    """A question as it is typed, in the language that it is in, and its article."""

    text: str
    article: str
    language: Language


class Literal(Ranking):
    """A ranking that searches for what was typed."""

    def read(self, question: str, language: Language) -> tuple[str, Language]:
        """As it stands."""
        return question, language


# The forms ---------------------------------------------------------------------------------------------------------


def traditional(text: str, _: random.Random) -> str:
    """In Traditional characters, one of those that a Simplified one stands for."""
    return text.translate({simple: old for old, simple in simplification().items()})


def full_width(text: str, _: random.Random) -> str:
    """Letters, digits and punctuation as wide as Chinese characters."""
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def in_pinyin(text: str, dice: random.Random) -> str:
    """Without tones, each character in its most frequent reading."""
    readings = pinyin.table()[2]
    within, between = dice.choice(((" ", " "), ("", " "), ("", "")))
    return between.join(within.join(readings.get(c, c) for c in word) for word in rjieba.cut(fold(text)))


def slipped(text: str, dice: random.Random) -> str:
    """English words with letters swapped, missing or doubled, never the first."""
    words = re.findall(r"[a-zA-Z]+|[^a-zA-Z]+", text)
    able = [place for place, word in enumerate(words) if len(word) >= _SHORTEST and word.isalpha()]
    for place in dice.sample(able, min(len(able), 1 + len(words) // (2 * _LATIN_EVERY))):
        word = words[place]
        at = dice.randrange(1, len(word) - 1)
        wrong = dice.choice((word[at + 1] + word[at], word[at + 1], word[at] * 2 + word[at + 1]))
        words[place] = word[:at] + wrong + word[at + 2 :]
    return "".join(words)


def misheard(text: str, dice: random.Random) -> str:
    """Chinese characters replaced by others that sound the same."""
    characters = list(text)
    able = [place for place, character in enumerate(characters) if _same_sound(fold(character))]
    for place in dice.sample(able, min(len(able), 1 + len(able) // _HAN_EVERY)):
        characters[place] = dice.choice(_same_sound(fold(characters[place])))
    return "".join(characters)


@cache
def _same_sound(character: str) -> Sequence[str]:
    others = _by_sound().get(pinyin.table()[2].get(character, ""), [])
    return [other for other in others if other != character]


@cache
def _by_sound() -> Mapping[str, Sequence[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    scores, readings = vocabulary(), pinyin.table()[2]
    for character in sorted(readings.keys() & scores.keys(), key=lambda one: (-scores[one], one)):
        if len(found[readings[character]]) < _ALIKE:
            found[readings[character]].append(character)
    return found


def as_written(text: str, _: random.Random) -> str:
    return text


FORMS: Mapping[str, tuple[Change, Sequence[Language]]] = {
    "as written": (as_written, LANGUAGES),
    "Traditional": (traditional, ("zh",)),
    "full width": (full_width, LANGUAGES),
    "pinyin": (in_pinyin, ("zh",)),
    "typing errors": (slipped, ("en",)),
    "same sound": (misheard, ("zh",)),
}
NUMBERS: Mapping[str, Callable[[str], str]] = {
    "number as written": str,
    "lower case": str.lower,
    "with a space": lambda name: re.sub(r"(?<=[A-Z])(?=\d)", " ", name),
    "with a hyphen": lambda name: re.sub(r"(?<=[A-Z])(?=\d)", "-", name).lower(),
    "full width": lambda name: full_width(name, random.Random()),
    "spelled out": lambda name: " ".join(name),
}


# Asking ------------------------------------------------------------------------------------------------------------


def shop() -> tuple[list[Article], list[Asked]]:
    """The sample's articles, and the questions that they answer."""
    articles = [Article(id, 1, draft.translations) for id, draft in importer.read(importer.SAMPLE)]
    lines = [line for file in sorted(QUESTIONS.glob("*.jsonl")) for line in read(file, QueryLine)]
    return articles, _asked(lines)


def _asked(lines: Iterable[QueryLine]) -> list[Asked]:
    return [Asked(line.text, line.article, detect(line.text) or "en") for line in lines if line.article]


def changed(asked: Sequence[Asked], change: Change) -> list[Asked]:
    """The questions in another form."""
    dice = random.Random(_SEED)
    return [msgspec.structs.replace(one, text=change(one.text, dice)) for one in asked]


def of_products(articles: Sequence[Article]) -> list[Article]:
    """The articles, told again of each product."""
    return [
        Article(f"{article.id} {name}", 1, {spoken: _of(text, name) for spoken, text in article.translations.items()})
        for name in PRODUCTS
        for article in articles
    ]


def _of(text: Translation, name: str) -> Translation:
    return Translation(f"{name} {text.title}", tuple(f"{name} {said}" for said in text.questions), text.answer)


def about_products(asked: Sequence[Asked], typed: Callable[[str], str]) -> list[Asked]:
    """The questions, each about a product whose number is `typed`."""
    dice = random.Random(_SEED)
    names = [dice.choice(PRODUCTS) for _ in asked]
    return [
        Asked(f"{typed(name)} {one.text}", f"{one.article} {name}", one.language)
        for one, name in zip(asked, names, strict=True)
    ]


def rows(ranking: Ranking, literal: Ranking, form: str, asked: Sequence[Asked]) -> list[list[str]]:
    """A line of the table for each language."""
    found = []
    for language in LANGUAGES:
        if here := [one for one in asked if one.language == language]:
            otherwise = [ranking.read(one.text, language)[0] != one.text for one in here]
            shares = [share(otherwise), _recall(literal, here), _recall(ranking, here)]
            found.append([form, language, str(len(here)), *(f"{100 * (one or 0):.1f} %" for one in shares)])
    return found


def _recall(ranking: Ranking, asked: Sequence[Asked]) -> float | None:
    best = [ranking.find(one.text, detect(one.text) or "en", 1) for one in asked]
    return share([found[0].article.id == one.article for found, one in zip(best, asked, strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval.forms", description=__doc__)
    parser.add_argument("--model", default=embedder.BUNDLED, help="an embedding model instead of the bundled one")
    parser.add_argument("--articles", type=Path, help="JSONL; only these are asked, as they stand")
    parser.add_argument("--queries", type=Path, help="JSONL")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    wanted = parser.parse_args()
    model = embedder.load(wanted.model)
    background = Background(model)

    def rankings(articles: Sequence[Article]) -> tuple[Ranking, Ranking]:
        index = Index(articles, model)
        return Ranking(index, background), Literal(index, background)

    found = [["form", "language", "questions", "read otherwise", "recall@1 as typed", "corrected"]]
    if wanted.articles and wanted.queries:
        articles = merged(list(read(wanted.articles, ArticleLine)))
        found += rows(*rankings(articles), "as written", _asked(read(wanted.queries, QueryLine)))
    else:
        articles, asked = shop()
        made = rankings(articles)
        for form, (change, languages) in FORMS.items():
            found += rows(*made, form, changed([one for one in asked if one.language in languages], change))
        mixed = [one for one in asked if HAN.search(one.text) and re.search("[a-zA-Z]{2}", one.text)]
        found += rows(*made, "both languages", mixed)
        made = rankings(of_products(articles))
        for form, typed in NUMBERS.items():
            found += rows(*made, form, about_products(asked, typed))
    print(table(found, markdown=wanted.markdown))


if __name__ == "__main__":
    main()
