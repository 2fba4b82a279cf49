"""How well the bundled model finds the sample articles: a floor under what was measured, not a target."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import knowledge_base
from hub.language import detect
from hub.types import Language
from knowledge_base.embedder import Embedder
from knowledge_base.evaluation import QueryLine, Report, ask, report
from knowledge_base.index import Article, Index, Translation
from knowledge_base.ranking import Background, Ranking

SAMPLE = Path(knowledge_base.__path__[0]) / "sample" / "articles"


class Line(msgspec.Struct):
    id: str
    translations: dict[Language, Translation]


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    lines = msgspec.json.Decoder(Line).decode_lines(b"".join(f.read_bytes() for f in sorted(SAMPLE.glob("*.jsonl"))))
    return [Article(line.id, 1, line.translations) for line in lines]


@pytest.fixture(scope="module")
def questions() -> list[QueryLine]:
    rows = (
        line.split("\t") for line in (Path(__file__).with_name("questions.tsv")).read_text("utf-8").splitlines()[1:]
    )
    return [QueryLine(text=text, article=article or None) for article, text in rows]


def figures(ranking: Ranking, questions: list[QueryLine], language: Language) -> Report:
    return report([ask(ranking, q) for q in questions if (detect(q.text) or "en") == language], len(ranking.index))


@pytest.mark.parametrize(("language", "found", "right"), [("en", 0.75, 0.8), ("zh", 0.78, 0.8)])
def test_questions_find_their_sample_article(
    bundled: Embedder,
    background: Background,
    articles: list[Article],
    questions: list[QueryLine],
    language: Language,
    found: float,
    right: float,
) -> None:
    measured = figures(Ranking(Index(articles, bundled), background), questions, language)
    assert measured.recall_1 is not None
    assert measured.recall_1 >= found
    assert measured.recall_3 is not None
    assert measured.recall_3 >= 0.9
    assert measured.answered_correctly is not None
    assert measured.answered_correctly >= right
    assert measured.oos_auroc is not None
    assert measured.oos_auroc >= 0.9


@pytest.mark.parametrize(("asked", "written"), [("en", "zh"), ("zh", "en")])
def test_questions_find_articles_that_have_only_the_other_language(
    bundled: Embedder,
    background: Background,
    articles: list[Article],
    questions: list[QueryLine],
    asked: Language,
    written: Language,
) -> None:
    halves = [Article(article.id, 1, {written: article.translations[written]}) for article in articles]
    measured = figures(Ranking(Index(halves, bundled), background), questions, asked)
    assert measured.recall_1 is not None
    assert measured.recall_1 >= 0.6
