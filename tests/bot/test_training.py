"""What is wrong with the sources is told, and what the hub cannot read is not let through."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from bot.client import Custom
from bot.components import texts
from hub.types import Reason
from tests.bot import served


@pytest.mark.slow
@pytest.mark.xdist_group("rasa")
def test_mistakes_in_the_sources_are_told(tmp_path: Path) -> None:
    assert "all held" in served.run(tmp_path, "-m", "tests.bot.inside_training")


def test_the_texts_are_checked_for_what_the_hub_reads() -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(Custom)}
    assert set(fields) == texts.KEYS
    (effect,) = (part for part in get_args(fields["effect"]) if get_args(part))
    assert set(get_args(effect)) == texts.EFFECTS
    assert set(get_args(Reason)) == texts.REASONS


@pytest.mark.parametrize(
    ("custom", "told"),
    [
        ({}, "nothing to say and nothing to do"),
        ({"say": "Hello"}, "`say` needs a text under `zh` and one under `en`"),
        ({"say": {"zh": "您好", "en": " "}}, "`say` has no text under `en`"),
        ({"effect": "search", "buttons": "human"}, "`buttons` has to be a list"),
        ({"effect": "search", "buttons": [{"title": {"zh": "是", "en": "Yes"}, "payload": 1}]}, "has to be a text"),
        (
            {"effect": "search", "buttons": [{"title": {"zh": "是"}, "payload": "x"}]},
            "`button 1` has no text under `en`",
        ),
        ({"effect": "handoff", "reason": "because"}, "`reason: because` is not known"),
        ({"effect": "handoff", "priority": "high"}, "`priority` has to be a number"),
    ],
)
def test_a_text_that_the_hub_could_not_read(custom: dict[str, object], told: str) -> None:
    (problem,) = texts.problems({"utter_x": [{"custom": custom}]}, {"greet"})
    assert problem.startswith("utter_x: ")
    assert told in problem


def test_texts_as_they_should_be() -> None:
    button: dict[str, object] = {"title": {"zh": "查订单", "en": "My order"}, "payload": "/greet"}
    good: list[dict[str, object]] = [
        {"custom": {"say": {"zh": "您好", "en": "Hello"}, "buttons": [button, {**button, "payload": "human"}]}},
        {"custom": {"silent": True}},
        {"text": "as Rasa has it"},
    ]
    assert texts.problems({"utter_x": good}, {"greet"}) == []
