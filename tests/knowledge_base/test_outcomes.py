"""What is learned from outcomes: how sure to be, and which questions an article does not answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.index import Article, Index, Translation
from knowledge_base.outcomes import (
    LEAST_SLOPE,
    TASTE,
    Answered,
    By,
    Lessons,
    Recalibration,
    Wrong,
    fit,
    teaching,
)
from knowledge_base.ranking import Background, Ranking

KEY = ("returns", 1)
SPREAD = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
"""Odds of answers, from 73 % to 98 %."""

outcomes = st.builds(
    Answered,
    key=st.just(KEY),
    odds=st.floats(-5, 40),
    right=st.booleans(),
    by=st.sampled_from(["agent", "customer", "handover", None]),
)


def labelled(count: int, share: float, by: By | None = "agent") -> list[Answered]:
    """So many answers of all odds, of which that share was right."""
    wrong = round(count * (1 - share))
    # Wrong ones are spread over all odds.
    return [
        Answered(KEY, SPREAD[n % len(SPREAD)], (n * wrong) // count == ((n + 1) * wrong) // count, by)
        for n in range(count)
    ]


def claimed(answers: list[Answered], odds: float = 1.75) -> float:
    """The probability that is claimed where it was 85 % without these answers."""
    return float(1 / (1 + np.exp(-fit(answers)(odds))))


def test_without_labels_nothing_moves() -> None:
    assert fit([]) == Recalibration(0.0, 1.0)
    assert fit([])(1.75) == 1.75


@given(st.lists(outcomes, max_size=60), st.floats(-40, 40), st.floats(-40, 40))
def test_whatever_the_labels_the_order_stays_and_nothing_moves_up(
    answers: list[Answered], one: float, other: float
) -> None:
    found = fit(answers)
    assert found.slope >= LEAST_SLOPE
    low, high = sorted((one, other))
    assert found(low) <= found(high)
    assert found(low) <= low


def test_a_world_upside_down_still_keeps_the_order() -> None:
    found = fit([Answered(KEY, odds, odds < 2.5, "agent") for odds in SPREAD * 400])
    assert found.slope == pytest.approx(LEAST_SLOPE)
    assert claimed([Answered(KEY, odds, odds < 2.5, "agent") for odds in SPREAD * 400]) < 0.6


def test_ten_labels_hardly_move_it_and_hundreds_decide() -> None:
    assert 0.8 < claimed(labelled(10, 0.0)) < 0.85
    assert 0.7 < claimed(labelled(50, 0.5)) < 0.85
    assert claimed(labelled(300, 0.5)) < 0.7
    assert claimed(labelled(5000, 0.5)) == pytest.approx(0.5, abs=0.05)
    assert claimed(labelled(5000, 0.7)) == pytest.approx(0.7, abs=0.05)


def test_many_labels_are_followed_in_their_slope() -> None:
    """Of answers with odds o, as many are right as with 0.5 * o: the fit finds that."""
    answers = []
    for odds in SPREAD:
        right = round(1000 / (1 + np.exp(-0.5 * odds)))
        answers += [Answered(KEY, odds, n < right, "agent") for n in range(1000)]
    found = fit(answers)
    assert found.shift == pytest.approx(0.0, abs=0.1)
    assert found.slope == pytest.approx(0.5, abs=0.1)


def test_the_stronger_the_label_the_more_it_moves() -> None:
    by_agents, by_customers, by_handovers = (
        claimed(labelled(200, 0.0, by)) for by in ("agent", "customer", "handover")
    )
    assert by_agents < by_customers < by_handovers < 0.85


def test_silence_makes_up_for_complaints_and_raises_nothing() -> None:
    silent = [Answered(KEY, SPREAD[n % len(SPREAD)]) for n in range(5000)]
    complaints = labelled(50, 0.0, "customer")
    assert claimed(silent) == pytest.approx(claimed([]))
    assert claimed(complaints) < 0.8 < claimed(complaints + silent)
    assert claimed(labelled(1500, 0.0, "customer") + silent) < 0.7  # but not for as many as these


def test_labels_that_say_right_take_back_what_others_said() -> None:
    assert claimed(labelled(100, 0.0)) < 0.72 < claimed(labelled(100, 0.0) + labelled(900, 1.0))


def test_one_visitor_takes_no_answer_away_from_all() -> None:
    wrong = [Wrong(1, KEY, "a", "customer"), Wrong(2, KEY, "b", "agent")]
    often = [Answered(KEY, 2.0, False, "customer", "ann")] * 100
    assert teaching(often, wrong) == wrong[1:]

    few = [*often, Answered(KEY, 2.0, False, "customer", "ben")]
    assert teaching(few, wrong) == wrong
    assert TASTE > 0.02
    many = [Answered(KEY, 2.0, customer=f"customer {n}") for n in range(98)]
    assert teaching(few + many, wrong) == wrong[1:]
    more = [Answered(KEY, 2.0, False, "customer", f"customer {n}") for n in range(8)]
    assert teaching(few + many + more, wrong) == wrong


def test_one_visitor_does_not_make_it_unsure_of_everything() -> None:
    def of_one(by: By) -> list[Answered]:
        return [Answered(KEY, odds, False, by, "ann") for odds in SPREAD * 100]

    assert claimed(of_one("customer")) > 0.84
    assert claimed(of_one("handover")) > 0.84
    assert claimed(of_one("agent")) == claimed(labelled(700, 0.0))  # whoever asked: an agent read all of them


# Wrong questions compete -----------------------------------------------------------------------------------------

RETURNS = Article(
    "returns",
    1,
    {
        "en": Translation(
            "Return an item", ("How long do I have to return something?", "Can I send it back?"), "14 days"
        )
    },
)
WARRANTY = Article(
    "warranty",
    1,
    {"en": Translation("Warranty", ("How long is the warranty?", "Is a repair under warranty free?"), "2 years")},
)


@pytest.fixture(scope="module")
def ranking(bundled: Embedder, background: Background) -> Ranking:
    return Ranking(Index([RETURNS, WARRANTY], bundled), background)


def wrong(embedder: Embedder, *questions: str, revision: int = 1) -> Lessons:
    """What is known where these were answered wrongly with the article about returns."""
    return Lessons(wrong={("returns", revision): embedder.encode(questions)})


ASKED = "How long do I have to return something from abroad?"


def test_a_question_that_was_answered_wrongly_is_not_answered_so_again(ranking: Ranking, bundled: Embedder) -> None:
    before = ranking.decide(ASKED, "en")
    assert before.decision == "answer"
    after = ranking.taught(wrong(bundled, ASKED)).decide(ASKED, "en")
    assert after.decision != "answer"
    assert after.hits == before.hits
    assert after.odds < before.odds


@pytest.mark.parametrize("asked", ["How long do I have to return something?", "Is a repair under warranty free?"])
def test_what_the_article_does_answer_is_still_answered(ranking: Ranking, bundled: Embedder, asked: str) -> None:
    taught = ranking.taught(wrong(bundled, "Do you return my calls?"))
    assert taught.decide(asked, "en").decision == "answer"


def test_an_edited_article_starts_anew(ranking: Ranking, bundled: Embedder) -> None:
    assert ranking.taught(wrong(bundled, ASKED, revision=2)).decide(ASKED, "en") == ranking.decide(ASKED, "en")


@pytest.fixture(scope="module")
def alone(bundled: Embedder, background: Background) -> Ranking:
    return Ranking(Index([RETURNS], bundled), background)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=5), st.booleans())
def test_what_competes_never_raises_the_odds(
    ranking: Ranking, alone: Ranking, bundled: Embedder, lengths: list[float], second: bool
) -> None:
    """Also where there is no second article, and whatever the rival's nearness."""
    untaught = ranking if second else alone
    (vector,) = bundled.encode([ASKED])
    rivals: Vectors = np.outer(lengths, vector).astype(np.float32)
    before = untaught.decide(ASKED, "en")
    after = untaught.taught(Lessons(wrong={KEY: rivals})).decide(ASKED, "en")
    assert after.odds <= before.odds
    assert after.confidence <= before.confidence


def test_lessons_outlive_a_change_of_the_articles(ranking: Ranking, bundled: Embedder, background: Background) -> None:
    taught = ranking.taught(wrong(bundled, ASKED))
    index = Index([RETURNS, WARRANTY, Article("new", 1, WARRANTY.translations)], bundled, taught.index)
    assert Ranking(index, background, taught).lessons is taught.lessons


def test_recalibration_lowers_what_is_claimed_and_leaves_the_odds_to_learn_from(ranking: Ranking) -> None:
    before = ranking.decide(ASKED, "en")
    after = ranking.taught(Lessons(Recalibration(-20.0, 1.0))).decide(ASKED, "en")
    assert (before.decision, after.decision) == ("answer", "clarify")
    assert after.confidence < 0.01
    assert after.odds == before.odds
