"""The console and the thread always show the same."""

from __future__ import annotations

from hub.connector import File
from hub.lifecycle import Step
from hub.store import conversations, outbox
from hub.types import Window
from tests.connectors.slack_desk.office import Desks, Office, both_sides, eventually


async def test_what_happens_in_the_console_stands_in_the_thread(desks: Desks) -> None:
    bob, eve, console = await desks.hire("bob"), await desks.hire("eve"), desks.product.desk
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await console.note(eve, conversation, "looks urgent to me")
    await console.claim(bob, conversation)
    await console.say(bob, conversation, "Hello, this is Bob.")
    await desks.says("finally")
    await console.transfer(bob, conversation, eve.id, None, "she knows more")
    await console.say(eve, conversation, "And this is Eve.")
    await console.transfer(eve, conversation, None, "repairs", "")
    await console.claim(bob, conversation)
    await console.release(bob, conversation)
    await desks.says("hello")
    await desks.at_rest()
    assert [line for line in desks.lines(thread) if not line.startswith(("System", "Assistant: I am"))] == [
        "🔒 Eve, note: looks urgent to me",
        "🟢 Bob has it",
        "Bob: Hello, this is Bob.",
        "ann: finally",
        "🟢 Bob handed it to Eve",
        "🔒 Bob, note: she knows more",
        "Eve: And this is Eve.",
        "🟡 Eve put it back into the queue",
        "🟢 Bob has it",
        "⚪ Bob gave it back to the assistant",
        "ann: hello",
        "Assistant: Hello!",
    ]
    await console.close(bob, conversation)
    await desks.until_first(thread, "Closed")
    await both_sides(desks, conversation, thread)


async def test_a_conversation_on_both_sides_at_once(desks: Desks) -> None:
    bob, console = await desks.hire("bob"), desks.product.desk
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.writes("bob", "From Slack.", thread)
    await desks.at_rest()
    await console.say(bob, conversation, "From the console.")
    await desks.says("Thank you both.")
    await desks.at_rest()
    await desks.writes("bob", "! to myself", thread)
    await desks.at_rest()
    await console.note(bob, conversation, "and once more")
    await desks.at_rest()
    assert desks.seen_by()[-2:] == ["From Slack.", "From the console."]
    await both_sides(desks, conversation, thread)


async def test_other_steps_of_a_life_are_told(desks: Desks) -> None:
    bob, steps = await desks.hire("bob"), desks.product.core.steps
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await steps.customer_takes_back(conversation)
    await steps.customer_wants_human(conversation)
    await desks.product.desk.claim(bob, conversation)
    await steps.take(conversation, lambda _: Step(action="vanish", reason="agent_vanished"))
    await desks.until_first(thread, "the agent went away")
    await steps.take(conversation, lambda _: Step(action="assign", owner=bob.id))
    await desks.until_first(thread, "Bob has it")
    await steps.take(conversation, lambda _: Step(action="expire"))
    await desks.at_rest()
    assert [line for line in desks.lines(thread) if line[0] in "🟡🟢⚪⚫"] == [
        "⚪ No person needed any more",
        "🟡 Waiting for a person: asked for a person",
        "🟢 Bob has it",
        "🟡 Bob went away; waiting again",
        "🟢 Bob has it, by assignment",
        "⚫ Closed after a long silence",
    ]
    await both_sides(desks, conversation, thread)


async def test_a_conversation_that_is_pulled_from_the_bot_gets_a_thread(desks: Desks) -> None:
    bob = await desks.hire("bob")
    await desks.says("hello")
    conversation = await desks.conversation()
    assert desks.firsts() == []
    await desks.product.desk.claim(bob, conversation)
    thread = await desks.thread()
    await desks.until_first(thread, "Bob has it")
    await both_sides(desks, conversation, thread)


async def test_what_cannot_be_delivered_is_said_with_its_reason(desks: Desks) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    await desks.writes("bob", "Are you there?", thread)
    await desks.at_rest()
    desks.slack.blocked.add("ann")
    await desks.writes("bob", "Hello? This is about your parcel.", thread)
    await eventually(lambda: "⚠ Not delivered" in str(desks.lines(thread)), lambda: desks.lines(thread))
    await desks.until_first(thread, "⚠ Nothing reaches them: Slack: the conversation no longer exists")
    failure = desks.lines(thread)[-1]
    assert "channel_not_found" in failure
    assert failure.endswith("“Hello? This is about your parcel.”")
    assert "Are you there?" not in failure


