"""Out: what we say arrives once, whole and in order, or it is said why it did not."""

from __future__ import annotations

import asyncio
import re

import pytest

from hub import outbox
from tests.contracts.conftest import Channel, secrets_of
from tests.contracts.kind import PNG
from tests.contracts.kinds import over
from tests.contracts.product import CHOICES, YES_NO, Product
from tests.hub.house import HIT
from tests.simulators.base import Fault, Shown

LINE = (
    "第{n}条:退货须在签收后十四天内提出,See https://shop.example/returns/policy?article={n}&lang=zh#step-{n} "
    "for the whole story 👩‍👩‍👧‍👦🇨🇳. "
)
LONG = "".join(LINE.format(n=number) for number in range(1, 200))[:10_000]
"""Both languages, links, and characters of many code points."""


async def known(channel: Channel, made: Product) -> int:
    """Somebody who has written before; how many messages of ours they have seen."""
    await made.heard(channel.platform.say("ann", "hello"), "hello")
    await channel.platform.until_shown("ann", 1)
    return len(channel.platform.shown("ann"))


async def last(made: Product) -> dict[str, object]:
    """What became of our last message."""
    return (await made.rows("select delivery, error from messages where author <> 'customer' order by key desc"))[0]


async def no_secrets(channel: Channel, made: Product) -> None:
    """Nothing that agents see of a failure holds one."""
    errors = str(await made.rows("select error from messages where error is not null"))
    assert not [secret for secret in secrets_of(channel.platform) if secret in errors]


@over(lambda kind: kind.calls)
@pytest.mark.parametrize("fault", ["429", "500", "rubbish", "token", "drop", "never"])
async def test_a_platform_that_fails_gets_the_message_once(
    channel: Channel, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.kind.hurry(monkeypatch)
    monkeypatch.setattr(outbox, "CALL_TIMEOUT", 3.0)
    async with channel.product() as made:
        seen = await known(channel, made)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        channel.platform.faults.append(fault)
        await made.desk.say(agent, conversation, "It has left us.")
        await made.settled(60)
        shown, message = channel.said("ann", seen), await last(made)
        if message["delivery"] == "sent":
            assert shown == ["It has left us."], message
        else:  # nobody can know whether it arrived, and that is said
            assert message["delivery"] in ("unknown", "failed"), message
            assert message["error"]
            assert len(shown) <= 1
        assert not channel.platform.faults, "the fault has met nobody"
        if fault in ("429", "500", "token"):
            assert message["delivery"] == "sent", "what a platform surely did not take can be sent again"
        await made.desk.say(agent, conversation, "It is nearly there.")  # and the line goes on
        await channel.platform.until_shown("ann", seen + len(shown) + 1)
        await no_secrets(channel, made)


@over(lambda kind: kind.calls)
async def test_whoever_blocks_us_is_unreachable_until_they_write_again(channel: Channel) -> None:
    async with channel.product() as made:
        seen = await known(channel, made)
        agent, conversation = await made.agent(), await made.conversation()
        lost = channel.kind.lost(channel.platform, "ann")
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, "Are you still there?")
        await made.until("select delivery from messages where author = 'agent'", is_="failed")
        assert (await last(made))["error"]
        assert await made.value("select unreachable from identities") is not None
        assert len(channel.platform.shown("ann")) == seen
        lost.clear()
        await made.heard(channel.platform.say("ann", "back again"), "back again")
        await made.desk.say(agent, conversation, "Welcome back")
        assert (await channel.until_said("ann", seen + 1))[-1] == "Welcome back"
        assert await made.value("select unreachable from identities") is None


@over(lambda kind: kind.acknowledges)
async def test_a_long_message_arrives_whole_and_in_order(channel: Channel) -> None:
    async with channel.product() as made:
        seen = await known(channel, made)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, LONG)
        await made.settled(60)
        for n in range(10):  # where the platform lets us say only so much at once, the rest waits for the customer
            if (await last(made))["delivery"] == "sent":
                break
            await made.heard(channel.platform.say("ann", f"go on {n}"), f"go on {n}")
        shown = (await channel.until_said("ann", seen + 1))[seen:]
        limits = made.connector.limits
        assert [text for text in shown if limits.measure(text) > limits.text] == []
        whole = bare("".join(shown))
        assert whole == bare(LONG), f"{len(whole)} characters of {len(bare(LONG))}: {await last(made)}"
        for link in re.findall(r"https://\S+", LONG)[:-1]:
            assert any(link in text for text in shown), f"cut: {link}"


def bare(text: str) -> str:
    """The text without white space, which may be lost where it is split."""
    return re.sub(r"\s+", "", text)


