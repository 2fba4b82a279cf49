"""The development sets taken apart, and the confidence fitted anew with part of its evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.retrieval import ablations, development, evidence
from benchmarks.retrieval.development import Development, Likeness, Measured
from benchmarks.retrieval.evidence import Judged
from hub.types import Language
from knowledge_base.confidence import odds, probability
from knowledge_base.embedder import FAST, Embedder, load
from knowledge_base.evaluation import QueryLine
from knowledge_base.index import LEXICAL_WEIGHT, Article, Index, Translation
from knowledge_base.ranking import Ranking, build

TOPICS = (
    (
        "refund",
        "退款",
        ("when do I get my money back", "我的钱什么时候退"),
        ("how long does a refund take", "退款要多久"),
    ),
    ("parcel", "包裹", ("where is my parcel", "我的快递到哪了"), ("my package is late", "包裹怎么还没到")),
    ("invoice", "发票", ("I need an invoice", "我要开发票"), ("can you send me a receipt", "发票在哪里下载")),
    ("password", "密码", ("I forgot my password", "密码忘了怎么办"), ("how to reset my password", "怎么改密码")),
    ("warranty", "保修", ("how long is the warranty", "保修期多长"), ("is it still under guarantee", "还在保修期吗")),
)
ARTICLES = tuple(
    Article(
        name,
        1,
        {
            "en": Translation(name.title(), (first[0], second[0]), "Yes."),
            "zh": Translation(chinese, (first[1], second[1]), "好。"),
        },
    )
    for name, chinese, first, second in TOPICS
)
QUESTIONS: dict[Language, list[str]] = {"en": ["{} please, number {}", "about {} number {}"], "zh": ["{}问题第{}个"]}


@pytest.fixture(scope="module")
def fast() -> Embedder:
    return load(FAST)


def made(name: str, each: int = 6) -> Development:
    """Enough questions of both languages about every article, and some about none."""
    found = []
    for article in ARTICLES:
        for language, text in article.translations.items():
            shapes = QUESTIONS[language]
            found += [QueryLine(shapes[n % len(shapes)].format(text.title, n), article.id) for n in range(each)]
    return Development(name, ARTICLES, [*found, QueryLine("can I bring my dog", None)])


@pytest.mark.parametrize(("text", "language"), [("where is the package 4711", "en"), ("发票怎么开", "zh")])
def test_the_parts_put_together_score_as_the_index_does(fast: Embedder, text: str, language: Language) -> None:
    found = Index(ARTICLES, fast).search(text, fast.encode([text])[0], language, len(ARTICLES))
    scores = Likeness(ARTICLES, fast, [text]).scores(LEXICAL_WEIGHT[language])[0]
    expected = {match.article.id: pytest.approx(match.score, abs=1e-5) for match in found}
    assert dict(zip((article.id for article in ARTICLES), scores.tolist(), strict=True)) == expected


def test_a_folder_of_sets_is_read_beside_the_demo_shop(tmp_path: Path) -> None:
    article = {"id": "a", "questions": ["my parcel is late"], "language": "en"}
    asked = [{"text": "no parcel yet", "article": "a"}, {"text": "tell me a joke", "article": None}]
    (tmp_path / "own_few.articles.jsonl").write_text(json.dumps(article), "utf-8")
    (tmp_path / "own_few.queries.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    shop, own = development.load(tmp_path)
    assert (shop.name, own.name, own.family) == ("shop", "own_few", "own")
    assert {query.article for query in shop.queries} - {None} <= {article.id for article in shop.articles}
    assert [query.article for query in own.queries] == ["a", None]


def test_each_quarter_of_the_articles_is_withheld_in_turn(fast: Embedder) -> None:
    questions = Measured(made("shop"), fast)
    found = evidence.judged(questions, "zh")
    asked = found.only(found.asked)
    labelled = int(((questions.languages == "zh") & (questions.places >= 0)).sum())
    assert asked.labelled.sum() == (evidence.QUARTERS - 1) * labelled
    assert not (asked.right & ~asked.labelled).any()
    assert not found.only(~found.asked).right.any()


def test_shipped_is_what_the_product_says(fast: Embedder) -> None:
    """The first quarter, asked of the product with the articles that are left."""
    ranking: Ranking = build([a for place, a in enumerate(ARTICLES) if place % evidence.QUARTERS], fast)
    question = "where is my parcel"
    found = evidence.judged(Measured(Development("shop", ARTICLES, [QueryLine(question, "parcel")]), fast), "en")
    scores = [match.score for match in ranking.find(question, "en")]
    expected = probability(odds(ranking.limits["en"].everyday, scores))
    assert evidence.shipped(found.only(found.asked))[0] == pytest.approx(
        expected, abs=0.02
    )  # rare words are counted in all


def judged(evidence_: Sequence[Sequence[float]], right: Sequence[bool]) -> Judged:
    flags = np.array(right, dtype=np.bool_)
    every = np.ones(len(flags), dtype=np.bool_)
    return Judged(np.array(evidence_), np.zeros(len(flags)), every, flags, every, every)


def test_a_refitted_confidence_follows_the_evidence_that_it_was_given() -> None:
    chance = np.random.default_rng(1)
    telling, silent = chance.normal(size=400), chance.normal(size=400)
    known = judged(np.column_stack([telling, silent, silent]).tolist(), (telling > 0).tolist())
    test = judged([[2, 0, 0], [-2, 0, 0]], [True, False])
    sure, unsure = evidence.probability(evidence.refitted([known], (0, 1)), test, (0, 1))
    assert sure > 0.9
    assert unsure < 0.1
    sure, unsure = evidence.probability(evidence.refitted([known], (1, 2)), test, (1, 2))
    assert sure == pytest.approx(unsure)


def test_a_limit_keeps_nine_of_ten_right() -> None:
    scores = np.arange(20, 0, -1, dtype=np.float64)
    right = np.array([True] * 9 + [False] * 11)
    assert evidence.limit(scores, right) == 11
    assert evidence.limit(scores, np.zeros(20, dtype=np.bool_)) == float("inf")


def test_all_tables_are_made_of_two_small_sets(fast: Embedder) -> None:
    found = ablations.text([made("shop"), made("other_set")], fast)
    tables = [part.splitlines() for part in found.split("## ")[1:]]
    assert len(tables) == 5
    assert tables[0][2] == "| weight | shop zh | shop en | other_set zh | other_set en |"
    assert [row.split(" | ")[0] for row in tables[0][4:10]] == [f"| {weight:.1f}" for weight in ablations.BEST]
    assert sum("| as shipped |" in row for row in tables[4]) == 2
    assert sum("| plain threshold |" in row for row in tables[4]) == 2
