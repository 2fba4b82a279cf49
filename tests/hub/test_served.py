"""What the knowledge base answered is noted, with how sure of it one was; agents say whether it was right."""

from __future__ import annotations

import msgspec
import pytest

from handoff.desk import Desk
from hub.errors import NotFound
from hub.reply import Outcome, in_one
from hub.store import messages, overview, surveys
from hub.store.turns import Result
from hub.types import Agent, Decision, Memory, Message, OutboundMessage, Source
from tests.hub.house import HIT, House

RETURNS = "may I return this?"


@pytest.fixture(autouse=True)
def sure(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The knowledge base says how sure it is."""
    said = house.knowledge.decide

    async def decide(*asked: object) -> Decision:
        return msgspec.structs.replace(await said(*asked), odds=1.5)  # type: ignore[arg-type]

    monkeypatch.setattr(house.knowledge, "decide", decide)


async def served(house: House) -> list[tuple[str, int, float | None]]:
    """What is noted, oldest first."""
    async with house.db.connection() as conn:
        rows = await conn.fetch("select article, revision, odds from served_answers order by message")
    return [(row["article"], row["revision"], row["odds"]) for row in rows]


async def told(house: House, text: str, sender: str = "ann") -> tuple[str, Message]:
    """Asks; answers the conversation and the last message that the customer got."""
    receipt = await house.say(text, sender=sender)
    await house.turns.take(receipt.conversation)
    async with house.db.connection() as conn:
        return receipt.conversation, (await messages.latest(conn, receipt.conversation, 1))[0]


async def test_an_answer_is_noted_with_its_odds_and_nothing_else_is(house: House) -> None:
    for text in ("hello", "may I order by phone?", "nothing that is known", "a human, please"):
        await told(house, text)
    assert await served(house) == []
    _, answer = await told(house, RETURNS, "ben")
    assert await served(house) == [(HIT.article, HIT.revision, 1.5)]
    async with house.db.connection() as conn:
        assert await conn.fetchval("select message from served_answers") == answer.key


async def test_a_chosen_article_has_no_odds(house: House) -> None:
    await told(house, "may I order by phone?")
    await told(house, "1")
    assert await served(house) == [(HIT.article, HIT.revision, None)]


def test_a_letter_of_several_messages_is_as_sure_as_its_answer() -> None:
    said = (
        OutboundMessage(author="bot", text="Dear Ann,"),
        OutboundMessage(author="bot", text="14 days.", sources=(Source("a", 2, "A"),), odds=0.5),
    )
    outcome = Outcome(messages=said, step=None, misses=0, result=Result(), memory=Memory(), language="en")
    (letter,) = in_one(outcome).messages
    assert (letter.sources, letter.odds) == (said[1].sources, 0.5)


async def test_an_answer_with_a_step_is_noted_too(house: House) -> None:
    """As where somebody who waits is answered: the turn's other way into the store."""
    receipt = await house.say("hello")
    source = Source("a", 2, "A")
    said = [
        OutboundMessage(author="bot", text=text, sources=sources, odds=0.5)
        for text, sources in (("one", ()), ("two", (source,)))
    ]
    async with house.db.transaction() as conn:
        await messages.add_outbound(
            conn, receipt.stream, receipt.conversation, "web", said, delivery="sent", owner_epoch=0
        )
    assert await served(house) == [("a", 2, 0.5)]


async def test_an_agents_word_stands_on_the_message_for_all_agents_and_can_be_taken_back(house: House) -> None:
    conversation, answer = await told(house, RETURNS)
    desk, agent = Desk(house.db, house.steps, house.channels), Agent(await house.agent("bea"), "bea")
    assert answer.correction is None
    for right in (False, True, None):
        corrected = await desk.correct(agent, conversation, answer.id, right)
        async with house.db.connection() as conn:
            seen = [
                message
                for message in await overview.transcript(conn, conversation, 0, 0, 10)
                if message.author == "bot"
            ]
            assert seen == [corrected]
            assert await conn.fetchval("select message from events order by id desc limit 1") == answer.key
            (as_sent,) = await messages.latest(conn, conversation, 1)
        said = (corrected.correction.right, corrected.correction.name) if corrected.correction else None
        assert said == (None if right is None else (right, "bea"))
        assert as_sent.correction is None  # what customers are shown is read without it


async def test_only_answers_of_that_conversation_can_be_corrected(house: House) -> None:
    conversation, answer = await told(house, RETURNS)
    other, greeting = await told(house, "hello", "ben")
    agent = await house.agent("bea")
    desk = Desk(house.db, house.steps, house.channels)
    for where, what in ((other, greeting.id), (other, answer.id), (conversation, "none"), ("none", answer.id)):
        with pytest.raises(NotFound):
            await desk.correct(Agent(agent, agent), where, what, False)
    async with house.db.connection() as conn:
        assert await surveys.correct(conn, conversation, answer.id, agent, False) == answer.key
