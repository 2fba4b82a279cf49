"""An account that may only answer: what takes long goes back with a later delivery, or with the next message."""

from __future__ import annotations

import asyncio

import pytest

from connectors.wechat import connector
from hub.connector import File
from tests.connectors.wechat.account import SEND, Thinking, account, calls, claimed, last
from tests.hub.house import HIT
from tests.simulators.wechat import WeChat

HURRY = 4.0
"""The platform waits for a quarter of its 5 seconds; the hub is that much quicker, too."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PATIENCE", 0.3)
    monkeypatch.setattr(connector, "GIVEN_UP", 6.0 / HURRY)


async def test_what_is_ready_in_time_is_answered_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PATIENCE", 4.5)
    async with account(database_url, passive_only=True) as (platform, _):
        assert await platform.say("ann", "can I return it?")
        assert [one.text for one in platform.shown("ann")] == [HIT.answer]


async def test_a_later_delivery_carries_the_answer(database_url: str) -> None:
    async with account(database_url, passive_only=True, hurry=HURRY) as (platform, made):
        thinking = Thinking(made)
        saying = asyncio.create_task(platform.say("ann", "can I return it?"))
        await made.until("select count(*) from turns where state = 'open'", is_=1)
        await until_delivered(platform, 2)
        thinking.done.set()
        assert await saying
        assert [one.text for one in platform.shown("ann")] == [HIT.answer]
        await made.settled()
        assert (await last(made))["delivery"] == "sent"
        assert calls(platform, SEND) == 0


async def until_delivered(platform: WeChat, times: int) -> None:
    async with asyncio.timeout(10):
        while platform.attempts < times:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("question", "later"), [("can I return it?", "write again"), ("return 可以退货吗", "再发一条")]
)
async def test_what_takes_longer_than_all_deliveries_waits_for_the_next_message(
    database_url: str, question: str, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with account(database_url, passive_only=True, hurry=HURRY) as (platform, made):
        thinking = Thinking(made)
        assert await platform.say("ann", question)
        assert platform.attempts == 3
        assert len(platform.shown("ann")) == 1
        assert later in platform.shown("ann")[0].text
        thinking.done.set()
        await made.settled()
        assert (await last(made))["delivery"] == "queued"
        assert "when the customer writes next" in str((await last(made))["error"])
        platform.hurry = 1.0
        monkeypatch.setattr(connector, "PATIENCE", 4.5)
        assert await platform.say("ann", "hello")  # what waited, and the answer to this, in one
        assert [one.text for one in platform.shown("ann")[1:]] == [f"{HIT.answer}\n\nHello!"]
        await made.settled()
        assert await made.answers() == {question: 1, "hello": 1}


async def test_an_agents_words_wait_for_the_customer_and_files_are_said_to_be_impossible(database_url: str) -> None:
    async with account(database_url, passive_only=True, hurry=HURRY) as (platform, made):
        assert await platform.say("ann", "a human, please")
        agent, conversation = await made.agent(), await claimed(made)
        await made.settled()
        kept = await made.desk.attach(await made.desk.owned(agent, conversation), File("a.png", "image/png", b"1"))
        await made.desk.say(agent, conversation, "", files=[kept.id])
        await made.settled()
        assert (await last(made))["delivery"] == "failed"
        await made.desk.say(agent, conversation, "I am here.")
        await made.settled()
        assert (await last(made))["delivery"] == "queued"
        seen = len(platform.shown("ann"))
        assert await platform.say("ann", "anybody?")
        assert "I am here." in platform.shown("ann")[seen].text
        await made.settled()
        assert (await last(made))["delivery"] == "sent"
        assert await platform.say("ann", "thank you")  # nobody answers, and nobody waits for it
        assert len(platform.shown("ann")) == seen + 1
        assert calls(platform, SEND) == 0
