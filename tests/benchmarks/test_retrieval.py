"""From what systems answer to figures, and the baselines that need no model."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import yaml
from defusedxml import ElementTree

from benchmarks.report import machine
from benchmarks.retrieval import selector, tables
from benchmarks.retrieval.command import draw, measure, ours, save
from benchmarks.retrieval.data import Domain, Question, load
from benchmarks.retrieval.measures import Outcome, calibration, coverage, difference, figures
from benchmarks.retrieval.results import Report, report
from benchmarks.retrieval.systems import OURS, Answer, Bm25, Ours, System, TfIdf
from hub.types import Language
from knowledge_base.embedder import BUNDLED, FAST, Embedder
from knowledge_base.embedder import load as load_embedder
from knowledge_base.index import Article, Translation
from knowledge_base.ranking import build

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


@pytest.fixture(scope="module")
def fast() -> Embedder:
    return load_embedder(FAST)


ASKED = [Question(text, None, "en", "plain") for text in ("我的发票呢", "PARCELS!!", "qqq")]


def outcome(
    score: float,
    *,
    right: bool = False,
    kind: Literal["near", "far"] | None = None,
    answers: bool | None = None,
    probability: float | None = None,
    likeness: float | None = None,
    milliseconds: float | None = None,
    article: str = "invoice",
    language: Language = "en",
) -> Outcome:
    question = Question("?", None if kind else article, language, "plain", kind)
    ranked = (article, "other") if right else ("other", article)
    return Outcome("shop", question, Answer(ranked, score, answers, probability, likeness, milliseconds))


def reported(answers: dict[str, list[Outcome]]) -> Report:
    return report(answers, {}, at=datetime(2026, 1, 1, tzinfo=UTC), commit="", machine=machine(), notes=[])


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
    assert "Calibration of ours: expected error all 0.000, zh 0.000, en 0.000" in shown
    assert "zh pinyin" not in tables.text(made, markdown=True, brief=True)


def test_without_ours_nothing_is_claimed() -> None:
    assert reported({"BM25": [outcome(1, right=True)]}).claims == []


def test_several_of_ours_are_compared_with_the_others_and_not_with_each_other() -> None:
    fast, better = f"{OURS} (fast)", f"{OURS} (better)"
    made = reported({fast: [outcome(1)], better: [outcome(1, right=True)], "BM25": [outcome(1)]})
    assert {(claim.system, claim.baseline) for claim in made.claims} == {(fast, "BM25"), (better, "BM25")}
    shown = tables.text(made, markdown=False, brief=True)
    assert f"{fast} against the best" in shown
    assert f"{better} against the best" in shown


def test_the_plain_threshold_ranks_alike_and_decides_by_the_best_score_alone() -> None:
    """Two right answers; a foreign question scores above one of them, but one is not sure of it."""
    asked = [
        outcome(0.9, right=True, likeness=0.8),
        outcome(0.8, right=True, likeness=0.6),
        outcome(0.1, kind="near", likeness=0.7),
    ]
    made = reported({OURS: asked, "BM25": [outcome(1, right=True), outcome(1), outcome(2, kind="near")]})
    assert made.systems[OURS]["all"].coverage_90 == 1
    assert made.plain[OURS]["all"].coverage_90 == 0.5
    assert made.plain[OURS]["all"].recall_1 == made.systems[OURS]["all"].recall_1
    assert "BM25" not in made.plain
    lines = tables.text(made, markdown=True, brief=True).splitlines()
    assert any(line.startswith("| ours, plain threshold |") for line in lines)
    assert any(line.startswith("| ours : plain threshold |") and "× 2.00" in line for line in lines)


def test_calibration_is_told_for_each_language() -> None:
    made = reported({OURS: [outcome(1, right=True, probability=1), outcome(1, probability=0.5, language="zh")]})
    assert {name: found.error for name, found in made.calibration[OURS].items()} == {"all": 0.25, "zh": 0.5, "en": 0}


def test_the_time_of_one_question_is_told_where_it_was_asked_by_itself() -> None:
    made = reported({OURS: [outcome(1, milliseconds=ms) for ms in (1, 2, 3)], "BM25": [outcome(1)] * 3})
    assert {name: took.p50 for name, took in made.latency_ms.items()} == {OURS: 2}


def test_ours_answers_as_the_hub_does(fast: Embedder) -> None:
    invoice, *_ = Ours(fast).ask(Domain("shop", ARTICLES, (), ()), ARTICLES, ASKED)
    decision = build(ARTICLES, fast).decide(ASKED[0].text, "zh")
    assert (invoice.ranked[0], invoice.answers) == (decision.hits[0].article, decision.decision == "answer")
    assert (invoice.probability, invoice.likeness) == (decision.confidence, decision.hits[0].score)
    assert invoice.milliseconds


def test_several_models_are_told_apart_by_name() -> None:
    assert [made.name for made in ours([FAST])] == [OURS]
    assert [made.name for made in ours([FAST, BUNDLED])] == ["ours (fast)", "ours (bundled)"]


def test_the_diagram_has_a_dot_for_each_tenth_at_its_place(tmp_path: Path) -> None:
    true = [outcome(1, right=place < 3, probability=0.75) for place in range(4)]
    draw(reported({OURS: [*true, outcome(1, probability=0.05)]}), tmp_path / "images" / "drawn.svg")
    root = ElementTree.fromstring((tmp_path / "images" / "drawn.svg").read_text("utf-8"))
    drawn = root.findall(".//{*}g[@class='en']/{*}circle")
    places = [(float(dot.attrib["cx"]), float(dot.attrib["cy"]), float(dot.attrib["r"])) for dot in drawn]
    (seldom, low, small), (often, high, large) = places
    line = root.find(".//{*}path[@class='even']")
    assert line is not None
    left, bottom, side = (int(number) for number in re.findall(r"\d+", line.attrib["d"])[:3])
    assert (often - left, bottom - high) == (0.75 * side, 0.75 * side)  # on the line
    assert (seldom - left, bottom - low) == (0.05 * side, 0)
    assert large > small
    assert "expected error 0.010" in "".join(root.itertext())


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
