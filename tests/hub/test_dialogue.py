"""What one turn knows of the ones before, and what the bot may do while somebody waits."""

from __future__ import annotations

import asyncio

from hub import texts
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
    assert house.knowledge.asked[-1] == "Returns\nand for headphones?"
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


async def test_who_types_pinyin_is_asked_back_in_chinese(house: House) -> None:
    (asked,) = await say(house, "wo de shouji")
    assert asked.text == texts.say("clarify", "zh")
    assert asked.buttons[-1].title == texts.say("none_of_these", "zh")


async def test_who_types_pinyin_goes_on_in_chinese_without_words(house: House) -> None:
    await say(house, "wo de shouji")
    await say(house, "1")
    assert house.knowledge.fetched == ["zh"]
    await say(house, "wo de shouji")
    (missed,) = await say(house, "2")
    assert missed.text == texts.say("missed", "zh")
    (handed,) = await say(house, "1")
    assert handed.text == texts.say("handing_over", "zh")
    assert ((await context(house)).language, (await state(house)).language) == ("zh", "zh")


async def test_who_is_missed_twice_in_pinyin_is_handed_over_in_chinese(house: House) -> None:
    await say(house, "shenme shi aiqing")
    (handed,) = await say(house, "aiqing shi shenme")
    assert handed.text == texts.say("missed_twice", "zh")
    assert ((await context(house)).language, (await state(house)).language) == ("zh", "zh")


async def test_after_pinyin_english_words_are_answered_in_english(house: House) -> None:
    await say(house, "wo de shouji")
    (asked,) = await say(house, "my phone")
    assert asked.text == texts.say("clarify", "en")
    await say(house, "1")
    assert house.knowledge.fetched == ["en"]


async def test_english_words_that_come_while_pinyin_is_answered_count_more(house: House) -> None:
    for text in ("wo de shouji", "shenme shi aiqing"):  # the two ways in which a turn ends
        receipt = await house.say(text)
        claim = await house.turns.claim(receipt.conversation)
        assert claim is not None
        outcome = await house.turns.answer(claim)
        await house.say("what is love?")
        assert await house.turns.finish(claim, outcome)
        assert (await state(house)).language == "en"
        await house.turns.take(receipt.conversation)


async def test_who_waits_and_types_pinyin_is_told_in_chinese_that_there_is_no_answer(house: House) -> None:
    await say(house, "a human, please")
    await say(house, "Ask while I wait", ASSIST)
    (told,) = await say(house, "shenme shi aiqing")
    assert told.text == texts.say("for_the_agent", "zh")


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
    (unknown,) = await say(house, "what is love?")
    assert unknown.text.startswith("I have no reliable answer to that; the person")
    (greeting,) = await say(house, "hello")
    assert greeting.text == "Hello!"
    (no_form,) = await say(house, "form")
    assert no_form.text == unknown.text
    now = await state(house)
    assert (now.status, now.misses, now.reason) == ("waiting", 0, "asked")


async def test_who_waits_may_take_it_back_in_words(house: House) -> None:
    await say(house, "a human, please")
    (taken,) = await say(house, "nobody, thanks")
    assert taken.text.startswith("All right")
    assert (await state(house)).status == "bot"
    assert len(await say(house, "hello")) == 1


async def test_never_mind_offers_to_take_it_back_and_loses_no_place(house: House) -> None:
    (left,) = await say(house, "never mind")
    assert left.text == "We leave it at that."
    await say(house, "a human, please")
    for _ in range(2):
        (offer,) = await say(house, "never mind")
        assert "in the queue" in offer.text
        assert [button.payload for button in offer.buttons] == [TAKE_BACK]
        assert (await state(house)).status == "waiting"
        await say(house, "", payload=ASSIST)
    await say(house, "", payload=TAKE_BACK)
    assert (await state(house)).status == "bot"


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


async def pressed_behind(house: House, text: str, then: str, payload: str | None = None) -> list[Message]:
    """Two messages in one turn, a button or a number behind words; what is answered."""
    before = len(await stream_of(house))
    receipt = await house.say(text)
    await house.intake.receive(
        InboundMessage(channel="web", sender="ann", scope="ann", external_id="press", text=then, payload=payload)
    )
    await house.turns.take(receipt.conversation)
    entries = [entry for entry in (await stream_of(house))[before:] if isinstance(entry, Message)]
    return [entry for entry in entries if entry.author == "bot"]


async def test_a_number_behind_words_presses_nothing(house: House) -> None:
    await say(house, "a human, please")
    (warning,) = await pressed_behind(house, "there is smoke", "1")
    assert warning.text == "Keep away!"
    assert (await state(house)).priority == 2


