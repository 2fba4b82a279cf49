"""What one turn knows of the ones before, and what the bot may do while somebody waits."""

from __future__ import annotations

import asyncio

from hub.errors import BotUnavailable
from hub.lifecycle import Step
from hub.reply import ASSIST, NONE_OF_THESE, TAKE_BACK
from hub.store import conversations, streams
from hub.types import Button, Conversation, Dialogue, HandoffContext, InboundMessage, Message
from tests.hub.house import HIT, House
from tests.hub.test_path import stream_of


async def say(house: House, text: str, payload: str | None = None, sender: str = "ann") -> list[Message]:
    """The customer says something; what is answered."""
    before = await stream_of(house, sender) if await known(house, sender) else []
    count = len(before)
    key = f"{sender}-{count}"
    receipt = await house.intake.receive(
        InboundMessage(channel="web", sender=sender, scope=sender, external_id=key, id=key, text=text, payload=payload)
    )
    await house.turns.take(receipt.conversation)
    entries = [entry for entry in (await stream_of(house, sender))[count:] if isinstance(entry, Message)]
    return [entry for entry in entries if entry.author == "bot"]


async def known(house: House, sender: str) -> bool:
    async with house.db.connection() as conn:
        return await streams.find(conn, "web", sender) is not None


async def state(house: House, sender: str = "ann") -> Conversation:
    async with house.db.transaction() as conn:
        found = await conversations.lock_current(conn, "web", sender)
    assert found is not None
    return found


async def context(house: House) -> HandoffContext:
    async with house.db.connection() as conn:
        found = await conversations.context(conn, (await state(house)).id)
    assert found is not None
    return found


async def test_the_bot_is_told_where_it_stood(house: House) -> None:
    await say(house, "form")
    await say(house, "hello")
    assert [turn.dialogue for turn in house.bot.asked] == [Dialogue(), Dialogue("a_form", "order")]
    await say(house, "hello again")
    assert house.bot.asked[-1].dialogue == Dialogue("a_form", "order"), "a bot that says nothing of it leaves it open"


async def test_a_turn_that_failed_is_told_the_same_again(house: House) -> None:
    await say(house, "form")
    house.bot.error = BotUnavailable("away")
    assert await say(house, "hello") == []
    house.bot.error = None
    async with house.db.connection() as conn:
        await conn.execute("update conversations set lease_until = now() where turn is not null")
    await house.turns.take((await state(house)).id)
    assert [turn.dialogue for turn in house.bot.asked[1:]] == [Dialogue("a_form", "order")] * 2
    (answer,) = [entry for entry in await stream_of(house) if isinstance(entry, Message) and entry.text == "Hello!"]
    assert answer.answers


async def test_a_human_begins_anew(house: House) -> None:
    agent = await house.agent("li")
    await say(house, "form")
    id = (await state(house)).id
    await house.steps.take(id, lambda _: Step(action="claim", actor=agent, owner=agent))
    await house.steps.take(id, lambda _: Step(action="release", actor=agent))
    await say(house, "hello")
    assert house.bot.asked[-1].dialogue == Dialogue()


async def test_a_follow_up_is_asked_with_its_topic(house: House) -> None:
    await say(house, "can I return it?")
    (answer,) = await say(house, "and for headphones?")
    assert house.knowledge.asked[-1] == "Returns can I return it?\nand for headphones?"
    assert answer.text == HIT.answer


async def test_without_a_topic_a_follow_up_is_asked_alone(house: House) -> None:
    await say(house, "and for headphones?")
    assert house.knowledge.asked == ["and for headphones?"]


async def test_a_choice_by_number_and_by_words(house: House) -> None:
    for chosen in ("1", "第一个", "the first one", "Returns"):
        (asked,) = await say(house, "my phone")
        assert asked.buttons[0] == Button("Returns", "article:returns-window")
        (answer,) = await say(house, chosen)
        assert answer.text == HIT.answer


async def test_none_of_these_in_words_is_a_miss(house: House) -> None:
    (asked,) = await say(house, "my phone")
    assert asked.buttons[-1].payload == NONE_OF_THESE
    await say(house, asked.buttons[-1].title.lower() + ".")
    assert (await state(house)).misses == 1


