"""The one path, step by step, on a real database."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import IllegalTransition, InvalidRequest, Rejected, Transient
from hub.lifecycle import Step
from hub.store import conversations, messages, streams
from hub.store.db import Database
from hub.types import Message, StatusChange
from tests.hub.house import HIT, House


async def stream_of(house: House, sender: str = "ann", channel: str = "web") -> list[Message | StatusChange]:
    async with house.db.connection() as conn:
        found = await streams.find(conn, channel, sender)
        assert found is not None
        entries: list[Message | StatusChange] = [
            *await messages.in_stream(conn, found.id, 0, 1000),
            *await streams.status_changes(conn, found.id, 0, 1000),
        ]
    return sorted(entries, key=lambda entry: entry.seq or 0)


async def test_a_question_is_answered_with_its_source(house: House) -> None:
    receipt = await house.say("can I return it?", id="q1")
    await house.turns.take(receipt.conversation)
    question, answer = await stream_of(house)
    assert isinstance(answer, Message)
    assert (question.seq, answer.seq) == (1, 2)
    assert (answer.author, answer.text, answer.answers) == ("bot", HIT.answer, ("q1",))
    assert [(source.article, source.revision) for source in answer.sources] == [(HIT.article, HIT.revision)]
    assert answer.delivery == "sent"


async def test_a_repeated_delivery_changes_nothing(house: House) -> None:
    first = await house.say("hello", id="q1")
    again = await asyncio.gather(*(house.say("hello", id="q1") for _ in range(5)))
    await house.turns.take(first.conversation)
    await house.turns.take(first.conversation)
    assert {(receipt.message, receipt.seq, receipt.duplicate) for receipt in again} == {(first.message, 1, True)}
    assert [entry.seq for entry in await stream_of(house)] == [1, 2]


async def test_quick_messages_are_one_turn(house: House) -> None:
    receipts = [await house.say(text) for text in ("hi", "about my order", "can I return it?")]
    await house.turns.take(receipts[0].conversation)
    answer = (await stream_of(house))[-1]
    assert isinstance(answer, Message)
    assert answer.answers == tuple(receipt.id for receipt in receipts)
    assert [turn.text for turn in house.bot.asked] == ["hi\nabout my order\ncan I return it?"]


async def test_two_misses_hand_over_with_context(house: House) -> None:
    receipt = await house.say("what is love?")
    await house.turns.take(receipt.conversation)
    await house.say("and hate?")
    await house.turns.take(receipt.conversation)
    async with house.db.connection() as conn:
        state = await conversations.get(conn, receipt.conversation)
        context = await conversations.context(conn, receipt.conversation)
    assert (state.status, state.reason) == ("waiting", "missed_twice")
    assert context is not None
    assert [line.text for line in context.summary][::2] == ["what is love?", "and hate?"]
    assert (context.intent, context.slots) == ("question", {"order": "A1"})
    assert [tried.article for tried in context.articles] == [HIT.article]
    last = (await stream_of(house))[-1]
    assert isinstance(last, StatusChange)
    assert last.status == "waiting"


async def test_nobody_is_asked_while_a_human_has_it(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("a human, please")
    await house.turns.take(receipt.conversation)
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    asked = len(house.bot.asked)
    await house.say("are you there?")
    await house.turns.take(receipt.conversation)
    assert len(house.bot.asked) == asked
    async with house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from messages where author = 'customer' and turn is null") == 0


async def test_a_reply_that_comes_after_the_claim_is_dropped(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("can I return it?")
    claim = await house.turns.claim(receipt.conversation)
    assert claim is not None
    outcome = await house.turns.answer(claim)
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    assert not await house.turns.finish(claim, outcome)
    assert [entry.author for entry in await stream_of(house) if isinstance(entry, Message)] == ["customer"]
    async with house.db.connection() as conn:
        assert await conn.fetchval("select state from turns") == "dropped"


async def test_a_turn_left_behind_is_taken_over_whole(house: House) -> None:
    receipt = await house.say("can I return it?")
    lost = await house.turns.claim(receipt.conversation)
    assert lost is not None
    await house.say("hello")
    assert await house.turns.claim(receipt.conversation) is None, "the lease runs"
    async with house.db.connection() as conn:
        await conn.execute("update conversations set lease_until = now() - interval '1 s'")
    taken = await house.turns.claim(receipt.conversation)
    assert taken is not None
    assert (taken.turn, taken.members, taken.attempt) == (lost.turn, lost.members, 2)
    assert not await house.turns.finish(lost, await house.turns.answer(lost)), "the token is another's"
    assert await house.turns.finish(taken, await house.turns.answer(taken))
    await house.turns.take(receipt.conversation)
    answers = [entry.answers for entry in await stream_of(house) if isinstance(entry, Message) and entry.answers]
    assert len(answers) == 2
    assert answers[0] == (receipt.id,)


async def test_a_turn_that_fails_again_and_again_goes_to_a_human(house: House) -> None:
    receipt = await house.say("can I return it?")
    house.bot.error = RuntimeError("broken")
    for _ in range(4):
        await house.turns.take(receipt.conversation)
        async with house.db.connection() as conn:
            await conn.execute("update conversations set lease_until = now() - interval '1 s' where turn is not null")
    async with house.db.connection() as conn:
        state = await conversations.get(conn, receipt.conversation)
    assert (state.status, state.reason) == ("waiting", "bot_unavailable")


async def test_a_closed_conversation_goes_back_to_whoever_closed_it(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("hello")
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    await house.steps.take(receipt.conversation, lambda _: Step(action="close", actor=agent))
    again = await house.say("one more thing")
    assert again.conversation == receipt.conversation
    async with house.db.connection() as conn:
        assert (await conversations.get(conn, again.conversation)).status == "waiting"
        await conn.execute(
            "update conversations set status = 'closed', waiting_since = null, updated_at = now() - interval '4 days'"
        )
    later = await house.say("hello")
    assert later.conversation != receipt.conversation
    assert later.seq > again.seq, "a stream counts over all its conversations"


async def test_only_one_agent_gets_a_conversation(house: House) -> None:
    agents = [await house.agent(f"agent{n}") for n in range(5)]
    receipt = await house.say("hello")

    async def claim(agent: str) -> bool:
        try:
            await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
        except IllegalTransition:
            return False
        return True

    assert sorted(await asyncio.gather(*map(claim, agents))) == [False] * 4 + [True]


async def test_the_outbox_keeps_the_order_and_tries_again(house: House) -> None:
    receipt = await house.say("hello", channel="tg")
    await house.turns.take(receipt.conversation)
    await house.say("can I return it?", channel="tg")
    await house.turns.take(receipt.conversation)
    house.push.errors = [Transient("busy", retry_after=0.1)]
    await house.outbox.drain(receipt.conversation)
    assert house.push.sent == [], "the second must not pass the first"
    await asyncio.sleep(0.15)
    await house.outbox.drain(receipt.conversation)
    assert [(recipient, message.text) for recipient, message in house.push.sent] == [
        ("ann", "Hello!"),
        ("ann", HIT.answer),
    ]


async def test_a_message_refused_for_good_is_shown_as_failed(house: House) -> None:
    receipt = await house.say("hello", channel="tg")
    await house.turns.take(receipt.conversation)
    house.push.errors = [Rejected("blocked")]
    await house.outbox.drain(receipt.conversation)
    async with house.db.connection() as conn:
        row = await conn.fetchrow("select delivery, error from messages where author = 'bot'")
    assert tuple(row) == ("failed", "blocked")


@pytest.mark.parametrize(("idempotent", "deliveries", "calls"), [(True, ["sent"], 1), (False, ["unknown"], 0)])
async def test_a_crash_while_sending_is_never_hidden(
    house: House, idempotent: bool, deliveries: list[str], calls: int
) -> None:
    house.push.idempotent = idempotent
    receipt = await house.say("hello", channel="tg")
    await house.turns.take(receipt.conversation)
    assert await house.outbox.take(receipt.conversation) is not None  # and then the process dies
    await house.outbox.drain(receipt.conversation)
    assert house.push.sent == [], "it may still be on its way"
    async with house.db.connection() as conn:
        await conn.execute("update messages set due_at = now() where delivery = 'sending'")
    await house.outbox.drain(receipt.conversation)
    async with house.db.connection() as conn:
        assert [row[0] for row in await conn.fetch("select delivery from messages where author = 'bot'")] == deliveries
    assert len(house.push.sent) == calls


async def test_the_bots_queued_words_are_dropped_at_a_claim_and_the_agents_are_not(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("hello", channel="tg")
    await house.turns.take(receipt.conversation)
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    await house.outbox.drain(receipt.conversation)
    assert house.push.sent == []


async def test_what_cannot_be_stored_is_refused(house: House) -> None:
    with pytest.raises(InvalidRequest, match="at most"):
        await house.say("x" * 20_001)
    with pytest.raises(InvalidRequest, match="sender: from 1"):
        await house.say("hello", sender="")
    question = await house.say("hello")
    await house.turns.take(question.conversation)
    answer = (await stream_of(house))[-1]
    assert isinstance(answer, Message)
    with pytest.raises(InvalidRequest, match="another message"):
        await house.say("mine", id=answer.id)
    receipt = await house.say("a\x00b\ud800")
    async with house.db.connection() as conn:
        assert await conn.fetchval("select text from messages where key = $1", receipt.message) == "ab?"


async def test_a_message_that_came_just_before_the_end_is_not_swallowed(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("hello")
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    await house.turns.take(receipt.conversation)
    await house.say("wait, one more thing")
    await house.steps.take(receipt.conversation, lambda _: Step(action="close", actor=agent))
    await house.turns.take(receipt.conversation)
    async with house.db.connection() as conn:
        assert (await conversations.get(conn, receipt.conversation)).status == "waiting"


async def test_a_turn_left_behind_is_not_answered_after_a_human_was_there(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("can I return it?")
    assert await house.turns.claim(receipt.conversation) is not None  # and then the process dies
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    await house.steps.take(receipt.conversation, lambda _: Step(action="release", actor=agent))
    async with house.db.connection() as conn:
        await conn.execute("update conversations set lease_until = now() - interval '1 s'")
    await house.turns.take(receipt.conversation)
    assert [entry.author for entry in await stream_of(house) if isinstance(entry, Message)] == ["customer"]
    async with house.db.connection() as conn:
        assert await conn.fetchval("select state from turns") == "dropped"


async def test_what_is_being_sent_is_not_overtaken_after_a_claim(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("hello", channel="tg")
    await house.turns.take(receipt.conversation)
    taken = await house.outbox.take(receipt.conversation)
    assert taken is not None
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    assert await house.outbox.take(receipt.conversation) is None, "the call is still running"
    await house.outbox.deliver(*taken)
    assert [message.text for _, message in house.push.sent] == ["Hello!"]


async def test_the_bots_words_are_not_sent_again_once_a_human_is_there(house: House) -> None:
    agent = await house.agent("li")
    house.push.idempotent = True
    receipt = await house.say("hello", channel="tg")
    await house.turns.take(receipt.conversation)
    assert await house.outbox.take(receipt.conversation) is not None  # and then the process dies
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    async with house.db.connection() as conn:
        await conn.execute("update messages set due_at = now() where delivery = 'sending'")
    await house.outbox.drain(receipt.conversation)
    assert house.push.sent == []
    async with house.db.connection() as conn:
        assert await conn.fetchval("select delivery from messages where author = 'bot'") == "unknown"


async def test_the_database_is_opened_once(house: House, database_url: str) -> None:
    db = Database(database_url, size=4)
    await asyncio.gather(*(db.ping() for _ in range(8)))
    async with house.db.connection() as conn:
        open_now = await conn.fetchval("select count(*) from pg_stat_activity where datname = current_database()")
    await db.close()
    assert open_now <= 4 + 2 + 1
    with pytest.raises(Exception, match="stopping"):
        await db.ping()