async def test_what_waits_for_the_customer_and_what_arrives_after_all_is_said(office: Office) -> None:
    async with office.open(working=False) as desks:
        bob, console = await desks.hire("bob"), desks.product.desk
        assert await desks.slack.say("ann", "hello")
        conversation = str((await desks.product.rows("select id from conversations"))[0]["id"])
        await console.claim(bob, conversation)
        thread = await desks.thread()
        later, perhaps = [(await console.say(bob, conversation, text))[0] for text in ("Later.", "Perhaps.")]
        async with desks.product.db.transaction() as conn:
            await outbox.defer(conn, later.key, "the platform lets us only answer")
            await outbox.mark(conn, perhaps.key, "unknown", error="interrupted")
        await eventually(lambda: len(desks.lines(thread)) == 4, lambda: desks.lines(thread))
        async with desks.product.db.transaction() as conn:
            await outbox.mark(conn, later.key, "sent")
            await outbox.mark(conn, perhaps.key, "delivered")
            await outbox.mark(conn, later.key, "delivered")
        await eventually(lambda: len(desks.lines(thread)) == 6, lambda: desks.lines(thread))
        assert sorted(desks.lines(thread)) == [
            "Bob: Later.",
            "Bob: Perhaps.",
            "⏳ Waits for the customer's next message: the platform lets us only answer — “Later.”",
            "⚠ Nobody knows whether this arrived: interrupted — “Perhaps.”",
            "✓ Arrived after all: “Later.”",
            "✓ Arrived after all: “Perhaps.”",
        ]


async def test_many_links_are_no_reason_to_be_left_out(desks: Desks) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    text = " ".join(f"https://a.example/{number}" for number in range(500))
    await desks.says(text)
    await desks.at_rest()
    said = [line.removeprefix("ann: ") for line in desks.lines(thread) if line.startswith("ann: ")]
    assert " ".join(said) == text


async def test_how_long_the_platform_lets_us_write_is_said(desks: Desks) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    person = (await desks.product.rows("select external_id from identities"))[0]["external_id"]
    await desks.product.core.people.reachable("slack", person, Window(7200, 2))
    await desks.until_first(thread, "⏳ The platform lets us write until ")
    assert ", 2 more" in desks.first(thread)
    await desks.product.rows("update identities set window_left = 0")
    await desks.product.core.people.describe("slack", person, {"seen": "today"})
    await desks.until_first(thread, "⚠ The platform lets nobody write to them until they write again")


async def test_files_go_both_ways(desks: Desks) -> None:
    bob, console = await desks.hire("bob"), desks.product.desk
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.slack.say("ann", "see here", files=(("broken.png", "image/png", b"a picture"),))
    await desks.at_rest()
    assert desks.lines(thread)[-3:] == ["ann: see here", "📎 broken.png", "file broken.png"]
    await desks.writes("bob", "fill this in", thread, files=(("form.pdf", "application/pdf", b"a form"),))
    await desks.at_rest()
    assert desks.seen_by()[-2:] == ["fill this in", "form.pdf"]
    assert desks.slack.shown("ann")[-1].data == b"a form"
    async with desks.product.db.connection() as conn:
        now = await conversations.get(conn, conversation)
    file = await console.attach(now, File("label.txt", "text/plain", b"a label"))
    await console.say(bob, conversation, "", None, [file.id])
    await desks.at_rest()
    assert desks.lines(thread)[-5:] == [
        "<bob> fill this in",
        "file form.pdf",
        "🟢 Bob has it",
        "Bob: 📎 label.txt",
        "file label.txt",
    ]
    names = [file["name"] for m in desks.slack.posts("support") for file in m.get("files", ())]
    assert names == ["broken.png", "label.txt"]
    assert desks.slack.workspace.data[desks.slack.posts("support")[-1]["files"][0]["id"]] == b"a label"


async def test_nobody_is_pinged_and_nothing_unfolded(desks: Desks) -> None:
    who = desks.slack.workspace.user("bob")
    words = f"<!channel> <!here> @here @everyone <@{who}> &lt;!everyone&gt; *bold* https://evil.example/x a human"
    await desks.says(words)
    thread = await desks.thread()
    await desks.says(words + " again")
    await desks.at_rest()
    assert f"ann: {words} again" in desks.lines(thread)
    assert words in desks.first(thread)
    assert desks.slack.workspace.pings == []
    assert [text for text in desks.slack.unfolded if "evil" in text] == []


async def test_long_words_are_told_in_full(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    text = "。".join(f"第{number}句话，说的是同一件事" for number in range(700))
    await desks.says(text)
    await desks.at_rest()
    said = [line.removeprefix("ann: ") for line in desks.lines(thread) if line.startswith("ann: ")]
    assert "".join(said) == text
    assert (await desks.transcript(conversation))[-1].text == text
