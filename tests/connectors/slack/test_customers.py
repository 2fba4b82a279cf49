"""Customers in Slack, from their first question to the agent's release, over HTTP and Socket Mode."""

from __future__ import annotations

import pytest

from connectors.slack import pace
from connectors.slack.customers import NOT_YOURS
from connectors.slack.desk_blocks import ACTION
from hub.connector import File
from hub.store import conversations
from tests.connectors.slack.conftest import Workplace
from tests.contracts.product import Product
from tests.hub.house import HIT
from tests.simulators.slack_workspace import BOT, BOT_ID, TEAM

GENERAL = "general"


async def said(made: Product) -> list[str]:
    """What customers have said, in the order in which it was stored."""
    return [row["text"] for row in await made.rows("select text from messages where author = 'customer' order by key")]


def answers(workplace: Workplace, thread: str) -> list[str]:
    """What we have said in a thread."""
    slack = workplace.slack
    room = slack.workspace.thread(slack.workspace.room(GENERAL), thread)
    return [slack.workspace.look(message) for message in room if message.get("bot_id") == BOT_ID]


async def test_from_a_question_to_an_agent_and_back(either: Workplace) -> None:
    slack = either.slack
    async with either.product() as made:
        assert await slack.say("ann", "how do I return it?")
        [first] = await slack.until_shown("ann", 1)
        assert first.text == HIT.answer

        assert await slack.say("ann", "yes or no")
        asked = (await slack.until_shown("ann", 2))[-1]
        assert await slack.press("ann", *asked.buttons[0])
        await made.settled()
        assert made.bot.asked[-1].payload == "/affirm"
        assert (await said(made))[-1] == "Yes"

        seen = len(slack.shown("ann"))
        assert await slack.say("ann", "a human, please")
        await slack.until_shown("ann", seen + 1)
        conversation, agent = await made.conversation(f"{TEAM}:{slack.workspace.direct('ann')}"), await made.agent()
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, "I am Agnes. It is on its way.")
        assert (await slack.until_shown("ann", seen + 2))[-1].text == "I am Agnes. It is on its way."
        turns = len(made.bot.asked)
        assert await slack.say("ann", "hello Agnes")
        await made.settled()
        assert len(made.bot.asked) == turns

        await made.desk.release(agent, conversation)
        assert await slack.say("ann", "hello bot")
        assert (await slack.until_shown("ann", seen + 3))[-1].text == "Hello!"
        await made.settled()
        assert await made.value("select name from customers") == "ann"
        assert slack.workspace.pings == []


