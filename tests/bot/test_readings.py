"""Which reading of a turn counts, with rankings that the test gives. The module is plain Python, as `ngrams` is."""

import pytest
import yaml

from bot.components.readings import ORDER, SURE, Ranking, read
from tests.bot.served import ROOT


def say(text: str, **understood: tuple[str, float]) -> str:
    """The intent that counts for `text`, where `understood` says what its pieces mean; the rest is unclear."""
    meanings = {piece.replace("_", " "): meaning for piece, meaning in understood.items()}

    def rank(piece: str) -> Ranking:
        intent, confidence = meanings.get(piece, ("small_talk", 0.1))
        return [{"name": intent, "confidence": confidence}]

    return str(read(text, rank)[0]["name"])


def test_every_intent_has_its_place() -> None:
    domain = yaml.safe_load((ROOT / "bot" / "domain" / "intents.yml").read_text(encoding="utf-8"))
    assert {intent for intents in ORDER for intent in intents} | {"nlu_fallback"} == set(domain["intents"])


def test_sure_is_what_the_fallback_takes_for_sure() -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    (fallback,) = (part for part in config["pipeline"] if part["name"] == "FallbackClassifier")
    assert fallback["threshold"] == SURE


@pytest.mark.parametrize("text", ["hi\nhow long", "how long\nhi", "hi\n\n  \nhow long\nhi"])
def test_a_greeting_swallows_no_question(text: str) -> None:
    assert say(text, hi=("greet", 0.9), how_long=("question", 0.6)) == "question"


def test_what_is_unclear_is_rather_a_question_than_a_greeting() -> None:
    assert say("hi\nhmpf", hi=("greet", 0.9), hmpf=("thanks", SURE - 0.01)) == "thanks"  # unsure: searched for


def test_of_equals_the_last_said_counts() -> None:
    human = {"human": ("ask_human", 0.9), "no_human": ("take_back", 0.9)}
    assert say("human\nno human", **human) == "take_back"
    assert say("no human\nhuman", **human) == "ask_human"


def test_a_sentence_over_several_lines_is_read_as_one() -> None:
    text = "is my phone\nstill covered"
    assert say(text, **{text: ("warranty_status", 0.9)}, still_covered=("question", 0.6)) == "warranty_status"


@pytest.mark.parametrize("mark", [",", "，", "。", "! ", "...", "\n"])
def test_what_is_urgent_is_heard_in_a_long_account(mark: str) -> None:
    text = mark.join(["i bought it", "it smokes", "give me my money"])
    assert say(text, **{text: ("question", 0.9)}, it_smokes=("danger", 0.8)) == "danger"


def test_a_clause_has_to_be_surer() -> None:
    text = "i like it, it smokes"
    assert say(text, **{text: ("question", 0.9)}, it_smokes=("danger", 0.6)) == "question"
    assert say(text, **{text: ("question", 0.9)}, it_smokes=("complaint", 0.9)) == "question"


def test_a_line_has_to_be_surer() -> None:
    text = "i\nforgot my password"
    assert say(text, i=("distress", 0.6), forgot_my_password=("question", 0.9)) == "question"
    assert say(text, i=("distress", 0.9), forgot_my_password=("question", 0.9)) == "distress"


@pytest.mark.parametrize("text", ["", "\n\n", "...", ",,,\n!!!"])
def test_nothing_at_all_is_read_too(text: str) -> None:
    assert say(text) == "small_talk"
