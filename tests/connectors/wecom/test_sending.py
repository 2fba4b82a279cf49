"""What becomes of our messages: sessions that are somebody else's, closed windows, ids that count once."""

from __future__ import annotations

import re

import pytest

from connectors.wechat import calls
from connectors.wecom.errors import Elsewhere, Repeated, StaleToken, error_of, failure_of
from connectors.wecom.sending import message_of
from hub.errors import AuthFailed, Deferred, DeliveryError, Rejected, Transient, Unreachable
from hub.types import Button
from tests.connectors.wecom.conftest import Kf
from tests.contracts import product as contracts
from tests.contracts.product import Product
from tests.simulators import wecom_api

SEND, TRANS = "/cgi-bin/kf/send_msg", "/cgi-bin/kf/service_state/trans"
LAST = "select delivery from messages where author in ('bot', 'agent') order by key desc limit 1"
WHY = "select error from messages where author in ('bot', 'agent') order by key desc limit 1"


async def with_agent(kf: Kf, made: Product) -> str:
    """A conversation that an agent of ours has."""
    assert await kf.platform.say("ann", "hello")
    await kf.platform.until_shown("ann", 1)
    await made.settled()
    conversation = await made.conversation()
    await made.desk.claim(await made.agent(), conversation)
    return conversation


async def says(made: Product, conversation: str, text: str = "I am Agnes.") -> None:
    await made.desk.say(contracts.AGENT, conversation, text)


# Whose the session is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (2, "waits in the WeCom client's queue"),
        (3, "LiNa has this conversation in the WeCom client"),
        (4, "the session in WeCom has been ended"),
    ],
)
async def test_an_agent_is_told_whose_the_session_is(kf: Kf, state: int, words: str) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        session = kf.platform.session("ann")
        session.state, session.servicer = state, "LiNa"
        await says(made, conversation)
        await made.until(LAST, is_="failed")
        assert words in await made.value(WHY)
        assert kf.calls(TRANS) == (1 if state == 2 else 0)
        assert session.state == state
        assert len(kf.platform.shown("ann")) == 1


async def test_an_agent_gets_a_customer_out_of_the_queue_where_wecom_lets_them(
    kf: Kf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wecom_api._NEXT, 2, (1, 2, 3, 4))
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        kf.platform.session("ann").state = 2
        await says(made, conversation)
        assert (await kf.platform.until_shown("ann", 2))[1].text == "I am Agnes."
        assert kf.platform.session("ann").state == 1


async def test_a_session_that_is_nobodys_is_made_ours_once(kf: Kf) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        before = kf.calls(SEND)
        kf.platform.api.refuse[SEND] = 95018
        await says(made, conversation)
        await made.until(LAST, is_="failed")
        assert (kf.calls(SEND) - before, kf.calls(TRANS)) == (2, 1)
        assert "takes no messages of ours" in await made.value(WHY)


async def test_the_bot_takes_nobody_out_of_the_servicers_queue(kf: Kf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wecom_api._NEXT, 2, (1, 2, 3, 4))
    kf.platform.api.refuse["/cgi-bin/kf/service_state/get"] = -1  # so that the bot begins to answer
    async with kf.product() as made:
        kf.platform.wrote("ann", "text", text={"content": "hello"})
        kf.platform.session("ann").state = 2
        assert await kf.platform.call_back()
        await made.until("select count(*) from messages where author = 'bot'", is_=1)
        kf.platform.api.refuse.clear()
        await made.until(LAST, is_="failed")
        assert "queue" in await made.value(WHY)
        assert (kf.platform.session("ann").state, kf.calls(TRANS)) == (2, 0)


# How long and how often -----------------------------------------------------------------------------------------------


async def test_the_sixth_message_waits_for_the_customers_next_and_the_agent_knows_why(kf: Kf) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        for number in range(5):
            await says(made, conversation, f"and {number}")
        await made.until(f"select ({WHY}) like '%all messages are used up%'")
        assert len(kf.platform.shown("ann")) == 5
        assert await made.value("select window_left from identities") == 0
        assert await kf.platform.say("ann", "go on")
        assert (await kf.platform.until_shown("ann", 6))[5].text == "and 4"
        await made.until("select window_left from identities", is_=4)