async def test_a_number_after_something_else_is_a_number(house: House) -> None:
    await say(house, "my phone")
    await say(house, "hello")
    await say(house, "1")
    assert house.bot.asked[-1].text == "1"


async def test_an_answer_that_does_not_help_counts_as_a_miss(house: House) -> None:
    await say(house, "what is love?")
    await say(house, "can I return it?")
    assert (await state(house)).misses == 0
    await say(house, "useless")
    now = await state(house)
    assert (now.status, now.reason) == ("waiting", "missed_twice")


async def test_a_complaint_is_filed_once_and_told_with_its_number(house: House) -> None:
    (said,) = await say(house, "a complaint about the courier")
    now = await state(house)
    assert (now.status, now.reason) == ("waiting", "complaint")
    async with house.db.connection() as conn:
        filed = await conn.fetch("select reference, conversation, record from complaints")
    assert [(row["conversation"], row["record"]) for row in filed] == [
        (now.id, '{"what": "a complaint about the courier"}')
    ]
    reference = filed[0]["reference"]
    assert said.text == f"Filed as {reference}."
    assert (await context(house)).slots == {
        "what": "a complaint about the courier",
        "complaint_reference": reference,
    }


async def test_two_workers_with_one_complaint_file_it_once(house: House) -> None:
    receipt = await house.say("a complaint")
    first = await house.turns.claim(receipt.conversation)
    assert first is not None
    async with house.db.connection() as conn:
        await conn.execute("update conversations set lease_until = now()")
    second = await house.turns.claim(receipt.conversation)
    assert second is not None
    answers = [(claim, await house.turns.answer(claim)) for claim in (first, second)]
    done = await asyncio.gather(*(house.turns.finish(claim, outcome) for claim, outcome in answers))
    assert sorted(done) == [False, True]
    async with house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from complaints") == 1


async def test_the_urgent_wait_in_front(house: House) -> None:
    await say(house, "a human, please", sender="bob")
    (warning,) = await say(house, "it smokes", sender="ann")
    assert (warning.text, warning.buttons) == ("Keep away!", ())
    async with house.db.connection() as conn:
        places = [
            await conversations.queue_position(conn, (await state(house, sender)).id) for sender in ("ann", "bob")
        ]
    assert places == [1, 2]


async def test_who_waits_may_become_urgent(house: House) -> None:
    await say(house, "a human, please")
    since = (await state(house)).waiting_since
    (warning,) = await say(house, "now it smokes")
    now = await state(house)
    assert warning.text == "Keep away!"
    assert (now.status, now.priority, now.reason, now.waiting_since) == ("waiting", 2, "safety", since)
    assert (await say(house, "more smoke"))[0].text != "Keep away!", "urgent already"


async def test_who_waits_is_answered_if_they_want(house: House) -> None:
    (offer,) = await say(house, "a human, please")
    assert [button.payload for button in offer.buttons] == [ASSIST, TAKE_BACK]
    assert await say(house, "can I return it?") == []
    (assisting,) = await say(house, offer.buttons[0].title)
    assert "keep your place" in assisting.text
    (answer,) = await say(house, "can I return it?")
    assert answer.text == HIT.answer
    assert await say(house, "what is love?") == []
    assert await say(house, "hello") == []
    now = await state(house)
    assert (now.status, now.misses, now.reason) == ("waiting", 0, "asked")


async def test_who_waits_may_take_it_back_in_words(house: House) -> None:
    await say(house, "a human, please")
    (taken,) = await say(house, "nobody, thanks")
    assert taken.text.startswith("All right")
    assert (await state(house)).status == "bot"
    assert len(await say(house, "hello")) == 1


async def test_what_was_begun_while_waiting_does_not_talk_over_the_human(house: House) -> None:
    agent = await house.agent("li")
    await say(house, "a human, please")
    await say(house, "", payload=ASSIST)
    receipt = await house.say("can I return it?")
    claim = await house.turns.claim(receipt.conversation)
    assert claim is not None
    outcome = await house.turns.answer(claim)
    assert outcome.messages
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    assert not await house.turns.finish(claim, outcome)
    assert all(entry.text != HIT.answer for entry in await stream_of(house) if isinstance(entry, Message))