async def test_a_press_behind_words_does_not_make_danger_unsaid(house: House) -> None:
    (offer,) = await say(house, "my phone")
    (warning,) = await pressed_behind(house, "it smokes", "Returns", offer.buttons[0].payload)
    assert warning.text == "Keep away!"
    assert ((await state(house)).status, (await state(house)).priority) == ("waiting", 2)


async def test_a_turn_that_no_human_had_is_answered_as_things_stand(house: House) -> None:
    await say(house, "a human, please")
    await say(house, "", payload=ASSIST)
    receipt = await house.say("hello")
    claim = await house.turns.claim(receipt.conversation)
    assert claim is not None
    outcome = await house.turns.answer(claim)
    await house.steps.customer_takes_back(receipt.conversation)
    assert not await house.turns.finish(claim, outcome)
    await house.turns.take(receipt.conversation)
    answers = [e for e in await stream_of(house) if isinstance(e, Message) and receipt.id in e.answers]
    assert [answer.text for answer in answers] == ["Hello!"]


async def test_danger_in_hand_outlives_the_human_button_and_its_cancelling(house: House) -> None:
    receipt = await house.say("it smokes")
    lost = await house.turns.claim(receipt.conversation)
    assert lost is not None
    await house.steps.customer_wants_human(receipt.conversation)
    await house.steps.customer_takes_back(receipt.conversation)
    async with house.db.connection() as conn:
        await conn.execute("update conversations set lease_until = now()")
    await house.turns.take(receipt.conversation)
    now = await state(house)
    assert (now.status, now.reason, now.priority) == ("waiting", "safety", 2)


async def test_what_a_human_has_seen_to_is_not_answered(house: House) -> None:
    agent = await house.agent("li")
    receipt = await house.say("hello")
    claim = await house.turns.claim(receipt.conversation)
    assert claim is not None
    outcome = await house.turns.answer(claim)
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
    await house.steps.take(receipt.conversation, lambda _: Step(action="release", actor=agent))
    assert not await house.turns.finish(claim, outcome)
    await house.turns.take(receipt.conversation)
    assert [entry.author for entry in await stream_of(house) if isinstance(entry, Message)] == ["customer"]


async def test_giving_up_says_nothing_to_who_waits_and_keeps_the_urgency(house: House) -> None:
    await say(house, "it smokes")
    receipt = await house.say("can I return it?")
    house.bot.error = RuntimeError("broken")
    for _ in range(4):
        await house.turns.take(receipt.conversation)
        async with house.db.connection() as conn:
            await conn.execute("update conversations set lease_until = now() where turn is not null")
    now = await state(house)
    assert (now.status, now.reason, now.priority) == ("waiting", "safety", 2)
    assert [e.text for e in await stream_of(house) if isinstance(e, Message) and e.author == "bot"] == ["Keep away!"]


async def test_waiting_for_the_bot_ends_with_a_human(house: House) -> None:
    await say(house, "form")
    house.bot.error = BotUnavailable("away")
    receipt = await house.say("hello")
    for _ in range(10):
        await house.turns.take(receipt.conversation)
        async with house.db.connection() as conn:
            await conn.execute("update conversations set lease_until = now() where turn is not null")
    assert (await state(house)).status == "bot", "a moment without the bot is no failure"
    async with house.db.connection() as conn:
        await conn.execute("update turns set started_at = now() - interval '2 minutes' where state = 'open'")
    for _ in range(4):
        async with house.db.connection() as conn:
            await conn.execute("update conversations set lease_until = now() where turn is not null")
        await house.turns.take(receipt.conversation)
    assert ((await state(house)).status, (await state(house)).reason) == ("waiting", "bot_unavailable")


async def test_what_was_dropped_is_not_given_to_the_agent(house: House) -> None:
    await say(house, "can I return it?")  # fills a slot
    await say(house, "form")  # and this one has none any more
    await say(house, "a human, please")
    assert (await context(house)).slots == {}


async def test_a_long_question_is_kept_as_a_short_topic(house: House) -> None:
    await say(house, "can I return it? " + "really " * 500)
    await say(house, "and for headphones?")
    assert house.knowledge.asked[-1].endswith("\nand for headphones?")
    assert len(house.knowledge.asked[-1]) < 300


async def test_a_follow_up_that_says_enough_is_looked_up_by_itself_first(house: House) -> None:
    await say(house, "can I return it?")
    long = "and for headphones, do I have to return them together with the case?"
    await say(house, long)
    assert house.knowledge.asked[-1] == long
    unknown = "and for headphones, is it love or is it only a passing fancy of mine?"
    await say(house, unknown)
    assert house.knowledge.asked[-2] == unknown
    assert house.knowledge.asked[-1].endswith(f"\n{unknown}")
