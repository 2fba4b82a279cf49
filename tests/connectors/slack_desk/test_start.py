"""How the agents' channel is set up: what is said when it is not right, and where it begins."""

from __future__ import annotations

import string

import msgspec
import pytest

from connectors.slack.desk_texts import TEXTS
from connectors.slack.settings import SlackSettings
from tests.connectors.slack_desk.conftest import HURRY
from tests.connectors.slack_desk.office import AGENTS, Office, both_sides, eventually
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_agents import SlackByHand


async def test_at_first_only_who_waits_gets_a_thread(office: Office) -> None:
    before = Office(office.slack, office.database_url)
    before.slack.agents = ""
    async with before.open() as desks:
        bob = await desks.hire("bob")
        waiting = await desks.hands_over("ann")
        await desks.says("hello", "cy")
        await desks.hands_over("dan")
        await desks.product.desk.claim(bob, await desks.conversation("dan"))
        await desks.product.desk.close(bob, await desks.conversation("dan"))
    office.slack.agents = AGENTS
    async with office.open() as desks:
        thread = await desks.thread()
        await both_sides(desks, waiting, thread)
        assert "ann · slack" in desks.first(thread)
        assert len(desks.firsts()) == 1
        assert desks.lines(thread) == []
        await desks.says("hello again", "cy")
        await desks.hands_over("cy")
        other = await desks.thread(1)
        assert "cy: hello again" in desks.first(other)


async def test_the_channel_may_be_named_by_its_id(office: Office) -> None:
    office.more["agents_channel"] = office.slack.workspace.room(AGENTS)
    async with office.open() as desks:
        await desks.hire("bob")
        await desks.hands_over()
        await desks.writes("bob", "Hello.", await desks.thread())
        await desks.at_rest()
        assert desks.seen_by()[-1] == "Hello."
    assert [method for method, _ in office.slack.calls if method == "conversations.list"] == []


