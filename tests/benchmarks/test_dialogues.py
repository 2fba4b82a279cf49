"""What is asked."""

from __future__ import annotations

import pytest

from benchmarks.dialogues import BLOCK, SMALL_TALK, Language, articles, dialogue, questions, sample

POOL = questions(articles())
BY_TEXT = {question.text: question for question in POOL}


def test_a_dialogue_is_the_same_each_time_and_another_for_another_number() -> None:
    assert dialogue(POOL, 60, 1, 4) == dialogue(POOL, 60, 1, 4)
    assert dialogue(POOL, 60, 1, 4) != dialogue(POOL, 60, 1, 6)
    assert dialogue(POOL, 60, 1, 4) != dialogue(POOL, 60, 2, 4)


@pytest.mark.parametrize(("number", "language"), [(0, "zh"), (1, "en")])
def test_each_ten_messages_hold_the_same_mix_in_one_language(number: int, language: Language) -> None:
    texts = dialogue(POOL, 60, 1, number)
    assert len(texts) == 60
    for start in range(0, 60, BLOCK):
        block = texts[start : start + BLOCK]
        assert sum(text in SMALL_TALK[language] for text in block) == 1
    asked = [BY_TEXT[text] for text in texts if text in BY_TEXT]
    assert {question.language for question in asked} == {language}


def test_no_two_questions_that_may_miss_follow_each_other() -> None:
    asked = [BY_TEXT[text].origin for text in dialogue(POOL, 60, 1, 0) if text in BY_TEXT]
    assert asked == ["held out", "own"] * 27


def test_a_sample_has_as_many_of_every_language_and_origin() -> None:
    chosen = sample(POOL, 5, 1)
    assert len(chosen) == 20
    assert len({(question.language, question.origin) for question in chosen}) == 4
    assert chosen == sample(POOL, 5, 1)


def test_a_pool_without_one_of_them_is_refused() -> None:
    with pytest.raises(ValueError, match="no held out questions in zh"):
        dialogue([question for question in POOL if question.origin == "own"], 8, 1, 0)