async def test_after_48_hours_the_window_is_closed(kf: Kf) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        kf.platform.session("ann").until = kf.platform.now() - 1
        await says(made, conversation)
        await made.until(LAST, is_="failed")
        assert "48 hours" in await made.value(WHY)


# Once, and no more than once ------------------------------------------------------------------------------------------


async def test_a_message_whose_answer_was_lost_is_sent_again_and_shown_once(kf: Kf) -> None:
    async with kf.product() as made:
        kf.platform.faults.append("drop")
        assert await kf.platform.say("ann", "hello")
        await made.until(LAST, is_="sent")
        sent = [body["msgid"] for path, body in kf.platform.calls if path == SEND]
        assert len(sent) == 2
        assert len(set(sent)) == 1
        assert [shown.text for shown in kf.platform.shown("ann")] == ["Hello!"]


@pytest.mark.parametrize("fault", ["429", "500", "never", "rubbish", "token"])
async def test_a_platform_in_trouble_gets_the_message_later(
    kf: Kf, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALL", 1.0)
    async with kf.product() as made:
        kf.platform.faults.append(fault)  # type: ignore[arg-type]
        assert await kf.platform.say("ann", "hello")
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]
        await made.until(LAST, is_="sent")


async def test_what_was_refused_after_an_attempt_that_nobody_knows_of_says_so(kf: Kf) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        kf.platform.session("ann").until = 0
        kf.platform.faults.append("500")
        await says(made, conversation)
        await made.until(LAST, is_="failed")
        assert "may have arrived" in await made.value(WHY)


async def test_ids_are_of_the_form_that_wecom_takes_and_lead_back_to_the_message(kf: Kf) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        await says(made, conversation, "Word after word. " * 300)
        await kf.platform.until_shown("ann", 4)
        await made.until(LAST, is_="sent")
        ids = [body["msgid"] for path, body in kf.platform.calls if path == SEND][-3:]
        assert all(re.fullmatch(r"[0-9a-zA-Z_-]{1,32}", id) for id in ids)
        assert len(set(ids)) == 3
        assert {message_of(id) for id in ids} == {
            await made.value("select platform_id from messages where author = 'agent'")
        }


async def test_the_failure_of_any_part_is_the_messages(kf: Kf) -> None:
    async with kf.product() as made:
        conversation = await with_agent(kf, made)
        await says(made, conversation, "Word after word. " * 300)
        await made.until(LAST, is_="sent")
        first = [body["msgid"] for path, body in kf.platform.calls if path == SEND][-3]
        kf.platform.fails(kf.platform.accounts[0], "ann", first, 12)
        await made.until(LAST, is_="failed")
        assert "kind of message" in await made.value(WHY)


async def test_a_meaning_too_long_for_a_menu_comes_back_by_its_words(kf: Kf, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Button("Yes", "/affirm" + "{}" * 40)
    monkeypatch.setattr(contracts, "YES_NO", (long, Button("No", "/deny")))
    async with kf.product() as made:
        assert await kf.platform.say("ann", "yes or no")
        (asked,) = await kf.platform.until_shown("ann", 1)
        assert asked.buttons == (("Yes", "#1"), ("No", "/deny"))
        assert await kf.platform.press("ann", *asked.buttons[0])
        await kf.platform.until_shown("ann", 2)
        assert made.bot.asked[-1].payload == long.payload


# The table ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (-1, "system busy", Transient),
        (-99, "?", Transient),
        (40001, "", AuthFailed),
        (40096, "", Unreachable),
        (45009, "", Transient),
        (48002, "", AuthFailed),
        (60020, "", AuthFailed),
        (95001, "", Deferred),
        (95002, "", Rejected),
        (95007, "", StaleToken),
        (95018, "", Elsewhere),
        (40058, "invalid Request Parameter, msgid is repeated", Repeated),
        (98765, "something new", Rejected),
    ],
)
def test_codes(code: int, words: str, kind: type[DeliveryError]) -> None:
    error = error_of(code, words)
    assert type(error) is kind
    assert str(code) in str(error)


def test_failures() -> None:
    assert "refuses" in failure_of(10)
    assert "99" in failure_of(99)