async def test_a_pressed_button_gives_way_to_what_was_chosen(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product():
        await slack.say("ann", "yes or no")
        asked = (await slack.until_shown("ann", 1))[-1]
        await slack.press("ann", *asked.buttons[1])

        message = next(m for m in slack.workspace.messages[slack.workspace.direct("ann")] if m.get("bot_id"))
        await slack.until(lambda: "edited" in message)
        assert slack.workspace.look(message) == "Which one is it?\n✓ No"


async def test_a_mention_begins_a_thread_in_which_its_writer_goes_on(either: Workplace) -> None:
    slack = either.slack
    async with either.product() as made:
        thread = await slack.mention("ben", "hello")
        await slack.until(lambda: answers(either, thread) == ["Hello!"])
        await slack.write("ben", "can I return shoes?", thread=thread)
        await slack.until(lambda: answers(either, thread) == ["Hello!", HIT.answer])

        await slack.write("carl", "he bought them in May", thread=thread)
        await slack.write("ben", "by the way, lunch?")
        await made.settled()
        assert await said(made) == ["hello", "can I return shoes?"]

        await slack.mention("carl", "hello from carl", thread=thread)
        await slack.until(lambda: len(answers(either, thread)) == 3)
        await slack.write("carl", "thanks", thread=thread)
        await made.settled()
        assert await said(made) == ["hello", "can I return shoes?", "hello from carl"]
        assert await made.value("select count(*) from conversations") == 2
        assert {row["person"] for row in await made.rows("select person from identities")} == {
            f"{TEAM}:{slack.workspace.user('ben')}",
            f"{TEAM}:{slack.workspace.user('carl')}",
        }


async def test_one_person_is_one_customer_wherever_they_write(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        await slack.mention("ben", "hello")
        await slack.mention("ben", "hello again")
        await slack.say("ben", "hello to you alone")
        await made.settled()

        assert await made.value("select count(*) from identities") == 3
        assert await made.value("select count(*) from customers") == 1


async def test_in_a_thread_of_a_direct_message_we_answer_there(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
        direct = slack.workspace.direct("ann")
        root = slack.workspace.messages[direct][0]["ts"]
        await slack.say("ann", "and returns?", thread=root)
        await slack.until_shown("ann", 2)
        await slack.say("ann", "hello above")
        await slack.until_shown("ann", 3)

        ours = [message for message in slack.workspace.messages[direct] if message.get("bot_id")]
        assert [message.get("thread_ts") for message in ours] == [None, root, None]
        assert await made.value("select count(*) from conversations") == 1


async def test_what_comes_doubled_is_answered_once(either: Workplace) -> None:
    slack = either.slack
    async with either.product() as made:
        thread = await slack.mention("ben", "hello")  # an app_mention and a message, each with an id of its own
        room = slack.workspace.room(GENERAL)
        for message in slack.workspace.thread(room, thread)[:1]:
            for event in (*slack.workspace.told(room, message), *slack.workspace.told(room, message)):
                assert await slack.tell(event)
        await made.settled()

        assert await said(made) == ["hello"]
        assert answers(either, thread) == ["Hello!"]


async def test_a_press_that_comes_twice_is_one_message(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        await slack.say("ann", "yes or no")
        await slack.until_shown("ann", 1)
        channel = slack.workspace.direct("ann")
        message = next(m for m in slack.workspace.messages[channel] if m.get("bot_id"))
        action = {**message["blocks"][1]["elements"][0], "block_id": message["blocks"][1]["block_id"]}
        press = slack.workspace.pressed("ann", channel, message, action, f"{slack.url}/response/{channel}/1")
        for _ in range(3):
            assert await slack.tell(press, form=True)
        await made.settled()

        assert await said(made) == ["yes or no", "Yes"]


async def test_only_who_was_asked_can_choose(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        thread = await slack.mention("ben", "yes or no")
        await slack.until(lambda: len(answers(workplace, thread)) == 1)
        asked = slack.posts(GENERAL)[0]
        assert await slack.press_in("carl", GENERAL, asked["ts"], "Yes")
        await made.settled()
        assert await said(made) == ["yes or no"]

        assert await slack.press_in("ben", GENERAL, asked["ts"], "No")
        await slack.until(lambda: "edited" in asked)
        await made.settled()
        assert await said(made) == ["yes or no", "No"]
        whispers = [call for method, call in slack.calls if method == "chat.postEphemeral"]
        assert [(call["user"], call["text"]) for call in whispers] == [(slack.workspace.user("carl"), NOT_YOURS)]


async def test_a_button_of_the_agents_side_is_no_customers_choice(workplace: Workplace) -> None:
    """As in a channel that was the agents' once."""
    slack = workplace.slack
    button = {"type": "button", "action_id": f"{ACTION}claim", "text": {"type": "plain_text", "text": "Claim"}}
    async with workplace.product() as made:
        blocks = [{"type": "actions", "block_id": "a", "elements": [{**button, "value": "c1"}]}]
        post = slack.workspace.add(slack.workspace.room(GENERAL), user=BOT, bot_id=BOT_ID, text="x", blocks=blocks)
        assert await slack.press_in("ann", GENERAL, post["ts"], "Claim")
        await made.settled()

        assert await said(made) == []


async def test_what_we_and_other_apps_write_is_no_question(either: Workplace) -> None:
    slack = either.slack
    async with either.product() as made:
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
        room = slack.workspace.room(GENERAL)
        other = slack.workspace.add(room, user="U0CIBOT000", bot_id="B0CIBOT000", text=f"<@{BOT}> hello")
        for event in slack.workspace.told(room, other):
            assert await slack.tell(event)
        for message in slack.workspace.messages[slack.workspace.direct("ann")]:
            for event in slack.workspace.told(slack.workspace.direct("ann"), message):
                assert await slack.tell(event)
        await made.settled()

        assert await said(made) == ["hello"]
        assert len(slack.shown("ann")) == 1


async def test_edits_and_deletions_are_for_the_agents_to_see(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        await slack.say("ann", "hello, where is PL1?")
        await slack.until_shown("ann", 1)
        ts = slack.workspace.messages[slack.workspace.direct("ann")][0]["ts"]
        assert await slack.edit("ann", ts, "hello, where is PL2 &amp; PL3?")
        assert await slack.delete("ann", ts)
        await made.settled()

        notes = await made.rows("select text, author from messages where kind = 'note' order by key")
        assert [(note["text"], note["author"]) for note in notes] == [
            ("✎ hello, where is PL2 & PL3?", "system"),
            ("✗ hello, where is PL2 & PL3?", "system"),
        ]
        assert len(made.bot.asked) == 1
        assert len(slack.shown("ann")) == 1


async def test_files_go_both_ways(either: Workplace) -> None:
    slack = either.slack
    async with either.product() as made:
        assert await slack.say("ann", "", files=(("label.png", "image/png", b"the label"),))
        await made.until("select state from attachments", is_="stored")
        [stored] = await made.rows("select name, type, data from attachments")
        assert stored == {"name": "label.png", "type": "image/png", "data": b"the label"}
        await made.settled()

        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        async with made.db.connection() as conn:
            stream = await conversations.get(conn, conversation)
        file = await made.desk.attach(stream, File("发票.pdf", "application/pdf", b"%PDF the invoice"))
        seen = len(slack.shown("ann"))
        await made.desk.say(agent, conversation, "Here is your invoice.", None, (file.id,))
        shown = (await slack.until_shown("ann", seen + 2))[seen:]
        assert [(part.text, part.file, part.data) for part in shown] == [
            ("Here is your invoice.", None, None),
            ("", "发票.pdf", b"%PDF the invoice"),
        ]


async def test_nobodys_words_ping_anybody_or_unfold(workplace: Workplace) -> None:
    slack = workplace.slack
    loud = f"<!channel> <!here> @channel @ann <@{slack.workspace.user('ann')}> https://shop.example/a?b=1&c=2 *no*"
    async with workplace.product() as made:
        thread = await slack.mention("ben", "hello")
        await slack.until(lambda: len(answers(workplace, thread)) == 1)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, loud)
        await slack.until(lambda: len(answers(workplace, thread)) == 2)

        assert answers(workplace, thread)[1] == loud
        assert slack.workspace.pings == []
        assert slack.unfolded == []


async def test_a_long_answer_comes_in_parts_in_their_order(workplace: Workplace) -> None:
    slack = workplace.slack
    long = "\n".join(f"{number}. 第 {number} 步 <& https://shop.example/{number}" for number in range(1, 400))
    async with workplace.product() as made:
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, long)
        await made.settled()

        parts = [part.text for part in slack.shown("ann")[1:]]
        assert len(parts) >= 4
        assert "\n".join(parts) == long


@pytest.mark.parametrize("text", ["", "  "])
async def test_a_mention_without_a_word_is_answered(workplace: Workplace, text: str) -> None:
    async with workplace.product():
        thread = await workplace.slack.mention("ben", text)
        await workplace.slack.until(lambda: len(answers(workplace, thread)) == 1)


async def test_an_agent_who_comes_while_the_bot_awaits_its_turn_is_not_talked_over(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, turn = workplace.slack, pace.Pace.turn
    async with workplace.product() as made:

        async def claimed_meanwhile(self: pace.Pace, channel: str) -> None:
            if await made.value("select exists (select from conversations where owner is null)"):
                await made.desk.claim(await made.agent(), await made.conversation())
            await turn(self, channel)

        monkeypatch.setattr(pace.Pace, "turn", claimed_meanwhile)
        assert await slack.say("ann", "hello")
        await made.until("select delivery from messages where author = 'bot'", is_="dropped")
        await made.desk.say(await made.agent(), await made.conversation(), "Yes?")
        assert [one.text for one in await slack.until_shown("ann", 1)] == ["Yes?"]
