"""The checks of a step see what is wrong, and nothing where all is well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from connectors.webchat.frames import MessageFrame, StatusFrame
from hub import texts
from hub.types import Button, Source
from tests.dialogues.checks import Seen, faults
from tests.dialogues.script import Turn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = MessageFrame(1, "m1", "customer", "how long?", "c", NOW)
ANSWER = MessageFrame(
    2, "a1", "bot", "Thirty days.", "c", NOW, sources=(Source("returns", 1, "Returns"),), answers=("m1",)
)
SEEN = Seen(
    entries=(ASKED, ANSWER),
    before="bot",
    status="bot",
    sent=("m1",),
    turns={"a1": "t1", "a2": "t2"},
    spoken=frozenset({"en"}),
)


def turn(bot: Any = None) -> Turn:
    return msgspec.convert({"customer": "how long?", **({"bot": bot} if bot else {})}, Turn)


def seen(*said: MessageFrame | StatusFrame, **more: Any) -> Seen:
    return msgspec.structs.replace(SEEN, entries=(ASKED, *said), **more)


def said(text: str = "Thirty days.", **more: Any) -> MessageFrame:
    return msgspec.structs.replace(ANSWER, text=text, **more)


def status(name: str) -> StatusFrame:
    return StatusFrame(2, name, "c", NOW)


@pytest.mark.parametrize(
    "bot",
    [
        None,
        {"says": "thirty DAYS"},
        {"says": ["forty", "thirty"], "never_says": "forty"},
        {"says": {"all": ["thirty", "days"]}, "article": "returns", "status": "bot"},
        {"article": ["delivery", "returns"], "language": "en"},
    ],
)
def test_all_is_well(bot: Any) -> None:
    assert faults(turn(bot), SEEN) == []


@pytest.mark.parametrize(
    ("bot", "complaint"),
    [
        ("silent", "silence"),
        ({"says": "forty"}, "“forty”"),
        ({"says": {"all": ["thirty", "forty"]}}, "“thirty” and “forty”"),
        ({"never_says": ["forty", "days"]}, "never to be said: “days”"),
        ({"article": "delivery"}, "article delivery, came: returns"),
        ({"offers": ["returns"]}, "offered: returns"),
        ({"finds": "delivery"}, "find the article delivery"),
        ({"finds": ["delivery", "orders"]}, "find the article delivery or orders, came: returns"),
        ({"no_answer": True}, "no answer, or to be asked which is meant, came: returns"),
        ({"buttons": ["Returns"]}, "a button: Returns"),
        ({"misses": True}, "no answer"),
        ({"status": "waiting"}, "status waiting, came: bot"),
        ({"reason": "asked"}, "reason asked, came: None"),
        ({"front_of_queue": True}, "in front"),
        ({"language": "zh"}, "in zh"),
    ],
)
def test_what_the_script_expects(bot: Any, complaint: str) -> None:
    (fault,) = faults(turn(bot), SEEN)
    assert complaint in fault


@pytest.mark.parametrize(
    ("came", "complaint"),
    [
        (seen(), "message 1 is answered by 0 turns"),
        (seen(said(), said("Again.", id="a2")), "message 1 is answered by 2 turns"),
        (seen(said(), said()), "said twice"),
        (seen(ASKED, said()), "stands 2 times"),
        (seen(said(answers=("m0", "m1"))), "older message"),
        (seen(said(), before="human", status="human"), "while a human had"),
        (seen(status("human"), said()), "while a human had"),
        (seen(said("三十天。")), "expected in en"),
        (seen(said(buttons=(Button("三十天", "x"),))), "expected in en"),
        (seen(said("Traceback (most recent call last)")), "of the inside"),
        (seen(said("utter_greet")), "of the inside"),
        (seen(said("I am {reference}")), "of the inside"),
        (seen(said(buttons=(Button("/complaint", "x"),))), "of the inside"),
        (seen(said(" ")), "says nothing"),
        (seen(said(), errors=("invalid: text",)), "refused: invalid"),
    ],
)
def test_what_holds_for_every_turn(came: Seen, complaint: str) -> None:
    assert [fault for fault in faults(turn(), came) if complaint in fault], faults(turn(), came)


def test_what_is_offered_and_missed() -> None:
    asked = said("Which one?", sources=(), buttons=(Button("Returns", "article:returns"),))
    assert faults(turn({"offers": ["returns"], "buttons": ["Returns"], "finds": "returns"}), seen(asked)) == []
    assert faults(turn({"finds": "returns"}), SEEN) == []
    assert faults(turn({"finds": ["delivery", "returns"]}), seen(asked)) == []
    missed = said(texts.say("missed", "en"), sources=())
    assert faults(turn({"misses": True, "no_answer": True}), seen(missed)) == []
    assert faults(turn({"no_answer": True}), seen(said(texts.say("clarify", "en"), sources=()))) == []


def test_silence_is_right_where_a_human_is_to_answer() -> None:
    assert faults(turn("silent"), seen(before="human", status="human")) == []
    assert faults(turn(), seen(before="waiting", status="waiting")) == []


def test_what_is_taken_up_after_a_handover_is_for_the_human() -> None:
    later = msgspec.structs.replace(ASKED, id="m2")
    came = seen(later, said(), status("waiting"), sent=("m1", "m2"), status="waiting")
    assert faults(turn(), msgspec.structs.replace(came, turns={"m1": "t1", "a1": "t1", "m2": "t2"})) == []
    same_turn = msgspec.structs.replace(came, turns={"m1": "t1", "a1": "t1", "m2": "t1"})
    assert faults(turn(), same_turn) == ["message 2 is answered by 0 turns"]