async def test_it_is_said_what_is_wrong_and_the_customers_are_answered(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = office.slack.workspace.channels[office.slack.workspace.room(AGENTS)]
    room["is_member"] = False
    async with office.open() as desks:
        desks.product.connector._agents._watch._every = 0.2  # type: ignore[attr-defined]
        await desks.hands_over()
        health = await desks.product.connector.health()
        assert not health.ok
        assert f"agents_channel {AGENTS}" in health.detail
        assert "not_in_channel" in health.detail
        assert "/invite" in health.detail
        assert "I am passing you on" in desks.seen_by()[0]
        room["is_member"] = True
        await desks.thread()
        await eventually(lambda: desks.product.connector._agents.health.ok)  # type: ignore[attr-defined]
        assert (await desks.product.connector.health()).ok


async def test_a_channel_that_there_is_not_is_named(office: Office) -> None:
    office.more["agents_channel"] = "suport"
    async with office.open() as desks:
        connector = desks.product.connector
        await eventually(lambda: "suport" in connector._watch.health.detail)  # type: ignore[attr-defined]
        assert "there is no channel suport" in (await connector.health()).detail


async def test_a_permission_that_is_missing_is_named(office: Office) -> None:
    office.slack.api.scopes = office.slack.api.scopes.replace("users:read.email", "")
    async with office.open() as desks:
        side = desks.product.connector._agents  # type: ignore[attr-defined]
        await eventually(lambda: "users:read.email" in side.health.detail, lambda: side.health)
        handler = desks.slack.api.do_users_info

        async def without_addresses(arguments: object) -> object:
            answer = await handler(arguments)  # type: ignore[arg-type]
            del answer["user"]["profile"]["email"]
            return answer

        desks.slack.api.do_users_info = without_addresses  # type: ignore[assignment, method-assign]
        await desks.hire("bob")
        await desks.hands_over()
        await desks.writes("bob", "Hello", await desks.thread())
        assert "users:read.email" in await desks.whispered("bob", "not taken")
        assert "Hello" not in desks.seen_by()


async def test_chinese_agents_read_chinese(office: Office) -> None:
    office.more["language"] = "zh"
    async with office.open() as desks:
        await desks.hire("bob")
        await desks.hands_over()
        thread = await desks.thread()
        await desks.presses("bob", "接待", thread)
        await desks.until_first(thread, "由 Bob 接待")
        await desks.says("你好")
        await desks.at_rest()
        assert desks.lines(thread) == ["🟢 由 Bob 接待", "ann: 你好"]
        assert desks.buttons(thread) == ["交还助手", "结束"]


async def test_over_socket_mode_it_is_the_same(database_url: str) -> None:
    slack = SlackSimulator(hurry=HURRY, socket=True, agents=AGENTS)
    async with slack, Office(slack, database_url).open() as desks:
        await slack.sockets.until_open()
        await desks.hire("bob")
        conversation = await desks.hands_over()
        thread = await desks.thread()
        await desks.presses("bob", "Claim", thread)
        await desks.until_first(thread, "Bob has it")
        await desks.writes("bob", "Hello.", thread)
        await desks.at_rest()
        await desks.says("Thanks.")
        await both_sides(desks, conversation, thread)
        assert "Hello." in desks.seen_by()


def test_every_text_is_there_in_both_languages_with_the_same_parts() -> None:
    for key, text in TEXTS.items():
        assert set(text) == {"en", "zh"}, key
        parts = [{name for _, name, _, _ in string.Formatter().parse(words) if name} for words in text.values()]
        assert parts[0] == parts[1], key


@pytest.mark.parametrize("prefix", ["/", "//", "@note", "#", " !", "*", "> "])
def test_a_prefix_that_nobody_can_type_is_a_wrong_setting(prefix: str) -> None:
    given = {"name": "slack", "kind": "slack", "bot_token": "xoxb-1", "signing_secret": "s", "note_prefix": prefix}
    with pytest.raises(msgspec.ValidationError, match="note_prefix"):
        msgspec.convert(given, SlackSettings)


async def test_in_another_channel_open_conversations_go_on(office: Office) -> None:
    async with office.open() as desks:
        bob = await desks.hire("bob")
        await desks.hands_over("cy")
        await desks.product.desk.close(bob, await desks.conversation("cy"))
        await desks.thread()
        conversation = await desks.hands_over()
        await desks.thread(1)
        await desks.at_rest()
    office.more["agents_channel"] = office.slack.workspace.room("helpers")
    async with office.open() as desks:
        await eventually(lambda: len(desks.slack.posts("helpers")) == 1)  # at once: somebody waits
        await desks.says("anybody there?")
        await desks.at_rest()
        thread = str(desks.slack.posts("helpers")[0]["ts"])
        assert "ann: anybody there?" in str(desks.slack.thread("helpers", thread))
        await desks.slack.write("bob", "Yes, here.", "helpers", thread)
        await desks.at_rest()
        assert desks.seen_by()[-1] == "Yes, here."
        assert await desks.status(conversation) == ("human", "id-of-bob")
        await desks.says("and me again", "cy")
        await desks.at_rest()
        assert len([post for post in desks.slack.posts("helpers") if "thread_ts" not in post]) == 2


async def test_by_hand_one_can_be_customer_and_agent(database_url: str) -> None:
    slack = SlackByHand(hurry=HURRY, agents=AGENTS)
    async with slack, Office(slack, database_url).open() as desks:
        await desks.hire("agent")
        await slack.say("agent", "too early")
        assert slack.shown("agent")[-1].text == "(there is no thread yet)"
        conversation = await desks.hands_over()
        await desks.thread()
        await eventually(lambda: slack.shown("agent")[-1].buttons != ())
        await slack.press("agent", *slack.shown("agent")[-1].buttons[0])
        await eventually(lambda: "Agent has it" in str(slack.shown("agent")))
        await slack.say("agent", "Hello!")
        await desks.at_rest()
        assert desks.seen_by()[-1] == "Hello!"
        assert await desks.status(conversation) == ("human", "id-of-agent")