@over()
async def test_too_many_buttons_become_numbers_and_a_number_chooses(channel: Channel) -> None:
    async with channel.product() as made:
        seen = await known(channel, made)
        await made.heard(channel.platform.say("ann", "choices"), "choices")
        offered = channel.platform.shown("ann")[seen:]
        if made.connector.delivery == "push":
            assert channel.kind.numbered or not any(one.buttons for one in offered)
            for number, choice in enumerate(CHOICES, 1):
                assert f"{number}. {choice.title}" in "\n".join(one.text for one in offered)
        await made.heard(channel.platform.say("ann", "2"), "2")
        assert made.bot.asked[-1].payload == CHOICES[1].payload


@over(lambda kind: kind.presses)
async def test_two_buttons_can_be_pressed_or_said(channel: Channel) -> None:
    async with channel.product() as made:
        seen = await known(channel, made)
        assert await channel.platform.say("ann", "yes or no")
        offered = (await channel.platform.until_shown("ann", seen + 1))[-1]
        if made.connector.delivery == "pull" or made.connector.limits.buttons >= 2:
            assert [title for title, _ in offered.buttons] == [button.title for button in YES_NO]
            await made.heard(channel.platform.press("ann", *offered.buttons[1]), YES_NO[1].title)
        else:
            await made.heard(channel.platform.say("ann", "2"), "2")
        assert made.bot.asked[-1].payload == YES_NO[1].payload


@over(lambda kind: kind.files_in)
async def test_a_customers_file_is_fetched_at_once(channel: Channel) -> None:
    async with channel.product() as made:
        await known(channel, made)
        assert await channel.kind.send_file(channel.platform, "ann", PNG)
        await made.until("select count(*) from attachments where state = 'stored'", is_=1)
        assert await made.value("select data from attachments") == PNG
        assert await made.value("select count(*) from messages where extra -> 'attachments' is not null") == 1


@over(lambda kind: kind.files_out)
async def test_an_agents_file_reaches_the_customer(channel: Channel) -> None:
    async with channel.product() as made:
        seen = await known(channel, made)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        owned = await made.desk.owned(agent, conversation)
        kept = await made.desk.attach(owned, channel.kind.outgoing)
        await made.desk.say(agent, conversation, "Here it is.", files=[kept.id])
        await made.settled()
        assert (await last(made))["delivery"] == "sent", await last(made)
        file = await until_file(channel, seen)
        assert "Here it is." in channel.said("ann", seen)
        assert file.data == channel.kind.outgoing.data


async def until_file(channel: Channel, seen: int) -> Shown:
    """The first file that is shown after so many messages."""
    async with asyncio.timeout(10):
        while True:
            for one in channel.platform.shown("ann")[seen:]:
                if one.file is not None:
                    return one
            await asyncio.sleep(0.02)


@over(lambda kind: kind.acknowledges)
async def test_a_whole_conversation_question_handoff_agent_release(channel: Channel) -> None:
    platform = channel.platform
    async with channel.product() as made:
        seen = await known(channel, made)
        assert await platform.say("ann", "can I return it?")
        assert (await channel.until_said("ann", seen + 1))[-1] == HIT.answer
        assert await platform.say("ann", "a human, please")
        await made.until("select status from conversations", is_="waiting")
        await made.settled()
        agent, conversation, seen = await made.agent(), await made.conversation(), len(platform.shown("ann"))
        assert seen >= 3  # they were told that somebody will come
        await made.desk.claim(agent, conversation)
        await made.heard(platform.say("ann", "can I return it, though?"), "can I return it, though?")
        assert len(platform.shown("ann")) == seen  # the bot is silent
        await made.desk.say(agent, conversation, "Of course you can.")
        assert (await channel.until_said("ann", seen + 1))[-1] == "Of course you can."
        await made.desk.release(agent, conversation)
        await made.settled()
        seen = len(platform.shown("ann"))
        assert await platform.say("ann", "hello")
        assert "Hello!" in (await channel.until_said("ann", seen + 1))[seen:]


@over(lambda kind: kind.calls)
async def test_a_platform_that_is_away_at_the_start_is_found_when_it_is_back(channel: Channel) -> None:
    platform, port = channel.platform, int(channel.platform.url.rsplit(":", 1)[1])
    await platform.stop()
    async with channel.product(reached=False) as made:
        await until_health(made, ok=False)
        assert (await made.connector.health()).detail
        await platform.start(port)
        await until_health(made, ok=True)
        assert await platform.say("ann", "can I return it?")
        assert (await channel.until_said("ann", 1))[-1] == HIT.answer


async def until_health(made: Product, *, ok: bool) -> None:
    """Waits until the channel says that it is, or is not, fine."""
    async with asyncio.timeout(35):
        while (await made.connector.health()).ok is not ok:
            await asyncio.sleep(0.05)
