"""What the forms read out of words, and how their actions answer where Rasa calls them out of turn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import wording
from bot.actions.all import actions
from bot.actions.turn import Turn
from bot.lookups import Lookups
from tests.bot import desk


def action(name: str) -> Action:
    return next(made for made in actions(desk.Knowledge(), None) if made.name() == name)


def tracker(text: str = "", *, entities: object = (), payload: str | None = None, slots: object = None) -> Tracker:
    latest = {"text": text, "intent": {"name": "question"}, "entities": entities, "metadata": {"payload": payload}}
    return Tracker("t", slots or {}, latest, [], False, None, {}, "action_listen")


@pytest.mark.parametrize(
    "text",
    [
        *("我要投诉", "投诉", "你好，我想投诉你们", "我要投诉，非常不满意", "你们服务太差了，我要投诉！", "怎么投诉"),
        *(
            "你们真的太过分了，我要正式投诉",
            "我要投诉你们的快递员",
            "I want to complain about one of your staff members",
        ),
        *("我要投诉订单PL20418801", "我要投诉，订单号PL20418801，手机号13800138000"),
        *("I want to complain", "I'd like to make a complaint please", "how do I file a complaint?", "COMPLAINT!!!"),
        *("I want to complain about my order PL20418801", "this is unacceptable, I want to complain", "", "???"),
    ],
)
def test_who_only_wants_to_complain_has_told_nothing(text: str) -> None:
    assert wording.account(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "我要投诉，快递把我的箱子摔坏了，客服三天不理",
            "投诉！耳机用了两天就坏了",
            "要投诉，退货退了半个月钱还没到账",
            "投诉，手表走得不准还不给修，邮箱ann@example.com",
        ),
        *("I want to complain: the courier broke my parcel", "complaint! you never sent the refund for my tablet"),
    ],
)
def test_who_tells_what_happened_need_not_say_it_again(text: str) -> None:
    assert wording.account(text) == text


def test_only_the_lines_that_tell_are_kept() -> None:
    assert wording.account("你好\n我要投诉\n箱子摔坏了\n客服三天不理我") == "箱子摔坏了\n客服三天不理我"
    assert wording.account("订单是PL20418801\n箱子摔坏了，客服三天不理我") == "箱子摔坏了，客服三天不理我"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("屏幕裂了，我要退款", "退款"),
        ("必须给我换一台新的", "换一台"),
        ("I want my money back", "money back"),
        ("broken again, I expect a full refund", "refund"),
        ("the refund never came", None),
        ("退款一直没到账", None),
    ],
)
def test_a_wish_on_the_way(text: str, wish: str | None) -> None:
    assert wording.wish(text) == wish


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("订单号写错了", "order_number"),
        ("不是这个订单", "order_number"),
        ("no, the other order", "order_number"),
        ("改一下手机号", "contact"),
        ("the phone number is wrong", "contact"),
        ("不是退款，我想要换货", "complaint_wish"),
        ("the description is wrong", "complaint_account"),
    ],
)
def test_what_is_to_be_corrected(text: str, field: str) -> None:
    assert wording.fields(text)[0] == field


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ("可以，不过订单号不对", True),
        ("手机号错了", True),
        ("the order number is not right", True),
        ("没错，订单号是这个", False),
        ("手机号不错", False),
        ("我没有订单号", False),
        ("wrong", False),
    ],
)
def test_what_is_said_to_be_wrong(text: str, faulty: bool) -> None:
    assert wording.faults(text) is faulty


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+44 7700 900123", "+447700900123"),
        ("call me at +1 (415) 555-2671 please", "+14155552671"),
        ("座机0571-87654321，白天都在", "057187654321"),
        ("（０２１）８７６５４３２１", "02187654321"),
        ("020 7946 0958", "02079460958"),
        ("87654321", None),
        ("+12345", None),
        ("+1234567890123456", None),
        ("PL02041883", None),
    ],
)
def test_landlines_and_numbers_of_other_countries(text: str, number: str | None) -> None:
    assert wording.telephone(text) == number


@pytest.mark.parametrize(
    "text", ["运费险是什么", "退款要多久", "how long does a refund take", "要多少钱？", "能不能换"]
)
def test_questions(text: str) -> None:
    assert wording.asks(text)


@pytest.mark.parametrize("text", ["快递把箱子摔坏了", "the courier broke it", "退款", "whatever happens"])
def test_no_questions(text: str) -> None:
    assert not wording.asks(text)


@pytest.mark.parametrize("piece", ["我想要", "想要想要", "a@", "1 ", "不是", "投诉", "very ", "@", "做一个一下"])
def test_long_rows_of_anything_are_read_at_once(piece: str) -> None:
    text = (piece * 1000)[:1000]  # what went back and forth over it would take for ever
    assert wording.account(text) in (None, text.strip())
    assert wording.wish(text) is None
    assert wording.fields(text) in ([], ["contact"])
    assert wording.meant_otherwise(text) == wording.meant_otherwise(text + " ")


def test_no_pattern_goes_back_and_forth_over_a_long_text() -> None:
    """Groups, and "anything", repeat up to a bound: unbounded ones are tried anew from each place of a long row."""
    for name, value in vars(wording).items():
        patterns = (
            [value] if isinstance(value, re.Pattern) else [field[1] for field in value] if name == "_FIELDS" else []
        )
        for pattern in patterns:
            assert not re.search(r"(?:\)|\.|\})[*+]", pattern.pattern), name


def test_lines_with_nothing_but_numbers_are_no_words() -> None:
    text = "箱子坏了\nPL20418801\n电话：13800138000"
    order = {"entity": "order_number", "value": "PL20418801", "start": 5, "end": 15}
    phone = {"entity": "phone", "value": "13800138000", "start": 19, "end": 30}
    turn = Turn(tracker(text, entities=[order, phone]), {})
    assert turn.words == "箱子坏了\n电话：13800138000"
    assert turn.given == {"order_number": "PL20418801", "contact": "13800138000"}


def test_the_title_of_a_pressed_button() -> None:
    button = {"title": {"zh": "退款", "en": "Refund"}, "payload": "refund"}
    domain = {"responses": {"utter_ask_complaint_wish": [{"custom": {"say": {}, "buttons": [button]}}]}}
    turn = Turn(tracker("1", payload="refund"), domain)
    assert turn.title("utter_ask_complaint_wish") == "Refund"
    assert turn.title("utter_complaint_summary") is None


async def run(name: str, **slots: object) -> tuple[list[Any], list[str | None]]:
    dispatcher = CollectingDispatcher()
    events = await action(name).run(dispatcher, tracker(slots=slots), {})
    return events, [message["response"] for message in dispatcher.messages]


async def test_a_complaint_that_nobody_confirmed_is_not_filed() -> None:
    """Where the call to the form's validation fails, Rasa takes the form for finished."""
    with pytest.raises(ValueError, match="not confirmed"):
        await run("action_file_complaint", complaint_account="broken")


