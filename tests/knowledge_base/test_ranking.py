from __future__ import annotations

import numpy as np
import pytest

from hub.types import Language
from knowledge_base.embedder import Embedder
from knowledge_base.everyday import bank
from knowledge_base.index import Article, Index, Translation
from knowledge_base.ranking import DOUBTFUL, LANGUAGES, SURE, Background, Ranking, build

RETURNS = Article(
    "returns",
    4,
    {
        "zh": Translation("怎么退货", ("我想退货", "不喜欢可以退吗", "七天无理由怎么退"), "七天内可退。"),
        "en": Translation(
            "Returning an item", ("How do I return an item?", "Can I send it back?"), "Within seven days."
        ),
    },
)
INVOICE = Article("invoice", 1, {"zh": Translation("开发票", ("发票怎么开", "可以开公司发票吗"), "在订单页。")})
WARRANTY = Article("warranty", 2, {"en": Translation("Warranty", ("How long is the warranty?",), "Two years.")})
ARTICLES = [RETURNS, INVOICE, WARRANTY]


@pytest.fixture(scope="module")
def ranking(bundled: Embedder, background: Background) -> Ranking:
    return Ranking(Index(ARTICLES, bundled), background)


@pytest.mark.parametrize(
    ("question", "language", "article"),
    [
        ("I would like to return this item", "en", "returns"),
        ("这个不喜欢，想退货", "zh", "returns"),
        ("怎么开公司的发票", "zh", "invoice"),
        ("how long is my warranty", "en", "warranty"),
        ("保修多久", "zh", "warranty"),
    ],
)
def test_a_question_of_the_trade_is_answered(ranking: Ranking, question: str, language: Language, article: str) -> None:
    decision = ranking.decide(question, language)
    assert (decision.decision, decision.hits[0].article) == ("answer", article)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("who won the football game", "en"),
        ("tell me about dinosaurs", "en"),
        ("明天会下雨吗", "zh"),
        ("外星人长什么样", "zh"),
        ("", "en"),
        ("🙂", "zh"),
    ],
)
def test_anything_else_is_not(ranking: Ranking, question: str, language: Language) -> None:
    assert ranking.decide(question, language).decision == "abstain"


def test_the_answer_is_in_the_customers_language_where_there_is_one(ranking: Ranking) -> None:
    spoken: list[tuple[str, Language]] = [("怎么退货", "zh"), ("how do I return it", "en"), ("保修多久", "zh")]
    hits = [ranking.decide(question, language).hits[0] for question, language in spoken]
    assert [(hit.language, hit.answer) for hit in hits] == [
        ("zh", "七天内可退。"),
        ("en", "Within seven days."),
        ("en", "Two years."),
    ]


def test_a_hit_says_what_was_served_and_why(ranking: Ranking) -> None:
    hit = ranking.decide("我想退货", "zh").hits[0]
    assert (hit.article, hit.revision, hit.title, hit.question) == ("returns", 4, "怎么退货", "我想退货")
    assert 0.5 < hit.score <= 1


def test_at_most_three_hits_best_first(ranking: Ranking, bundled: Embedder, background: Background) -> None:
    many = [Article(str(i), 1, {"en": Translation(f"How to return item {i}", (), "")}) for i in range(9)]
    hits = Ranking(Index(many, bundled), background).decide("return an item", "en").hits
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everyday_talk_is_hardly_ever_answered(ranking: Ranking, language: Language) -> None:
    decisions = [ranking.decide(line, language).decision for line in bank(language)]
    assert np.mean([decision != "abstain" for decision in decisions]) == pytest.approx(0.10, abs=0.02)
    assert np.mean([decision == "answer" for decision in decisions]) <= 0.055


def test_who_is_neither_clear_nor_far_off_is_asked_back(ranking: Ranking) -> None:
    decisions = [ranking.decide(line, "en") for line in bank("en")]
    limits = ranking.limits["en"]
    between = [d for d in decisions if d.hits[0].score > limits.clarify + 1e-4 and d.confidence < SURE]
    assert between
    assert {decision.decision for decision in between} == {"clarify"}


def test_limits_follow_the_articles(ranking: Ranking, bundled: Embedder, background: Background) -> None:
    chess = Article("chess", 1, {"en": Translation("Chess", ("Teach me how to play chess", "who won the match"), "")})
    with_chess = Ranking(Index([*ARTICLES, chess], bundled), background)
    assert with_chess.limits["en"].clarify > ranking.limits["en"].clarify


def test_an_empty_knowledge_base_abstains(bundled: Embedder) -> None:
    decision = build([], bundled).decide("how do I return an item", "en")
    assert (decision.decision, decision.hits) == ("abstain", ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bank_is_large_and_repeats_nothing(language: Language) -> None:
    lines = bank(language)
    assert len(lines) >= 400
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"refund", "warranty", "invoice", "parcel", "repair"}),
        ("zh", {"退款", "退货", "保修", "发票", "快递", "售后"}),
    ],
)
def test_the_bank_is_about_no_shop(language: Language, words: set[str]) -> None:
    text = "\n".join(bank(language))
    assert [word for word in words if word in text] == []


@pytest.mark.parametrize("word", ["return", "Guarantee?", "退货", "保修？"])
def test_a_single_word_is_asked_back_about(ranking: Ranking, word: str) -> None:
    """It names a topic, and asks nothing about it."""
    decision = ranking.decide(word, "en" if word.isascii() else "zh")
    assert decision.decision == "clarify"
    assert decision.confidence <= DOUBTFUL


def test_a_single_word_that_an_editor_wrote_is_answered(bundled: Embedder, background: Background) -> None:
    topic = Article(
        "hours", 1, {"en": Translation("Opening hours", ("hours", "When are you open?"), "From nine to five.")}
    )
    assert Ranking(Index([*ARTICLES, topic], bundled), background).decide("Hours?", "en").decision == "answer"
