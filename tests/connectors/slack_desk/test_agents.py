"""Who may do what in a thread, and what is told to whom else."""

from __future__ import annotations

import asyncio

import pytest

from connectors.slack import desk_people
from connectors.slack.desk_deeds import note_in
from tests.connectors.slack_desk.office import AGENTS, Desks, eventually
from tests.simulators.slack_workspace import typed


async def said_by_agents(desks: Desks, conversation: str) -> list[str]:
    """What agents said to the customer."""
    return [m.text for m in await desks.transcript(conversation) if m.author == "agent" and m.kind == "message"]


async def test_only_the_owner_speaks_and_everybody_notes(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.writes("bob", "I am Bob.", thread)
    await desks.at_rest()
    await desks.writes("eve", "And I am Eve.", thread)
    told = await desks.whispered("eve", "was not sent")
    assert "Bob has this conversation" in told
    assert "With ! at its beginning" in told
    await desks.writes("eve", "！ ask for the invoice", thread)
    await desks.presses("eve", "Release", thread)
    assert "Bob has this conversation" in await desks.whispered("eve", "cannot be done now")
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == ["I am Bob."]
    assert [m.text for m in await desks.transcript(conversation) if m.kind == "note"] == ["ask for the invoice"]
    assert await desks.status(conversation) == ("human", "id-of-bob")
    assert "Eve" not in str(desks.seen_by())


async def test_two_answer_at_the_same_moment(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await asyncio.gather(desks.writes("bob", "Bob here.", thread), desks.writes("eve", "Eve here.", thread))
    await desks.at_rest()
    said = await said_by_agents(desks, conversation)
    assert len(said) == 1
    loser = "eve" if said == ["Bob here."] else "bob"
    assert "was not sent" in await desks.whispered(loser, "was not sent")


async def test_strangers_are_told_what_to_do(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.hire("pat", ["editor"])
    await desks.writes("mallory", "I am nobody.", thread)
    assert "nobody works here under mallory@example.com" in await desks.whispered("mallory", "not taken")
    await desks.writes("pat", "I write articles.", thread)
    assert "is no agent here" in await desks.whispered("pat", "not taken")
    await desks.presses("mallory", "Claim", thread)
    await eventually(lambda: len([who for who, _ in desks.slack.api.whispers if who == "mallory"]) == 2)
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == []
    assert await desks.status(conversation) == ("waiting", None)
    await desks.hire("mallory")
    await desks.writes("mallory", "Now I am somebody.", thread)
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == ["Now I am somebody."]


async def test_who_belongs_to_another_workspace_is_no_agent_whatever_their_address(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    desks.slack.workspace.outsiders.add("bob")
    desks.product.connector.identity.own = None  # type: ignore[attr-defined] # as in a process that has just begun
    await desks.writes("bob", "I am Bob, am I not?", thread)
    assert "another workspace" in await desks.whispered("bob", "not taken")
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == []


async def test_what_is_told_often_is_done_once(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    slack = desks.slack
    room, root = slack.workspace.room(AGENTS), desks.firsts()[0]
    message = slack._written("bob", "Only once.", room, thread)
    note = slack._written("bob", "! noted once", room, thread)
    button = next(b for b in root["blocks"][2]["elements"] if b["action_id"].endswith("close"))
    pressed = slack.workspace.pressed("bob", room, root, button, "http://127.0.0.1/none")
    events = [next(slack.workspace.told(room, told)) for told in (message, note)]
    again = [next(slack.workspace.told(room, told)) for told in (message, note)]  # under ids of their own
    for payload in events:
        assert await slack.tell(payload)
    await desks.at_rest()
    assert all(await asyncio.gather(*(slack.tell(payload) for payload in (events + again) * 2)))
    await desks.at_rest()
    assert all(await asyncio.gather(*(slack.tell(pressed, form=True) for _ in range(4))))
    await desks.until_first(thread, "Closed")
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == ["Only once."]
    assert [m.text for m in await desks.transcript(conversation) if m.kind == "note"] == ["noted once"]
    assert desks.seen_by().count("Only once.") == 1
    assert [line for line in desks.lines(thread) if "closed it" in line] == ["⚫ Bob closed it"]
    assert slack.api.whispers == []


async def test_quick_answers_keep_their_order(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    for number in range(10):
        await desks.writes("bob", f"answer {number}", thread)
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == [f"answer {number}" for number in range(10)]
    assert desks.seen_by()[-10:] == [f"answer {number}" for number in range(10)]


async def test_who_is_called_before_the_prefix_makes_no_answer_of_a_note(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    eve = desks.slack.workspace.user("eve")
    await desks.writes("bob", f"<@{eve}>, ! is she lying?", thread)
    await desks.writes("bob", "<!here> !who knows her?", thread)
    await desks.writes("bob", f"<@{eve}> is my colleague.", thread)
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == ["@eve is my colleague."]
    notes = [m.text for m in await desks.transcript(conversation) if m.kind == "note"]
    assert notes == ["@eve, ! is she lying?", "@here !who knows her?"]


async def test_a_closed_conversation_takes_only_notes(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.presses("bob", "Claim", thread)
    await desks.presses("bob", "Close", thread)
    await desks.until_first(thread, "Closed")
    await desks.writes("bob", "one more thing", thread)
    assert "closed" in await desks.whispered("bob", "was not sent")
    await desks.writes("bob", "! was friendly", thread)
    await desks.at_rest()
    assert await said_by_agents(desks, conversation) == []
    assert [m.text for m in await desks.transcript(conversation) if m.kind == "note"] == ["was friendly"]


async def test_what_the_customer_has_seen_cannot_be_changed(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    ts = await desks.writes("bob", "It costs 10.", thread)
    noted = await desks.writes("bob", "! 10 is the old price", thread)
    refused = await desks.writes("eve", "Hello", thread)
    await desks.at_rest()
    await desks.slack.edit("bob", ts, "It costs 20.", AGENTS)
    assert "has what you wrote first" in await desks.whispered("bob", "Write again to put it right")
    before = len(desks.slack.api.whispers)
    await desks.slack.edit("eve", refused, "Hello there", AGENTS)
    await desks.slack.edit("bob", noted, "! 10 was the old price", AGENTS)
    await desks.at_rest()
    assert len(desks.slack.api.whispers) == before
    await desks.slack.delete("bob", ts, AGENTS)
    await eventually(lambda: len(desks.slack.api.whispers) == before + 1)
    await desks.at_rest()
    notes = [m.text for m in await desks.transcript(conversation) if m.kind == "note"]
    assert notes == ["10 is the old price", "(edited) 10 was the old price"]
    assert await said_by_agents(desks, conversation) == ["It costs 10."]
    assert desks.seen_by()[-1] == "It costs 10."
    assert [line for line in desks.lines(thread) if "edited" in line] == []


async def test_words_reach_the_customer_as_they_looked(desks: Desks) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    who = desks.slack.workspace.user("eve")
    await desks.writes("bob", f"{typed('1 < 2 & 3')} <https://shop.example/a|our page>, <@{who}> says", thread)
    await desks.at_rest()
    assert desks.seen_by()[-1] == "1 < 2 & 3 our page (https://shop.example/a), @eve says"


async def test_what_else_is_written_in_the_agents_channel_is_nobodys_business(desks: Desks) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    top = await desks.slack.write("bob", "lunch?", AGENTS)
    await desks.slack.write("eve", "yes", AGENTS, top)
    await desks.slack.mention("bob", "what is the weather?", AGENTS)
    await desks.at_rest()
    assert len(await desks.product.rows("select from conversations")) == 1
    assert (await desks.product.value("select count(*) from desk_inbox")) == 0
    assert "lunch" not in str(desks.lines(thread))


async def test_who_is_active_in_slack_is_there(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = await desks.hire("bob")
    conversation = await desks.hands_over()
    await desks.product.desk.claim(bob, conversation)
    await desks.thread()
    await desks.product.rows("update users set seen_at = now() - interval '1 hour'")
    monkeypatch.setattr(desk_people, "EVERY", 0.1)
    side = desks.product.connector._agents  # type: ignore[attr-defined]
    task = asyncio.create_task(side._colleagues.keep_awake())
    seen = "select seen_at > now() - interval '1 minute' from users where id = $1"
    await desks.product.until(seen, bob.id)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    desks.slack.api.away.add("bob")
    await desks.product.rows("update users set seen_at = now() - interval '1 hour'")
    calls = len([method for method, _ in desks.slack.calls if method == "users.getPresence"])
    task = asyncio.create_task(side._colleagues.keep_awake())
    await eventually(
        lambda: len([method for method, _ in desks.slack.calls if method == "users.getPresence"]) > calls + 1
    )
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desks.product.value(seen, bob.id) is False


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("! secret", "secret"),
        ("！secret", "secret"),
        ("  !secret", "secret"),
        ("*! secret*", "secret*"),
        ("\u200b!secret", "secret"),
        ("> ! secret", "secret"),
        ("!", ""),
        ("hello !", None),
        ("", None),
        ("hello", None),
    ],
)
def test_what_is_a_note(text: str, note: str | None) -> None:
    assert note_in(text, "!") == note


@pytest.mark.parametrize(
    ("text", "prefix", "note"),
    [
        ("Note: x", "note:", "x"),
        ("NOTE：x", "note:", "x"),
        ("notes: x", "note:", None),
        ("备注: x", "备注：", "x"),
        ("备注：x", "备注:", "x"),
        ("_x", "_", "x"),
    ],
)
def test_any_word_can_be_the_prefix(text: str, prefix: str, note: str | None) -> None:
    assert note_in(text, prefix) == note