@pytest.mark.parametrize("name", ["action_order_status", "action_warranty_status"])
async def test_a_lookup_whose_form_was_never_ended_says_nothing(name: str, lookups: Lookups) -> None:
    """Rasa goes on so where the call to the form's validation fails; that turn has to be tried again."""
    made = next(made for made in actions(desk.Knowledge(), lookups) if made.name() == name)
    dispatcher, said = CollectingDispatcher(), tracker("where is it?", slots={"order_number": "PL20418801"})
    said.events = [{"event": "active_loop", "name": None}, {"event": "user"}]
    with pytest.raises(ValueError, match="not finished"):
        await made.run(dispatcher, said, {})
    assert dispatcher.messages == []
    said.events.append({"event": "active_loop", "name": None})
    await made.run(dispatcher, said, {})
    assert [message["response"] for message in dispatcher.messages] == ["utter_lookup_incomplete"]


@pytest.mark.parametrize("name", ["action_order_status", "action_warranty_status"])
async def test_without_a_system_to_ask_the_knowledge_base_answers(name: str) -> None:
    events, said = await run(name)
    assert said == ["utter_search"]
    validation = {"action_order_status": "order_status", "action_warranty_status": "warranty"}[name]
    events, said = await run(f"validate_{validation}_form")
    assert said == []
    assert {"event": "slot", "name": "requested_slot", "value": None, "timestamp": None} in events
