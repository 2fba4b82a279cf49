"""The channel `webhook` beside a simulated system of one's own, with the real core."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest

from hub.connector import File
from tests.contracts.product import YES_NO, Product, product
from tests.hub.house import HIT
from tests.kill.stack import free_port
from tests.simulators.webhook import SECRET, WebhookSimulator


@dataclass
class Place:
    """The other system, and the product at an address that stays the same."""

    other: WebhookSimulator
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def product(self) -> AsyncIterator[Product]:
        """One process of the product."""
        async with product(self.database_url, self.other.channel(), self.port) as made:
            await self.other.connect(made.url)
            yield made


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    async with WebhookSimulator(hurry=20) as other:
        yield Place(other, database_url)


async def test_a_whole_conversation(place: Place) -> None:
    other = place.other
    async with place.product() as made:
        assert await other.say("ann", "can I return it?")
        assert (await other.until_shown("ann", 1))[-1].text == HIT.answer
        assert await other.say("ann", "yes or no")
        offered = (await other.until_shown("ann", 2))[-1]
        assert await other.press("ann", *offered.buttons[0])
        await made.settled()
        assert made.bot.asked[-1].payload == YES_NO[0].payload
        assert await other.say("ann", "a human, please")
        await made.until("select status from conversations", is_="waiting")
        await made.settled()
        agent, conversation, seen = await made.agent(), await made.conversation(), len(other.shown("ann"))
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, "This is Agnes.")
        assert (await other.until_shown("ann", seen + 1))[-1].text == "This is Agnes."
        said = other.calls[-1][1]
        assert (said["author"], said["agent"]) == ("agent", agent.name)
        await made.desk.release(agent, conversation)
        assert await other.say("ann", "hello")
        assert (await other.until_shown("ann", seen + 2))[-1].text == "Hello!"


async def test_a_delivery_again_is_answered_with_the_same_id_and_once(place: Place) -> None:
    other = place.other
    async with place.product() as made:
        answers = [await other.post(other.delivery("ann", "hello", "m-1")) for _ in range(3)]
        taken = [msgspec.json.decode(answer[1]) for answer in answers if answer is not None]
        assert [one["duplicate"] for one in taken] == [False, True, True]
        await other.until_shown("ann", 1)
        await made.settled()
        assert [one["answers"] for _, one in other.calls] == [[taken[0]["id"]]]


async def test_files_go_both_ways_and_are_signed_for(place: Place) -> None:
    other = place.other
    async with place.product() as made:
        other.faults.append("500")
        assert await other.send_file("ann", "manual.pdf", b"%PDF-1.7", type="application/pdf")
        await made.until("select count(*) from attachments where state = 'stored'", is_=1)
        row = (await made.rows("select name, type, data from attachments"))[0]
        assert (row["name"], row["type"], row["data"]) == ("manual.pdf", "application/pdf", b"%PDF-1.7")
        await made.settled()
        seen = len(other.shown("ann"))
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        now = await made.desk.owned(agent, conversation)
        kept = await made.desk.attach(now, File("label.pdf", "application/pdf", bytes(1000)))
        await made.desk.say(agent, conversation, "Here.", files=[kept.id])
        shown = (await other.until_shown("ann", seen + 2))[seen:]
        assert [(one.text, one.data) for one in shown] == [("Here.", None), ("", bytes(1000))]


async def test_whoever_is_gone_is_unreachable(place: Place) -> None:
    other = place.other
    async with place.product() as made:
        assert await other.say("ann", "hello")
        await other.until_shown("ann", 1)
        other.blocked.add("ann")
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, "Are you there?")
        await made.until("select unreachable like '%410%' from identities")


@pytest.mark.parametrize("fault", ["429", "500", "token", "drop", "rubbish"])
async def test_what_fails_is_sent_again_and_shown_once(place: Place, fault: str) -> None:
    other = place.other
    async with place.product() as made:
        other.faults.append(fault)  # type: ignore[arg-type] # each is one of them
        assert await other.say("ann", "hello")
        await other.until_shown("ann", 1)
        await made.settled()
        assert await made.value("select delivery from messages where author = 'bot'") == "sent"
        assert len(other.shown("ann")) == 1
        assert SECRET not in str(await made.rows("select error from messages"))


async def test_a_system_that_is_away_is_named_and_found_again(place: Place) -> None:
    other, port = place.other, int(place.other.url.rsplit(":", 1)[1])
    await other.stop()
    async with place.product() as made:
        async with asyncio.timeout(20):
            while "url" not in (await made.connector.health()).detail:
                await asyncio.sleep(0.02)
            await other.start(port)
            while not (await made.connector.health()).ok:
                await asyncio.sleep(0.02)
