"""What is searched is what was meant to be typed, in words of the knowledge base as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import importer
from knowledge_base.embedder import Embedder
from knowledge_base.index import Article, Index, Translation
from knowledge_base.ranking import Background, Ranking
from knowledge_base.text import fold

SAMPLE = [Article(id, 1, draft.translations) for id, draft in importer.read(importer.SAMPLE)]
ENGLISH = sorted({word for article in SAMPLE for said in article.translations["en"].questions for word in said.split()})


@pytest.fixture(scope="module")
def ranking(bundled: Embedder, background: Background) -> Ranking:
    return Ranking(Index(SAMPLE, bundled), background)


@pytest.mark.parametrize("typed", ["zenme quxiao dingdan", "zenmequxiaodingdan", "怎么取消丁单"])
def test_a_question_typed_otherwise_is_found_and_answered_in_chinese(ranking: Ranking, typed: str) -> None:
    decision = ranking.decide(typed, "en")
    assert decision.language == ("zh" if typed.isascii() else "en"), "only pinyin hides its language"
    assert decision.hits[0].article == "order-cancel"
    assert decision.hits[0].language == decision.language


@pytest.mark.parametrize(
    ("typed", "language"),
    [("取消订单\nzenme quxiao dingdan", "zh"), ("取消订单\nand how do I cnacel it?", "en")],
)
def test_what_leans_on_a_chinese_title_is_answered_as_it_was_typed(ranking: Ranking, typed: str, language: str) -> None:
    assert ranking.decide(typed, "en").language == language


def test_a_slip_of_the_finger_is_found(ranking: Ranking) -> None:
    assert ranking.read("How do I cnacel my oredr?", "en") == ("how do i cancel my order?", "en")
    assert ranking.decide("How do I cnacel my oredr?", "en").hits[0].article == "order-cancel"


def test_a_question_without_a_slip_is_searched_as_it_stands(ranking: Ranking) -> None:
    assert ranking.read("How do I cancel my ORDER?", "zh") == ("How do I cancel my ORDER?", "zh")


def test_titles_are_never_corrected(ranking: Ranking) -> None:
    """Some of the questions hold pinyin and slips themselves."""
    titles = [text.title for article in SAMPLE for text in article.translations.values()]
    assert [ranking.index.speller.corrected(title) for title in titles] == [fold(title) for title in titles]


@given(st.lists(st.sampled_from(ENGLISH), min_size=1, max_size=8).map(" ".join))
def test_english_words_of_the_articles_stay(ranking: Ranking, words: str) -> None:
    assert ranking.index.speller.corrected(words) == fold(words)


def test_words_come_and_go_with_their_articles(bundled: Embedder) -> None:
    cancel = next(article for article in SAMPLE if article.id == "order-cancel")
    others = [article for article in SAMPLE if article.id != "order-cancel"][:3]
    without = Index(others, bundled)
    published = Index([*others, cancel], bundled, without)
    archived = Index(others, bundled, published)
    assert published.speller.corrected("cnacel") == "cancel"
    assert archived.speller.corrected("cnacel") == without.speller.corrected("cnacel") == "cnacel"


def test_pinyin_in_a_phrasing_makes_no_brand_of_it(bundled: Embedder) -> None:
    invoice = Article("invoice", 1, {"zh": Translation("开发票", ("fapiao 在哪开", "Xiaomi的充电器"), "在订单里")})
    assert Index([invoice], bundled).speller.corrected("fapiao") == "发票"
