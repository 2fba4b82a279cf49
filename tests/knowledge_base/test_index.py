from __future__ import annotations

from collections.abc import Sequence

import pytest

from hub.types import Language
from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.index import Article, Index, Translation

RETURNS = Article(
    "returns",
    1,
    {
        "zh": Translation("怎么退货", ("我想退货", "不喜欢可以退吗"), "七天内可退。"),
        "en": Translation("Returning", ("How do I return an item?",), "Within seven days."),
    },
)
HOURS = Article("hours", 1, {"en": Translation("Opening hours", ("When are you open?",), "Nine to five.")})
INVOICE = Article("invoice", 3, {"zh": Translation("开发票", ("发票怎么开", "X200 的发票在哪里"), "在订单页。")})


class Counting:
    """The real embedder, and a list of what it was given."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self._embedder = embedder
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded.extend(texts)
        return self._embedder.encode(texts)


def found(index: Index, question: str, language: str = "en") -> list[str]:
    vector = index.embedder.encode([question])[0]
    return [match.article.id for match in index.search(question, vector, "zh" if language == "zh" else "en", 10)]


def test_each_article_is_found_once_by_questions_of_both_languages(fast: Embedder) -> None:
    index = Index([RETURNS, HOURS, INVOICE], fast)
    assert len(index) == 3
    assert found(index, "I want to send it back")[0] == "returns"
    assert found(index, "东西不想要了想退掉", "zh")[0] == "returns"
    assert found(index, "几点开门", "zh")[0] == "hours"
    assert sorted(found(index, "发票", "zh")) == ["hours", "invoice", "returns"]


def test_a_match_names_the_closest_phrasing(fast: Embedder) -> None:
    index = Index([RETURNS, INVOICE], fast)
    best = index.search("不喜欢能退吗", fast.encode(["不喜欢能退吗"])[0], "zh", 1)[0]
    assert (best.article.id, best.question) == ("returns", "不喜欢可以退吗")


def test_only_new_phrasings_are_encoded(fast: Embedder) -> None:
    embedder = Counting(fast)
    index = Index([RETURNS, HOURS], embedder)
    embedder.encoded.clear()
    changed = Article("hours", 2, {"en": Translation("Opening hours", ("When do you close?",), "Nine to six.")})
    Index([RETURNS, changed, INVOICE], embedder, index)
    assert sorted(embedder.encoded) == sorted(["When do you close?", *INVOICE.phrasings()])


def test_the_old_index_still_answers_after_a_new_one_was_made(fast: Embedder) -> None:
    older = Index([RETURNS, HOURS], fast)
    newer = Index([RETURNS], fast, older)
    assert found(newer, "opening hours") == ["returns"]
    assert found(older, "opening hours")[0] == "hours"


@pytest.mark.parametrize(
    ("language", "title", "asked"),
    [("zh", "{} 耳机怎么充电", "X300充电"), ("en", "How to charge the {} headphones", "charging the X300")],
)
def test_a_rare_word_decides(fast: Embedder, language: Language, title: str, asked: str) -> None:
    models = [
        Article(model, 1, {language: Translation(title.format(model), (), "")}) for model in ("X100", "X200", "X300")
    ]
    assert found(Index(models, fast), asked, language)[0] == "X300"


def test_an_article_without_phrasings_is_kept_but_never_found(fast: Embedder) -> None:
    silent = Article("silent", 1, {"en": Translation("", (), "Nothing.")})
    index = Index([silent, HOURS], fast)
    assert set(index.articles) == {"silent", "hours"}
    assert found(index, "opening hours") == ["hours"]


def test_an_empty_index_finds_nothing(fast: Embedder) -> None:
    assert found(Index([], fast), "anything") == []
    assert found(Index([HOURS], fast, Index([], fast)), "opening hours") == ["hours"]


def test_scores_of_many_questions_are_those_of_each(fast: Embedder) -> None:
    index = Index([RETURNS, HOURS, INVOICE], fast)
    questions = ["怎么退货", "开发票", "几点关门"]
    vectors = fast.encode(questions)
    alone = [index.search(q, v, "zh", 1)[0].score for q, v in zip(questions, vectors, strict=True)]
    assert index.top_scores(questions, vectors, "zh") == pytest.approx(alone, abs=1e-6)
