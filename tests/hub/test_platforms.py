"""What the core does for platforms that are called: parts, held replies, windows, files, people out of reach."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub import replies
from hub.alone import alone
from hub.connector import File, Limits, Part, Recipient, Sent
from hub.errors import Deferred, InvalidRequest, Rejected, Transient, Unreachable
from hub.lifecycle import Step
from hub.outbox import SLOTS
from hub.retry import MAX_ATTEMPTS
from hub.runner import Runner
from hub.store import channel_state, conversations, messages, outbox, overview
from hub.types import Agent, Channel, InboundMessage, OutboundMessage, Receipt, RemoteFile, Window
from tests.hub.house import HIT, House, TestChannel


async def come_in(house: House, text: str, id: str, **more: object) -> Receipt:
    given = {"channel": "tg", "sender": "ann", "scope": "ann", "external_id": id, "id": id, "text": text, **more}
    return await house.intake.receive(InboundMessage(**given))  # type: ignore[arg-type]


async def agent_says(house: House, conversation: str, text: str) -> None:
    async with house.db.transaction() as conn:
        now = await conversations.lock(conn, conversation)
        said = OutboundMessage(author="agent", text=text, agent=now.owner)
        await messages.add_outbound(
            conn, now.stream, now.id, now.channel, [said], delivery="queued", owner_epoch=now.owner_epoch
        )


async def with_agent(house: House, conversation: str) -> None:
    agent = await house.agent("li")
    await house.steps.take(conversation, lambda _: Step(action="claim", actor=agent, owner=agent))


async def ours(house: House) -> list[tuple[str, str | None]]:
    async with house.db.connection() as conn:
        rows = await conn.fetch("select delivery, error from messages where author in ('bot', 'agent') order by key")
    return [tuple(row) for row in rows]


LONG = "One two three. " * 6


async def long_answer(house: House) -> str:
    """A conversation in which an agent's message of three parts is queued."""
    house.push.limits = Limits(text=40)
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    await house.outbox.drain(receipt.conversation)
    house.push.parts.clear()
    await with_agent(house, receipt.conversation)
    await agent_says(house, receipt.conversation, LONG)
    return receipt.conversation


async def test_a_long_message_goes_out_in_parts_and_goes_on_where_it_stopped(house: House) -> None:
    conversation = await long_answer(house)
    taken = await house.outbox.take(conversation)
    assert taken is not None
    await house.outbox.deliver(*taken)
    house.push.errors.append(Transient("slow down", 0.1))
    await house.outbox.drain(conversation)
    assert [part.number for _, part in house.push.parts] == [0]
    assert (await ours(house))[-1] == ("queued", "slow down")
    async with house.db.connection() as conn:
        await conn.execute("update messages set due_at = now() where delivery = 'queued'")
    await house.outbox.drain(conversation)
    assert [part.number for _, part in house.push.parts] == [0, 1, 2]
    assert "".join(part.text for _, part in house.push.parts).replace(" ", "") == LONG.replace(" ", "")
    assert [(part.last, part.again) for _, part in house.push.parts] == [(False, False), (False, True), (True, False)]
    assert (await ours(house))[-1] == ("sent", None)


async def test_the_rest_of_the_bots_answer_is_not_sent_once_a_human_is_there(house: House) -> None:
    house.push.limits = Limits(text=10)
    receipt = await come_in(house, "can I return it?", "1")
    await house.turns.take(receipt.conversation)
    taken = await house.outbox.take(receipt.conversation)
    assert taken is not None
    await house.outbox.deliver(*taken)
    await with_agent(house, receipt.conversation)
    await house.outbox.drain(receipt.conversation)
    assert len(house.push.parts) == 1
    assert await ours(house) == [("dropped", "a human has taken over; the first 1 parts had been sent")]


