"""From what systems answer to figures, and the baselines that need no model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import yaml

from benchmarks.report import machine
from benchmarks.retrieval import selector, tables
from benchmarks.retrieval.command import measure, save
from benchmarks.retrieval.data import Domain, Question, load
from benchmarks.retrieval.measures import Outcome, calibration, coverage, difference, figures
from benchmarks.retrieval.results import OURS, report
from benchmarks.retrieval.systems import Answer, Bm25, System, TfIdf
from knowledge_base.index import Article, Translation

ARTICLES = (
    Article(
        "parcel-late",
        1,
        {
            "zh": Translation("包裹晚到", ("快递怎么还没到",), "再等一天。"),
            "en": Translation("Late parcels", ("my parcel hasn't come",), "Wait a day."),
        },
    ),
    Article(
        "invoice",
        1,
        {
            "zh": Translation("开发票", ("发票在哪儿开",), "在订单里。"),
            "en": Translation("Invoices", ("where is my invoice",), "In your order."),
        },
    ),
)


ASKED = [Question(text, None, "en", "plain") for text in ("我的发票呢", "PARCELS!!", "qqq")]


def outcome(
    score: float,
    *,
    right: bool = False,
    kind: Literal["near", "far"] | None = None,
    answers: bool | None = None,
    probability: float | None = None,
    article: str = "invoice",
) -> Outcome:
    question = Question("?", None if kind else article, "en", "plain", kind)
    ranked = (article, "other") if right else ("other", article)
    return Outcome("shop", question, Answer(ranked, score, answers, probability))


def test_rank_and_silence_are_measured_on_different_questions() -> None:
    found = figures([outcome(3, right=True), outcome(1), outcome(2, kind="near"), outcome(0, kind="far")])
    assert (found.recall_1, found.recall_3, found.mrr_10) == (0.5, 1, 0.75)
    assert (found.auroc_near, found.auroc_far) == (0.5, 1)
    assert found.decided is None


def test_coverage_is_the_most_that_can_be_answered_at_nine_of_ten_right() -> None:
    right = [outcome(10 - place / 10, right=True) for place in range(9)]
    assert coverage([*right, outcome(1, kind="far"), outcome(0.5)]) == 0.9
    assert coverage([*right, outcome(1, kind="far"), outcome(0.5, right=True)]) == 1
    assert coverage([outcome(2, kind="near"), outcome(1, right=True)]) == 0


def test_questions_of_one_score_are_answered_together() -> None:
    assert coverage([outcome(1, right=True), outcome(1)]) == 0
    assert coverage([outcome(2, right=True), outcome(1, right=True), outcome(1)]) == 0.3333


def test_what_a_system_decides_by_itself_counts_wrong_answers_to_foreign_questions() -> None:
    found = figures(
        [
            outcome(1, right=True, answers=True),
            outcome(1, right=True, answers=False),
            outcome(1, kind="near", answers=True),
            outcome(1, kind="far", answers=False),
        ]
    ).decided
    assert found is not None
    assert (found.coverage, found.right, found.refused_near, found.refused_far) == (0.5, 0.5, 0, 1)


def test_a_probability_is_held_against_what_came_true() -> None:
    sure = [outcome(1, right=place < 8, probability=0.85) for place in range(10)]
    found = calibration([*sure, outcome(1, probability=0.05)])
    assert found is not None
    assert found.error == pytest.approx((10 * 0.05 + 0.05) / 11, abs=1e-4)
    assert (found.bins[8].count, found.bins[8].right) == (10, 0.8)
    assert calibration([outcome(1)]) is None


def test_a_difference_comes_with_an_interval_over_articles() -> None:
    ours = [outcome(1, right=True, article=f"a{place}") for place in range(40)]
    theirs = [outcome(1, right=place % 2 == 0, article=f"a{place}") for place in range(40)]
    gain, (low, high) = difference(ours, theirs)
    assert gain == 0.5
    assert 0.3 < low < 0.5 < high < 0.7
    assert difference(ours, ours) == (0, (0, 0))


@pytest.mark.parametrize("system", [Bm25(), TfIdf()])
def test_shared_words_find_the_article(system: System) -> None:
    invoice, parcel, strange = system.ask(Domain("shop", ARTICLES, (), ()), ARTICLES, ASKED)
    assert invoice.ranked[0] == "invoice"
    assert parcel.ranked[0] == "parcel-late"
    assert min(invoice.score, parcel.score) > 2 * strange.score


def test_an_article_that_shares_no_word_is_not_ranked() -> None:
    strange = Bm25().ask(Domain("shop", ARTICLES, (), ()), ARTICLES, ASKED)[2]
    assert (strange.ranked, strange.score) == ((), 0)


class Sure:
    """Knows every answer, and says so."""

    name, across, notes = OURS, True, ["sure: knows it all"]

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        return [Answer((q.article,), 1, True, 1) if q.article else Answer((), 0, False, 0) for q in questions]


def test_a_run_over_the_whole_set_gives_tables_and_json(tmp_path: Path) -> None:
    made = measure([Sure(), Bm25()], [load("office")])
    assert made.systems[OURS]["zh long"].recall_1 == 1
    assert made.systems[OURS]["all"].coverage_90 == 1
    assert made.across["BM25"]["zh to en"].recall_1 is not None
    claim = next(claim for claim in made.claims if claim.group == "office zh")
    assert (claim.ours, claim.baseline) == (1, "BM25")
    assert claim.low > 0

    saved = json.loads(save(made, tmp_path).read_bytes())
    assert saved["systems"][OURS]["all"]["recall@1"] == 1
    shown = tables.text(made, markdown=False, brief=False)
    assert "sure: knows it all" in shown
    assert "Calibration of ours: expected error 0.000" in shown
    assert "zh pinyin" not in tables.text(made, markdown=True, brief=True)


def test_without_ours_nothing_is_claimed() -> None:
    answers = {"BM25": [outcome(1, right=True)]}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert report(answers, {}, at=at, commit="", machine=machine(), notes=[]).claims == []


def test_the_selector_learns_every_phrasing_of_both_languages(tmp_path: Path) -> None:
    selector.write(tmp_path, ARTICLES, epochs=7)
    learnt = yaml.safe_load((tmp_path / "data" / "faq.yml").read_text("utf-8"))["nlu"]
    assert learnt[0] == {
        "intent": "faq/parcel-late",
        "examples": "- 快递怎么还没到\n- 包裹晚到\n- my parcel hasn't come\n- Late parcels\n",
    }
    assert yaml.safe_load((tmp_path / "config.yml").read_text("utf-8"))["pipeline"][-1]["epochs"] == 7
    assert set(yaml.safe_load((tmp_path / "domain.yml").read_text("utf-8"))["responses"]) == {
        "utter_faq/parcel-late",
        "utter_faq/invoice",
    }
