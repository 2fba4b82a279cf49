"""The stock bot's project knows what the other systems know."""

from __future__ import annotations

from benchmarks import stock
from benchmarks.dialogues import articles

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


def test_small_talk_comes_from_our_training_data() -> None:
    entries = stock.small_talk()
    assert {entry["intent"] for entry in entries} == set(stock.OWN_INTENTS)
    assert any("- 你好" in entry["examples"] for entry in entries)
