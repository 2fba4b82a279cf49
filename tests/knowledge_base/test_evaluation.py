from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.__main__ import main
from knowledge_base.embedder import Embedder
from knowledge_base.evaluation import ArticleLine, BadLine, Outcome, auroc, evaluate, merged, report

ARTICLES: list[dict[str, object]] = [
    {"id": "退货 1", "language": "zh", "title": "退货", "questions": ["怎么退货", "我要退货"], "answer": "七天内。"},
    {"id": "退货 1", "language": "en", "questions": ["How do I return an item?"]},
    {"id": "w", "questions": ["How long is the warranty?", "Is it still under warranty?"]},
]
QUERIES: list[dict[str, object]] = [
    {"text": "想退货", "article": "退货 1"},
    {"text": "return this item please", "article": "退货 1"},
    {"text": "warranty period", "article": "w"},
    {"text": "今天天气怎么样", "article": None},
]


def write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def outcome(rank: int, *, labelled: bool = True, confidence: float = 0.0, answered: bool = False) -> Outcome:
    return Outcome(labelled, rank, confidence, answered, 1.0)


def test_the_command_writes_the_contracts_figures(tmp_path: Path) -> None:
    articles, queries = write(tmp_path / "a.jsonl", ARTICLES), write(tmp_path / "q.jsonl", QUERIES)
    out = tmp_path / "out.json"
    assert main(["evaluate", "--articles", str(articles), "--queries", str(queries), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert figures["latency_ms"].keys() == {"p50", "p99"}
    assert {key: figures[key] for key in ("recall@1", "recall@3", "mrr@10", "oos_auroc", "articles", "queries")} == {
        "recall@1": 1.0,
        "recall@3": 1.0,
        "mrr@10": 1.0,
        "oos_auroc": 1.0,
        "articles": 2,
        "queries": 4,
    }
    assert figures["abstained_correctly"] == 1.0
    assert figures["answered_correctly"] == 1.0
    assert 0 < figures["answered"] <= 0.75


def test_lines_of_one_id_are_one_article_and_the_language_is_seen() -> None:
    found = merged([ArticleLine("a", ["怎么退货"]), ArticleLine("a", ["return"]), ArticleLine("a", ["send back"])])
    assert [article.id for article in found] == ["a"]
    assert {language: text.questions for language, text in found[0].translations.items()} == {
        "zh": ("怎么退货",),
        "en": ("return", "send back"),
    }


def test_the_figures_over_known_outcomes() -> None:
    figures = report(
        [
            outcome(1, confidence=0.9, answered=True),
            outcome(3, confidence=0.5, answered=True),
            outcome(0, confidence=0.1),
            outcome(0, labelled=False, confidence=0.3, answered=True),
            outcome(0, labelled=False, confidence=0.05),
        ],
        7,
    )
    assert (figures.recall_1, figures.recall_3, figures.mrr_10) == (0.3333, 0.6667, 0.4444)
    assert (figures.answered, figures.answered_correctly, figures.abstained_correctly) == (0.6, 0.3333, 0.5)
    assert figures.oos_auroc == 0.8333
    assert (figures.articles, figures.queries) == (7, 5)


def test_without_negatives_there_is_no_auroc() -> None:
    figures = report([outcome(1)], 1)
    assert figures.oos_auroc is None
    assert figures.abstained_correctly is None


def test_nothing_asked_gives_no_shares(bundled: Embedder, tmp_path: Path) -> None:
    figures = evaluate(write(tmp_path / "a", ARTICLES), write(tmp_path / "q", []), bundled)
    assert (figures.recall_1, figures.answered, figures.queries) == (None, None, 0)


scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)


@given(scores, scores)
def test_auroc_counts_the_pairs_in_order(inside: list[float], outside: list[float]) -> None:
    pairs = [(left > right) + 0.5 * (left == right) for left in inside for right in outside]
    assert auroc(inside, outside) == pytest.approx(sum(pairs) / len(pairs), abs=1e-4)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"id": "b"}', "questions"),
        ('{"id": 5, "questions": []}', "id"),
        ('{"id": "b", "questions": ["x"], "language": "fr"}', "language"),
        ("not json", "malformed"),
    ],
)
def test_a_wrong_line_is_named_with_file_line_and_reason(
    tmp_path: Path, line: str, complaint: str, bundled: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    articles, queries = write(tmp_path / "a.jsonl", ARTICLES[:1]), write(tmp_path / "q.jsonl", QUERIES)
    with articles.open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(BadLine, match=rf"a\.jsonl, line 3: .*{complaint}"):
        evaluate(articles, queries, bundled)
    arguments = ["evaluate", "--articles", str(articles), "--queries", str(queries), "--json", str(tmp_path / "o")]
    assert main(arguments) == 2
    assert "line 3" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "missing.jsonl")
    assert main(["evaluate", "--articles", missing, "--queries", missing, "--json", str(tmp_path / "o")]) == 2
    assert "missing.jsonl" in capsys.readouterr().err
