"""A handoff becomes a thread, in which a conversation can be had from its beginning to its end."""

from __future__ import annotations

from tests.connectors.slack_desk.office import AGENTS, Desks


async def test_a_handoff_opens_a_thread_with_the_context(desks: Desks) -> None:
    await desks.says("how do I return things?")
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.at_rest()
    first = desks.first(thread)
    assert "ann · slack · English" in first
    assert "Waiting since " in first
    assert "asked for a person" in first
    assert "Understood as: ask_human (90%)" in first
    assert "order = A1" in first
    assert "Articles tried: Returns" in first
    assert "ann: how do I return things?" in first
    assert "Assistant: You have 14 days." in first
    assert "ann: a human, please" in first
    assert f"/console/conversations/{conversation}" in str(desks.firsts()[0]["blocks"])
    assert desks.buttons(thread) == ["Claim", "Close"]
    assert len(desks.firsts()) == 1


async def test_a_conversation_from_claim_to_close_in_slack_alone(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.presses("bob", "Claim", thread)
    await desks.until_first(thread, "Bob has it")
    await desks.at_rest()
    assert await desks.status(conversation) == ("human", "id-of-bob")
    assert desks.buttons(thread) == ["Release", "Close"]
    await desks.writes("bob", "What is it about?", thread)
    await desks.at_rest()
    assert desks.seen_by()[-1] == "What is it about?"
    await desks.says("my parcel")
    await desks.at_rest()
    await desks.writes("bob", "! he means the second one", thread)
    await desks.at_rest()
    await desks.presses("bob", "Release", thread)
    await desks.until_first(thread, "With the assistant")
    await desks.at_rest()
    await desks.says("hello")
    await desks.at_rest()
    await desks.presses("bob", "Close", thread)
    await desks.until_first(thread, "Closed")
    await desks.at_rest()
    assert desks.buttons(thread) == []
    assert desks.lines(thread) == [
        *handing_over(desks, thread),
        "🟢 Bob has it",
        "<bob> What is it about?",
        "ann: my parcel",
        "<bob> ! he means the second one",
        "⚪ Bob gave it back to the assistant",
        "ann: hello",
        "Assistant: Hello!",
        "⚫ Bob closed it",
    ]
    assert await desks.status(conversation) == ("closed", None)
    said = [(m.kind, m.author, m.text) for m in await desks.transcript(conversation)]
    assert ("note", "agent", "he means the second one") in said
    assert "he means the second one" not in str(desks.seen_by())
    assert len(desks.firsts()) == 1


def handing_over(desks: Desks, thread: str) -> list[str]:
    """What the assistant says about the handoff, where that came after it and so is no part of the context."""
    return [line for line in desks.lines(thread)[:1] if line.startswith(("Assistant:", "System:"))]


async def test_what_is_closed_goes_on_in_its_thread(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.presses("bob", "Claim", thread)
    await desks.until_first(thread, "Bob has it")
    await desks.presses("bob", "Close", thread)
    await desks.until_first(thread, "Closed")
    await desks.says("one more thing")
    await desks.until_first(thread, "Waiting since")
    await desks.at_rest()
    assert desks.lines(thread)[-2:] == ["🟡 The customer wrote again; waiting", "ann: one more thing"]
    assert desks.buttons(thread) == ["Claim", "Close"]
    assert await desks.status(conversation) == ("waiting", None)
    assert len(desks.firsts()) == 1
    last = desks.slack.posts(AGENTS)[-1]
    calls = [call for method, call in desks.slack.calls if method == "chat.postMessage" and call.get("reply_broadcast")]
    assert len(calls) == 1, last


async def test_who_answers_what_nobody_has_gets_it(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.presses("bob", "Claim", thread)
    await desks.presses("bob", "Release", thread)
    await desks.until_first(thread, "With the assistant")
    await desks.writes("eve", "Eve takes over.", thread)
    await desks.until_first(thread, "Eve has it")
    await desks.at_rest()
    assert await desks.status(conversation) == ("human", "id-of-eve")
    assert desks.seen_by()[-1] == "Eve takes over."
