"""However an index came about, it scores as the plain formula says, which stands here once more, slow and short."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.types import Language
from knowledge_base import index as index_module
from knowledge_base.embedder import Embedder
from knowledge_base.everyday import bank
from knowledge_base.index import BEST_WEIGHT, LEXICAL_WEIGHT, Article, Index, Tops, Translation
from knowledge_base.ranking import LANGUAGES
from knowledge_base.text import fold, words

THINGS = ("phone X200", "laptop", "invoice", "parcel", "耳机", "冰箱", "发票", "快递 X200", "weather")
SAID = ("how do I return the {}", "{} is broken", "where is my {}", "{}怎么退", "{}坏了", "我的{}在哪里", "{}", "!!")
QUESTIONS = (
    "my phone X200 is broken",
    "发票怎么开",
    "where is it",
    "冰箱坏了怎么退货",
    "weather in May",
    "",
    "zebra",
    "?",
)


def article(id: int, revision: int, dice: random.Random) -> Article:
    """Some article of up to six phrasings; sometimes of none."""
    said = [dice.choice(SAID).format(dice.choice(THINGS)) for _ in range(dice.choice((0, 1, 2, 6)))]
    return Article(f"article {id}", revision, {"en": Translation("", tuple(said), f"{id}/{revision}")})


def plainly(articles: Sequence[Article], question: str, language: Language, embedder: Embedder) -> dict[str, float]:
    """Each article's score."""
    phrasings = [phrasing for one in articles for phrasing in one.phrasings()]
    everyday = [line for spoken in LANGUAGES for line in bank(spoken)]
    held: dict[str, int] = {}
    for text in (*phrasings, *everyday):
        for word in words(fold(text)):
            held[word] = held.get(word, 0) + 1
    total = len(phrasings) + len(everyday)

    def weights(text: str) -> dict[str, float]:
        return {word: math.log(1 + total / held.get(word, 1)) for word in words(fold(text))}

    asked, vector = weights(question), embedder.encode([question])[0]

    def shared(phrasing: str) -> float:
        other = weights(phrasing)
        lengths = math.hypot(*asked.values()) * math.hypot(*other.values())
        return sum(asked[word] * other[word] for word in asked.keys() & other.keys()) / lengths if lengths else 0

    def score(one: Article) -> float:
        vectors = embedder.encode(one.phrasings())
        middle = vectors.sum(axis=0)
        centroid = middle / (np.linalg.norm(middle) or 1)
        nearest = float((vectors @ vector).max())
        several = len(vectors) > 1
        meaning = BEST_WEIGHT * nearest + (1 - BEST_WEIGHT) * float(centroid @ vector) if several else nearest
        weight = index_module.LEXICAL_WEIGHT[language]
        return (1 - weight) * meaning + weight * max(map(shared, one.phrasings()))

    return {one.id: score(one) for one in articles if one.phrasings()}


def check(index: Index, tops: Mapping[Language, Tops], embedder: Embedder) -> None:
    """Searches, and the best articles kept from change to change, are what the formula says."""
    for language in LANGUAGES:
        for question, vector, top in zip(QUESTIONS, embedder.encode(QUESTIONS), tops[language].scores, strict=True):
            wanted = plainly(list(index.articles.values()), question, language, embedder)
            matches = index.search(question, vector, language, 100)
            assert {match.article.id: match.score for match in matches} == pytest.approx(wanted, abs=1e-5)
            order = [(-round(match.score, 6), match.article.id) for match in matches]
            assert order == sorted(order)
            assert index.search(question, vector, language, 3) == matches[:3]
            assert all(match.question in match.article.phrasings() for match in matches)
            assert all(index.articles[match.article.id] is match.article for match in matches)
            assert top == pytest.approx(max(wanted.values(), default=0), abs=1e-5)


# Kept scores are renewed little by little, since each change moves the rarity of words: here all of them each time, or
# none, where words do not count.
@pytest.mark.parametrize(("renewed", "lexical"), [(10**6, 0.2), (0, 0.0)])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=20), max_size=6),
    seed=st.integers(0, 999),
)
def test_an_index_that_came_about_in_any_way_scores_as_the_formula_says(
    fast: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    changes: list[list[tuple[int, bool]]],
    seed: int,
    renewed: int,
    lexical: float,
) -> None:
    monkeypatch.setattr(index_module, "_RENEWED", renewed)
    monkeypatch.setattr(index_module, "LEXICAL_WEIGHT", LEXICAL_WEIGHT if lexical else dict.fromkeys(LANGUAGES, 0.0))
    dice, revision = random.Random(seed), 1
    served = {number: article(number, 1, dice) for number in range(dice.choice((0, 3, 30)))}
    vectors = fast.encode(QUESTIONS)
    index = Index(served.values(), fast)
    tops = {language: index.tops(QUESTIONS, vectors, language) for language in LANGUAGES}
    for change in changes:
        revision += 1
        for number, stays in change:
            served.pop(number, None)
            if stays:
                served[number] = article(number, revision, dice)
        index = Index(served.values(), fast, index)
        tops = {language: index.tops(QUESTIONS, vectors, language, tops[language]) for language in LANGUAGES}
    assert index.articles == {one.id: one for one in served.values()}
    assert len(index) == sum(bool(one.phrasings()) for one in served.values())
    check(index, tops, fast)


def test_a_small_change_leaves_the_large_part_as_it_is(fast: Embedder) -> None:
    dice = random.Random(1)
    large = [article(number, 1, dice) for number in range(100)]
    first = Index(large, fast)
    second = Index([*large[1:], article(0, 2, dice), article(100, 1, dice)], fast, first)
    assert second.shelves[0].part is first.shelves[0].part
    third = Index(second.articles.values(), fast, second)
    assert [shelf.part for shelf in third.shelves] == [shelf.part for shelf in second.shelves]


def test_parts_stay_few(fast: Embedder) -> None:
    dice, served, index = random.Random(2), dict[int, Article](), None
    for revision in range(300):
        number = dice.randrange(100)
        served[number] = article(number, revision, dice)
        index = Index(served.values(), fast, index)
        assert len(index.shelves) <= 5
        spoken = sum(len(one.phrasings()) for one in served.values())
        assert sum(len(shelf.part.phrasings) for shelf in index.shelves) <= 1.4 * spoken


def test_what_is_gone_is_not_kept_alive(fast: Embedder) -> None:
    index = Index([article(number, 1, random.Random(number)) for number in range(9)], fast)
    assert not Index([], fast, index).shelves