async def test_where_nobody_can_be_reached_nothing_is_tried_until_they_write(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    house.push.errors.append(Unreachable("the customer has blocked us"))
    await house.outbox.drain(receipt.conversation)
    await with_agent(house, receipt.conversation)
    await agent_says(house, receipt.conversation, "Are you there?")
    await house.outbox.drain(receipt.conversation)
    assert house.push.parts == []
    assert await ours(house) == [("failed", "the customer has blocked us")] * 2
    await come_in(house, "back again", "2")
    await agent_says(house, receipt.conversation, "Welcome back.")
    await house.outbox.drain(receipt.conversation)
    assert [part.text for _, part in house.push.parts] == ["Welcome back."]


async def test_the_platforms_window_is_counted_down_and_opened_again(house: House) -> None:
    house.push.limits = Limits(text=40)
    receipt = await come_in(house, "hello", "1", window=Window(3600, 5))
    await house.turns.take(receipt.conversation)
    await with_agent(house, receipt.conversation)
    await agent_says(house, receipt.conversation, LONG)
    await house.outbox.drain(receipt.conversation)

    async def window() -> tuple[int, bool]:
        async with house.db.connection() as conn:
            row = await conn.fetchrow("select window_left, window_until > now() + interval '59 min' from identities")
        return tuple(row)

    assert (len(house.push.parts), await window()) == (3, (2, True))
    await come_in(house, "and now?", "2", window=Window(3600, 5))
    assert await window() == (5, True)


async def test_what_comes_together_is_read_in_the_platforms_order(house: House) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    receipts = [
        await come_in(house, text, text, sent_at=at + timedelta(seconds=second))
        for second, text in ((2, "three"), (0, "one"), (1, "two"))
    ]
    await house.turns.take(receipts[0].conversation)
    assert [turn.text for turn in house.bot.asked] == ["one\ntwo\nthree"]


async def test_one_person_in_two_places_is_one_customer(house: House) -> None:
    together = [
        come_in(house, "hello", sender, sender=sender, scope=sender, person="U1") for sender in ("dm", "thread")
    ]
    both = await asyncio.gather(*together)
    other = await come_in(house, "hello", "x", sender="other", scope="other", person="U2")
    async with house.db.connection() as conn:
        found = [(await conversations.get(conn, one.conversation)).customer for one in (*both, other)]
    assert found[0] == found[1] != found[2]
    assert both[0].conversation != both[1].conversation


async def test_an_edit_is_for_the_agents_alone(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    for _ in range(2):
        await house.intake.remark("tg", "ann", "edit-1", "edited: hallo")
    await house.intake.remark("tg", "stranger", "edit-2", "edited: who?")
    await house.turns.take(receipt.conversation)
    async with house.db.connection() as conn:
        seen = await overview.transcript(conn, receipt.conversation, 0, 0, 10)
    assert [(one.kind, one.author, one.text) for one in seen] == [
        ("message", "customer", "hello"),
        ("message", "bot", "Hello!"),
        ("note", "system", "edited: hallo"),
    ]


async def test_people_move_and_ask_to_be_forgotten(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.core.people.moved("tg", "ann", "ann-2")
    await house.core.people.wants_erasure("tg", "ann-2")
    await house.core.people.unreachable("tg", "ann-2", "unsubscribed")
    await house.core.people.describe("tg", "ann-2", {"name": "Ann", "scene": "poster"})
    await house.core.people.unreachable("tg", "nobody", "unsubscribed")
    async with house.db.connection() as conn:
        row = await conn.fetchrow(
            """select external_id, unreachable, erase_asked_at is not null, profile->>'scene', c.name
                from identities i join customers c on c.id = i.customer"""
        )
        told = await conn.fetch("select conversation from events where kind = 'person'")
    assert tuple(row) == ("ann-2", "unsubscribed", True, "poster", "Ann")
    assert {row[0] for row in told} == {receipt.conversation}
    again = await come_in(house, "hello again", "2", sender="ann-2", scope="ann-2")
    assert again.conversation == receipt.conversation


async def test_a_small_window_does_not_close_a_larger_one(house: House) -> None:
    async def window(seconds: float, messages: int) -> tuple[bool, int]:
        await house.core.people.reachable("tg", "ann", Window(seconds, messages))
        async with house.db.connection() as conn:
            row = await conn.fetchrow(
                "select window_until > clock_timestamp() + interval '1 hour', window_left from identities"
            )
        return tuple(row)

    await come_in(house, "hello", "1")
    assert await window(60, 3) == (False, 3)
    assert await window(7200, 5) == (True, 5)
    assert await window(60, 3) == (True, 5)
    async with house.db.connection() as conn:
        await conn.execute("update identities set window_until = clock_timestamp() - interval '1 second'")
    assert await window(60, 3) == (False, 3)


# Replies that are carried back ------------------------------------------------------------------------------------


LIMITS = Limits(text=1000)


async def test_the_answer_is_carried_back_and_a_retry_gets_the_same(house: House) -> None:
    receipt = await come_in(house, "can I return it?", "1", hold=5.0)
    await house.turns.take(receipt.conversation)
    await house.outbox.drain(receipt.conversation)
    assert house.push.parts == [], "it is held"
    async with house.core.replies.reply(receipt, LIMITS, 5) as part:
        assert part is not None
        assert part.text == HIT.answer
    assert await ours(house) == [("sent", None)]
    again = await come_in(house, "can I return it?", "1", hold=5.0)
    assert again.duplicate
    async with house.core.replies.reply(again, LIMITS, 5) as same:
        assert same is not None
        assert (same.key, same.text) == (part.key, part.text)
    await house.outbox.drain(receipt.conversation)
    assert house.push.parts == []


async def test_what_could_not_be_carried_goes_the_usual_way(house: House) -> None:
    receipt = await come_in(house, "hello", "1", hold=5.0)
    await house.turns.take(receipt.conversation)

    async def broken() -> None:
        async with house.core.replies.reply(receipt, LIMITS, 5) as part:
            assert part is not None
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await broken()
    await house.outbox.drain(receipt.conversation)
    assert [part.text for _, part in house.push.parts] == ["Hello!"]
    assert await ours(house) == [("sent", None)]


async def test_after_a_crash_the_retry_gets_what_was_being_carried(house: House) -> None:
    receipt = await come_in(house, "hello", "1", hold=5.0)
    await house.turns.take(receipt.conversation)
    async with house.db.transaction() as conn:
        turn = await outbox.ended_turn(conn, receipt.message)
        (first,) = await replies._take(conn, receipt, LIMITS, turn, whatever=False)  # and then the process dies
    again = await come_in(house, "hello", "1", hold=5.0)
    async with house.core.replies.reply(again, LIMITS, 5) as part:
        assert part is not None
        assert (part.key, part.text) == (first.key, "Hello!")
    await house.outbox.drain(receipt.conversation)
    assert (house.push.parts, await ours(house)) == ([], [("sent", None)])


async def test_two_requests_for_one_message_carry_the_same_answer(house: House) -> None:
    receipt = await come_in(house, "hello", "1", hold=5.0)
    await house.turns.take(receipt.conversation)
    async with house.core.replies.reply(receipt, LIMITS, 5) as one, house.core.replies.reply(receipt, LIMITS, 5) as two:
        assert one is not None
        assert two is not None
        assert one.key == two.key
    await house.outbox.drain(receipt.conversation)
    assert (house.push.parts, await ours(house)) == ([], [("sent", None)])


async def test_a_look_of_the_outbox_takes_no_answer_away(house: House) -> None:
    receipt = await come_in(house, "hello", "1", hold=60.0)
    await house.turns.take(receipt.conversation)

    async def carried() -> str:
        async with house.core.replies.reply(receipt, LIMITS, 30) as part:
            return part.text if part is not None else ""

    async with house.db.transaction() as conn:
        assert await outbox.lock_head(conn, receipt.conversation) is not None
        asking = asyncio.create_task(carried())
        await until_it_waits(house)
    assert await asking == "Hello!"


async def until_it_waits(house: House) -> None:
    """Waits until somebody waits for a row that another has locked."""
    waiting = (
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    )
    async with asyncio.timeout(10), house.db.connection() as conn:
        while not await conn.fetchval(waiting):
            await asyncio.sleep(0.01)


async def test_a_request_that_fails_leaves_the_answer_to_the_later_one(house: House) -> None:
    receipt = await come_in(house, "hello", "1", hold=5.0)
    await house.turns.take(receipt.conversation)

    async def carried(fails: asyncio.Event, done: asyncio.Event) -> str:
        async with house.core.replies.reply(receipt, LIMITS, 5) as part:
            assert part is not None
            done.set()
            await fails.wait()
            raise ConnectionError

    fails, done = asyncio.Event(), asyncio.Event()
    earlier = asyncio.create_task(carried(fails, done))
    await done.wait()
    async with house.core.replies.reply(receipt, LIMITS, 5) as again:
        assert again is not None
        fails.set()
        with pytest.raises(ConnectionError):
            await earlier
        await house.outbox.drain(receipt.conversation)
        assert house.push.parts == [], "it is on its way in the later request"
    await house.outbox.drain(receipt.conversation)
    assert (house.push.parts, await ours(house)) == ([], [("sent", None)])


async def test_a_slow_answer_is_sent_once_nobody_waits_for_it(house: House) -> None:
    receipt = await come_in(house, "hello", "1", hold=5.0)
    async with house.core.replies.reply(receipt, LIMITS, 0.01) as part:
        assert part is None
    await house.turns.take(receipt.conversation)
    await house.outbox.drain(receipt.conversation)
    assert [part.text for _, part in house.push.parts] == ["Hello!"]


async def test_nobody_is_kept_waiting_where_a_human_has_the_conversation(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    await with_agent(house, receipt.conversation)
    after = await come_in(house, "are you there?", "2", hold=60.0)
    await house.turns.take(receipt.conversation)
    async with asyncio.timeout(10), house.core.replies.reply(after, LIMITS, 60) as part:
        assert part is None


async def test_of_several_parts_the_first_is_carried_and_the_others_follow(house: House) -> None:
    house.push.limits = Limits(text=10)
    receipt = await come_in(house, "can I return it?", "1", hold=5.0)
    await house.turns.take(receipt.conversation)
    async with house.core.replies.reply(receipt, house.push.limits, 5) as part:
        assert part is not None
        await house.outbox.drain(receipt.conversation)
        assert house.push.parts == [], "the first part is still on its way"
    await house.outbox.drain(receipt.conversation)
    texts = [part.text, *(later.text for _, later in house.push.parts)]
    assert len(texts) > 1
    assert "".join(texts).replace(" ", "") == HIT.answer.replace(" ", "")


async def test_where_only_replies_are_allowed_what_waits_goes_with_the_next_message(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    house.push.errors.append(Deferred("waits for the customer's next message"))
    await house.outbox.drain(receipt.conversation)
    assert await ours(house) == [("queued", "waits for the customer's next message")]
    after = await come_in(house, "anybody there?", "2", hold=5.0)
    async with house.core.replies.reply(after, LIMITS, 0.01, whatever=True) as part:
        assert part is not None
        assert part.text == "Hello!"
    assert await ours(house) == [("sent", None)]


async def test_all_that_waits_goes_with_it_as_far_as_there_is_room(house: House) -> None:
    house.push.limits = Limits(text=100)
    receipt = await come_in(house, "hello", "1")
    await with_agent(house, receipt.conversation)
    texts = ["The first.", "The second.", "The third, " + "which is long, " * 5 + "it is.", "The fourth."]
    for text in texts:
        await house.core.desk.say(Agent("li", "Li"), receipt.conversation, text)
    after = await come_in(house, "anybody there?", "2", hold=60.0)
    await house.turns.take(receipt.conversation)

    async def broken() -> None:
        async with house.core.replies.reply(after, house.push.limits, 5, whatever=True, together=True) as part:
            assert part is not None
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await broken()
    assert [delivery for delivery, _ in await ours(house)] == ["queued"] * 4
    for _ in range(2):  # and a repeated delivery gets the same
        async with house.core.replies.reply(after, house.push.limits, 5, whatever=True, together=True) as part:
            assert part is not None
            assert part.text == "The first.\n\nThe second."
    assert [delivery for delivery, _ in await ours(house)] == ["sent", "sent", "queued", "queued"]
    await house.outbox.drain(receipt.conversation)
    assert [part.text for _, part in house.push.parts] == texts[2:]


async def test_what_waits_for_the_customer_goes_out_when_they_write(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    house.push.errors.append(Deferred("waits for the customer's next message"))
    await house.outbox.drain(receipt.conversation)
    assert await house.outbox.due() == []
    await come_in(house, "hello", "1")  # a repetition is no message
    assert await house.outbox.due() == []
    await come_in(house, "anybody there?", "2")
    assert await house.outbox.due() == [receipt.conversation]
    await house.outbox.drain(receipt.conversation)
    assert [part.text for _, part in house.push.parts] == ["Hello!"]


async def test_what_waits_for_its_next_attempt_hides_nothing_that_is_due(house: House) -> None:
    """A platform is away: in many lines the first message waits, and others are due behind it."""
    lines = []
    for name in ("ann", "bo", "cy"):
        receipt = await come_in(house, "hello", f"{name}-1", sender=name, scope=name)
        await house.turns.take(receipt.conversation)
        house.push.errors.append(Transient("away", 600))
        await house.outbox.drain(receipt.conversation)
        await come_in(house, "hello", f"{name}-2", sender=name, scope=name)
        await house.turns.take(receipt.conversation)
        lines.append(receipt.conversation)
    assert await house.outbox.due() == []
    await with_agent(house, lines[1])
    await agent_says(house, lines[1], "Good morning")
    assert await house.outbox.due() == [lines[1]], "what the bot said has nothing to wait for any longer"
    async with house.db.connection() as conn:
        await conn.execute(
            "update messages set due_at = now() where delivery = 'queued' and conversation = $1", lines[2]
        )
    assert set(await house.outbox.due()) == {lines[1], lines[2]}


async def test_a_platform_that_does_not_answer_keeps_no_other_waiting(house: House) -> None:
    class Silent(TestChannel):
        async def send(self, to: Recipient, part: Part) -> Sent:
            self.parts.append((to, part))
            await asyncio.Event().wait()
            raise AssertionError

    silent = Silent(Channel("silent", "telegram"), "push")
    house.channels.add(silent)
    for n in range(SLOTS + 4):
        receipt = await come_in(house, "hello", "1", channel="silent", sender=f"s{n}", scope=f"s{n}")
        await house.turns.take(receipt.conversation)
    sender = Runner("outbox", house.bus, house.outbox.due, house.outbox.drain, concurrency=1000)
    running = asyncio.create_task(sender.run())
    try:
        while len(silent.parts) < SLOTS:
            await asyncio.sleep(0.01)
        receipt = await come_in(house, "hello", "1")
        await house.turns.take(receipt.conversation)
        while not house.push.parts:
            await asyncio.sleep(0.01)
        assert len(silent.parts) == SLOTS
    finally:
        for work in tuple(sender._working.values()):
            work.cancel()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# Later news -------------------------------------------------------------------------------------------------------


async def test_later_news_about_a_message(house: House) -> None:
    receipt = await come_in(house, "hello", "1")
    await house.turns.take(receipt.conversation)
    await house.outbox.drain(receipt.conversation)
    id = f"platform-{house.push.sent[0][1].id}"
    assert await house.outbox.report("tg", id, "delivered")
    assert await house.outbox.report("tg", id, "failed", "the mailbox is full")
    assert not await house.outbox.report("tg", id, "delivered"), "what has failed does not arrive any more"
    assert not await house.outbox.report("tg", "unheard of", "failed")
    assert await ours(house) == [("failed", "the mailbox is full")]


# Files that the platform keeps ------------------------------------------------------------------------------------


async def attachments_seen(house: House, receipt: Receipt) -> list[tuple[str, str, int, str]]:
    async with house.db.connection() as conn:
        (seen,) = await overview.transcript(conn, receipt.conversation, 0, 0, 10)
    return [(file.name, file.type, file.size, file.state) for file in seen.attachments]


async def test_a_file_is_fetched_after_its_message_is_stored(house: House) -> None:
    receipt = await come_in(house, "look", "1", files=(RemoteFile("h1", "photo", "image/jpeg"),))
    again = await come_in(house, "look", "1", files=(RemoteFile("h1", "photo", "image/jpeg"),))
    assert again.duplicate
    assert await attachments_seen(house, receipt) == [("photo", "image/jpeg", 0, "awaited")]
    house.push.files["h1"] = Transient("busy")
    (wanted,) = await house.fetching.due()
    await house.fetching.fetch(wanted)
    assert await house.fetching.due() == [], "later"
    async with house.db.connection() as conn:
        await conn.execute("update attachments set due_at = now()")
    house.push.files["h1"] = File("photo.png", "image/png", b"123")
    await house.fetching.fetch(wanted)
    await house.fetching.fetch(wanted)
    assert await attachments_seen(house, receipt) == [("photo.png", "image/png", 3, "stored")]


async def test_a_file_that_cannot_be_had_is_shown_as_lost(house: House) -> None:
    receipt = await come_in(house, "look", "1", files=(RemoteFile("h1", "photo", "image/jpeg"),))
    house.push.files["h1"] = Rejected("it has expired")
    for wanted in await house.fetching.due():
        await house.fetching.fetch(wanted)
    assert await attachments_seen(house, receipt) == [("photo", "image/jpeg", 0, "lost")]
    assert await house.fetching.due() == []


async def test_a_file_that_we_stumble_over_is_given_up_in_the_end(house: House) -> None:
    receipt = await come_in(house, "look", "1", files=(RemoteFile("h1", "photo", "image/jpeg"),))
    house.push.files["h1"] = ValueError("a mistake of ours")
    (wanted,) = await house.fetching.due()
    for _ in range(MAX_ATTEMPTS):
        await house.fetching.fetch(wanted)
        async with house.db.connection() as conn:
            await conn.execute("update attachments set due_at = now() where state = 'awaited'")
    assert await attachments_seen(house, receipt) == [("photo", "image/jpeg", 0, "lost")]


async def test_nothing_that_is_said_about_a_file_or_a_person_keeps_the_message_out(house: House) -> None:
    huge = RemoteFile("h1", "fi\x00lm\ud800.mp4", "video/mp4", 3_000_000_000)
    receipt = await come_in(house, "look", "1", name="A\x00nn", files=(huge,))
    assert await attachments_seen(house, receipt) == [("film?.mp4", "video/mp4", 2**31 - 1, "awaited")]
    await house.core.people.describe("tg", "ann", {"username": "@a\x00nn\udc00", "name": "A\x00nn"})
    async with house.db.connection() as conn:
        assert await conn.fetchval("select name from customers") == "Ann"
        assert await conn.fetchval("select profile ->> 'username' from identities") == "@ann?"


async def test_what_cannot_be_stored_at_all_is_refused_as_such(house: House) -> None:
    never = datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=14)))
    with pytest.raises(InvalidRequest):
        await come_in(house, "look", "1", sent_at=never)
    async with house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from identities") == 0


# What only one may do ---------------------------------------------------------------------------------------------


async def test_only_one_works_and_another_takes_over_from_it(house: House) -> None:
    working: list[str] = []
    changed = asyncio.Condition()

    def worker(name: str) -> asyncio.Task[None]:
        async def work() -> None:
            async with changed:
                working.append(name)
                changed.notify_all()
            await asyncio.Event().wait()

        return asyncio.create_task(alone(house.db, "tg", "poll", work))

    async def until(number: int) -> None:
        async with asyncio.timeout(20), changed:
            await changed.wait_for(lambda: len(working) >= number)

    first, second = worker("first"), worker("second")
    await until(1)
    assert len(working) == 1
    (first if working[0] == "first" else second).cancel()
    await until(2)
    assert sorted(working) == ["first", "second"]
    for task in (first, second):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)


async def test_what_a_channel_remembers(house: House) -> None:
    async with house.db.connection() as conn:
        assert await channel_state.get(conn, "tg", "offset") is None
        await channel_state.put(conn, "tg", "offset", "41")
        await channel_state.put(conn, "tg", "offset", "42")
        assert await channel_state.get(conn, "tg", "offset") == "42"
        await channel_state.put(conn, "tg", "off:1", "7")
        await channel_state.put(conn, "tg", "off:2", None)
        await channel_state.put(conn, "other", "off:3", "8")
        assert await channel_state.beginning(conn, "tg", "off:") == {"1": "7"}
        assert await channel_state.acquire(conn, "tg", "offset", "me", 10)
        assert not await channel_state.acquire(conn, "tg", "offset", "you", 10)
        assert await channel_state.acquire(conn, "tg", "offset", "me", 0)
        assert await channel_state.acquire(conn, "tg", "offset", "you", 10), "it had run out"
        assert await channel_state.get(conn, "tg", "offset") == "42"


@pytest.mark.parametrize("letters", [True, False])
async def test_who_asks_again_by_letter_was_not_helped(house: House, letters: bool) -> None:
    house.push.limits = Limits(text=1000, letters=letters)
    receipt = await come_in(house, "can I return it?", "0")
    await house.turns.take(receipt.conversation)
    for text in ("hello", "how do I return it?"):
        receipt = await come_in(house, text, text)
        await house.turns.take(receipt.conversation)
    async with house.db.connection() as conn:
        now = await conversations.get(conn, receipt.conversation)
        answers = await conn.fetchval("select count(*) from messages where text = $1", HIT.answer)
    assert (now.status, now.reason, answers) == (("waiting", "missed_twice", 1) if letters else ("bot", None, 2))


async def test_what_somebody_answers_in_the_platforms_client_is_kept_and_asks_nobody(house: House) -> None:
    seen_to = await come_in(house, "is it red or blue?", "1", attended=True)
    assert await house.turns.due() == []
    await house.turns.take(seen_to.conversation)
    assert house.bot.asked == []
    assert (await come_in(house, "is it red or blue?", "1", attended=True)).duplicate
    after = await come_in(house, "hello", "2")
    await house.turns.take(after.conversation)
    assert [turn.text for turn in house.bot.asked] == ["hello"], "what was attended to is not asked later either"
    async with house.db.connection() as conn:
        rows = await conn.fetch("select text, turn is not null as over from messages where author = 'customer'")
    assert [tuple(row) for row in rows] == [("is it red or blue?", True), ("hello", True)]


# Letters ----------------------------------------------------------------------------------------------------------


async def test_whoever_writes_letters_is_not_asked_to_put_it_another_way(house: House) -> None:
    house.push.limits = Limits(text=1000, letters=True)
    receipt = await come_in(house, "what is love?", "1")
    await house.turns.take(receipt.conversation)
    async with house.db.connection() as conn:
        now = await conversations.get(conn, receipt.conversation)
    assert (now.status, now.reason) == ("waiting", "missed_twice")


async def test_what_somebody_answers_in_the_platforms_client_reopens_nothing(house: House) -> None:
    before = await come_in(house, "hello", "1")
    await house.turns.take(before.conversation)
    await with_agent(house, before.conversation)
    await house.steps.take(before.conversation, lambda _: Step(action="close", actor="li"))

    async def status() -> str:
        async with house.db.connection() as conn:
            return (await conversations.get(conn, before.conversation)).status

    seen_to = await come_in(house, "is it red or blue?", "2", attended=True)
    assert (seen_to.conversation, await status()) == (before.conversation, "closed")
    await house.turns.take(before.conversation)
    assert await status() == "closed"
    assert (await come_in(house, "and you?", "3")).conversation == before.conversation
    assert await status() == "waiting"
