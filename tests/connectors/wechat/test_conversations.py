"""Whole conversations with the simulated platform, over HTTP and a real database, in all three modes."""

from __future__ import annotations

import asyncio

import pytest

from connectors.wechat import connector
from connectors.wechat.messages import fields_of
from tests.connectors.wechat.account import SEND, Thinking, account, calls, claimed, last
from tests.contracts.product import CHOICES
from tests.hub.house import HIT
from tests.simulators.wechat import UNAVAILABLE

MODES = pytest.mark.parametrize("mode", ["plain", "compat", "safe"])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub answers the platform sooner than it would have to."""
    monkeypatch.setattr(connector, "PATIENCE", 0.3)


@MODES
async def test_the_address_is_verified(database_url: str, mode: str) -> None:
    async with account(database_url, mode=mode) as (platform, _):
        assert await platform.verify()
        platform.token = "another"
        assert not await platform.verify()


@MODES
async def test_a_question_is_answered_in_the_push_itself(database_url: str, mode: str) -> None:
    async with account(database_url, mode=mode) as (platform, made):
        assert await platform.say("ann", "can I return it?")
        assert [one.text for one in platform.shown("ann")] == [HIT.answer]
        await made.settled()
        assert (await last(made))["delivery"] == "sent"
        assert calls(platform, SEND) == 0
        assert await made.value("select window_left from identities") == 5  # a reply costs nothing


@MODES
@pytest.mark.usefixtures("impatient")
async def test_what_takes_longer_comes_as_a_customer_service_message(database_url: str, mode: str) -> None:
    async with account(database_url, mode=mode) as (platform, made):
        thinking = Thinking(made)
        assert await platform.say("ann", "can I return it?")  # `success`, or something would be shown
        assert platform.shown("ann") == []
        thinking.done.set()
        assert [one.text for one in await platform.until_shown("ann", 1)] == [HIT.answer]
        await made.settled()
        assert (await last(made))["delivery"] == "sent"
        assert await made.value("select window_left from identities") == 4
        assert platform.api.windows["ann"].left == 4
        assert await platform.say("ann", "hello")
        assert [one.text for one in platform.shown("ann")] == [HIT.answer, "Hello!"]


@MODES
async def test_from_question_to_release(database_url: str, mode: str) -> None:
    async with account(database_url, mode=mode) as (platform, made):
        assert await platform.say("ann", "can I return it?")
        assert await platform.say("ann", "a human, please")
        await made.until("select status from conversations", is_="waiting")
        await made.settled()
        seen, agent, conversation = len(platform.shown("ann")), await made.agent(), await claimed(made)
        assert await platform.say("ann", "我要退货，谢谢")
        await made.desk.say(agent, conversation, "好的，我来为您办理 👍")
        assert (await platform.until_shown("ann", seen + 1))[-1].text == "好的，我来为您办理 👍"
        await made.desk.release(agent, conversation)
        assert await platform.say("ann", "hello")
        assert platform.shown("ann")[-1].text == "Hello!"
        assert [one.text for one in platform.shown("ann")].count(UNAVAILABLE) == 0


async def test_a_repeated_delivery_gets_the_finished_reply(database_url: str) -> None:
    async with account(database_url, mode="plain") as (platform, made):
        fields = platform.fields("ann", "text", Content="can I return it?")
        answers = [await platform.post(platform.sealed(fields)) for _ in range(3)]
        assert [fields_of(answer[1])["Content"] for answer in answers if answer] == [HIT.answer] * 3
        await made.settled()
        assert await made.answers() == {"can I return it?": 1}
        assert calls(platform, SEND) == 0


async def test_three_deliveries_at_once_make_one_answer(database_url: str) -> None:
    async with account(database_url, mode="plain") as (platform, made):
        thinking = Thinking(made)
        fields = platform.fields("ann", "text", Content="can I return it?")
        posts = [asyncio.create_task(platform.post(platform.sealed(fields))) for _ in range(3)]
        await made.until("select count(*) from turns where state = 'open'", is_=1)
        thinking.done.set()
        answers = [answer[1] for answer in await asyncio.gather(*posts) if answer]
        assert {fields_of(body)["Content"] for body in answers if body != b"success"} == {HIT.answer}
        await made.settled()
        assert await made.answers() == {"can I return it?": 1}
        assert calls(platform, SEND) == 0
        assert (await last(made))["delivery"] == "sent"


async def test_a_platform_that_has_hung_up_gets_the_answer_otherwise(database_url: str) -> None:
    async with account(database_url, hurry=20) as (platform, made):  # it waits for a quarter of a second
        thinking = Thinking(made)
        platform.tries = 1  # type: ignore[misc]
        assert not await platform.say("ann", "can I return it?")
        thinking.done.set()
        shown = await platform.until_shown("ann", 2)
        assert [one.text for one in shown] == [UNAVAILABLE, HIT.answer]
        await made.settled()
        assert (await last(made))["delivery"] == "sent"


async def test_where_nobody_answers_nobody_is_kept_waiting(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PATIENCE", 60.0)  # the platform would hang up long before
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        await claimed(made)
        assert await platform.say("ann", "are you there?")
        assert [one.text for one in platform.shown("ann")] == ["Hello!"]


async def test_long_answers_go_on_by_the_api_and_choices_are_numbers(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "choices")
        assert f"2. {CHOICES[1].title}" in platform.shown("ann")[-1].text
        assert await platform.press("ann", "2", "")
        await made.settled()
        assert made.bot.asked[-1].payload == CHOICES[1].payload
        agent, conversation, seen = await made.agent(), await claimed(made), len(platform.shown("ann"))
        await made.desk.say(agent, conversation, "退货说明。" * 300)
        await made.settled()
        shown = [one.text for one in platform.shown("ann")[seen:]]
        assert len(shown) == 3
        assert "".join(shown) == "退货说明。" * 300
