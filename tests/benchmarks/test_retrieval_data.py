"""The retrieval benchmark's text: complete, and nobody has seen its questions before."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from benchmarks.retrieval.data import DOMAINS, FOLDER, LANGUAGES, STYLES, Domain, load, normalised, only
from knowledge_base.everyday import bank

ROOT = Path(__file__).resolve().parents[2]
SEEN = ("knowledge_base/training/phrasings", "knowledge_base/sample/articles", "benchmarks/questions/shop")
"""Where there are lines that the model learned from, or that something was tuned on."""

GRAM, TOO_NEAR = 5, 0.7

domains = pytest.mark.parametrize("name", DOMAINS)


@cache
def domain(name: str) -> Domain:
    return load(name)


def phrasings(found: Domain) -> list[str]:
    return [phrasing for article in found.articles for phrasing in article.phrasings()]


def asked(found: Domain) -> list[str]:
    return [question.text for question in (*found.questions, *found.unanswered)]


def test_there_is_as_much_as_promised() -> None:
    every = [domain(name) for name in DOMAINS]
    assert sum(len(found.articles) for found in every) >= 150
    unanswered = [question for found in every for question in found.unanswered]
    assert len(unanswered) >= 300
    assert sum(question.kind == "near" for question in unanswered) >= len(unanswered) / 2


@domains
def test_every_article_is_there_in_both_languages(name: str) -> None:
    lines = [json.loads(line) for line in (FOLDER / name / "articles.jsonl").read_text("utf-8").splitlines()]
    assert set(Counter((line["id"], line["language"]) for line in lines).values()) == {1}
    for article in domain(name).articles:
        assert set(article.translations) == set(LANGUAGES)
        for text in article.translations.values():
            assert text.title
            assert text.answer
            assert 5 <= len(text.questions) <= 7


@domains
def test_every_article_is_asked_for_once_in_each_style_of_each_language(name: str) -> None:
    found = domain(name)
    wanted = {(a.id, language, style) for a in found.articles for language in LANGUAGES for style in STYLES[language]}
    assert Counter((q.article, q.language, q.style) for q in found.questions) == Counter(wanted)
    assert {question.kind for question in found.questions} == {None}


@domains
def test_what_no_article_answers_is_of_every_style_near_and_far(name: str) -> None:
    found = domain(name).unanswered
    assert {question.article for question in found} == {None}
    held = {(question.kind, question.language, question.style) for question in found}
    assert held == {(kind, lang, style) for kind in ("near", "far") for lang in LANGUAGES for style in STYLES[lang]}


@domains
def test_no_text_is_there_twice(name: str) -> None:
    counts = Counter(normalised(text) for text in (*phrasings(domain(name)), *asked(domain(name))))
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_question_is_one_of_another_domain() -> None:
    counts = Counter(normalised(text) for name in DOMAINS for text in asked(domain(name)))
    assert [text for text, count in counts.items() if count > 1] == []


@domains
def test_no_line_is_known_from_elsewhere(name: str) -> None:
    known = {normalised(text) for text in seen()}
    lines = {normalised(text) for text in (*phrasings(domain(name)), *asked(domain(name)))}
    assert lines & known == set()


def test_no_question_is_nearly_a_phrasing_or_a_line_that_was_seen() -> None:
    every = [domain(name) for name in DOMAINS]
    lines = [*seen(), *(phrasing for found in every for phrasing in phrasings(found))]
    assert list(near((text for found in every for text in asked(found)), lines)) == []


def test_a_slip_of_the_finger_does_not_make_another_question() -> None:
    assert list(near(["Where's my parcel now?!"], ["wheres my parcel, now", "How much is delivery?"]))
    assert not list(near(["Where's my parcel now?!"], ["Has my parcel left?"]))


def test_articles_of_one_language_have_no_phrasing_in_the_other() -> None:
    (article,) = only(domain("shop").articles[:1], "en")
    assert article.phrasings()
    assert all(phrasing.isascii() for phrasing in article.phrasings())


@cache
def seen() -> list[str]:
    """All lines that were seen before."""
    found = [line for language in LANGUAGES for line in bank(language)]
    for folder in SEEN:
        for file in sorted((ROOT / folder).glob("*.jsonl")):
            for line in file.read_text("utf-8").splitlines():
                if line:
                    found += texts(json.loads(line))
    return found


def texts(line: dict[str, object]) -> Iterator[str]:
    """What customers may have typed, in a line of any of these files."""
    match line:
        case {"text": str(text)}:
            yield text
        case {"translations": dict(translations)}:
            for text in translations.values():
                yield from (text["title"], *text["questions"])
        case {"zh": list(zh), "en": list(en)}:
            yield from (*zh, *en)
        case _:
            raise AssertionError(f"an unknown kind of line: {line}")


def near(some: Iterable[str], others: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The pairs that share too many runs of characters."""
    held = [(text, grams(text)) for text in dict.fromkeys(others)]
    holders = defaultdict[str, list[int]](list)
    for place, (_, runs) in enumerate(held):
        for run in runs:
            holders[run].append(place)
    for text in some:
        mine = grams(text)
        shared = Counter(place for run in mine for place in holders.get(run, ()))
        for place, count in shared.items():
            other, theirs = held[place]
            if count / (len(mine) + len(theirs) - count) > TOO_NEAR:
                yield text, other


def grams(text: str) -> frozenset[str]:
    plain = normalised(text)
    return frozenset(plain[start : start + GRAM] for start in range(max(1, len(plain) - GRAM + 1)))
