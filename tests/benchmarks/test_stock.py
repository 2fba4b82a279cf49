"""The stock bot's project knows what the other systems know."""

from __future__ import annotations

from benchmarks import stock
from benchmarks.dialogues import SMALL_TALK, articles

KNOWN = articles()


def test_every_question_is_an_example_and_every_answer_a_response() -> None:
    examples = {entry["intent"]: entry["examples"].splitlines() for entry in stock.faq(KNOWN)}
    responses = stock.domain(KNOWN)["responses"]
    assert isinstance(responses, dict)
    for article in KNOWN:
        for language, translation in article.translations.items():
            name = f"faq/{article.id}-{language}"
            assert examples[name] == [f"- {question}" for question in translation.questions]
            assert responses[f"utter_{name}"] == [{"text": translation.answer}]


def test_the_small_talk_of_the_dialogues_is_known() -> None:
    known = {example for examples in stock.SMALL_TALK.values() for example in examples}
    rasas_own = {"hello", "good morning"}
    assert {text for texts in SMALL_TALK.values() for text in texts} <= known | rasas_own
