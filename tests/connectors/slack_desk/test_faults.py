"""Whatever goes wrong: all of it stands in the threads, in order, once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from connectors.slack import desk_blocks
from hub import alone
from hub.store import thread_lines, threads
from hub.types import InboundMessage
from tests.connectors.slack_desk.office import AGENTS, Desks, Office, both_sides, eventually
from tests.simulators.base import Fault
from tests.simulators.slack_files import Refused


class Killed(BaseException):
    """The process is gone."""


def dies_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, times: int = 1) -> Callable[[], bool]:
    """The process dies instead of committing this; says whether it did."""
    done: list[str] = []
    real = getattr(module, name)

    async def once(*arguments: Any, **more: Any) -> Any:
        if len(done) < times:
            done.append(name)
            raise Killed
        return await real(*arguments, **more)

    monkeypatch.setattr(module, name, once)
    return lambda: len(done) == times


async def speaks(desks: Desks, text: str) -> None:
    """A customer of the only conversation writes, without Slack."""
    row = (await desks.product.rows("select channel, external_id from identities order by id limit 1"))[0]
    await desks.product.core.intake.receive(
        InboundMessage(
            channel=row["channel"], sender=row["external_id"], scope="test", external_id=text, text=text, language="en"
        )
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (threads, "opened"),
        (threads, "opening"),
        (thread_lines, "written"),
        (thread_lines, "put_into"),
        (threads, "shows"),
    ],
)
@pytest.mark.parametrize("hides_metadata", [False, True])
async def test_killed_at_any_point_everything_stands_there_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, hides_metadata: bool
) -> None:
    monkeypatch.setattr(alone, "LEASE", 0.3)
    office.slack.api.hides_metadata = hides_metadata
    async with office.open() as desks:
        bob = await desks.hire("bob")
        died = dies_after(monkeypatch, module, name, times=2)
        conversation = await desks.hands_over()
        await desks.product.desk.claim(bob, conversation)
        await desks.product.desk.say(bob, conversation, "Hello, this is Bob.")
        await desks.says("At last.")
        await desks.slack.say("ann", "Look", files=(("look.png", "image/png", b"a picture"),))
        thread = await desks.thread()
        await desks.writes("bob", "I see.", thread)
        await eventually(died)
        await both_sides(desks, conversation, thread, late=True)
        assert len(desks.firsts()) == 1
        assert desks.lines(thread).count("file look.png") == 1
        assert desks.lines(thread).count("🟢 Bob has it") == 1


@pytest.mark.parametrize("fault", ["429", "500", "rubbish", "token", "drop"])
async def test_slack_fails_now_and_then(office: Office, fault: Fault) -> None:
    async with office.open() as desks:
        bob = await desks.hire("bob")
        conversation = await desks.hands_over()
        desks.slack.faults.extend([fault] * 2)
        thread = await desks.thread()
        for number in range(4):
            desks.slack.faults.append(fault)
            await desks.product.desk.claim(bob, conversation)
            await speaks(desks, f"question {number}")
            desks.slack.faults.append(fault)
            await desks.writes("bob", f"answer {number}", thread)
            await desks.at_rest()
        await both_sides(desks, conversation, thread, late=True)
        assert len(desks.firsts()) == 1


async def test_slack_is_away_while_two_hundred_messages_come(desks: Desks) -> None:
    bob = await desks.hire("bob")
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.product.desk.claim(bob, conversation)
    await desks.at_rest()
    port = int(desks.slack.url.rpartition(":")[2])
    await desks.slack.stop()
    for number in range(200):
        await speaks(desks, f"line {number} of a long story")
    await desks.product.desk.note(bob, conversation, "he talks a lot")
    before = len(desks.slack.posts(AGENTS))
    await desks.slack.start(port)
    await eventually(lambda: "Bob, note: he talks a lot" in str(desks.lines(thread)), longest=60)
    await both_sides(desks, conversation, thread, late=True)
    assert len(desks.slack.posts(AGENTS)) - before <= 8
    assert desks.slack.api.limited == 0


async def test_what_agents_did_while_slack_answers_nothing_is_done_later(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.at_rest()
    desks.slack.faults.extend(["500"] * 3)
    await desks.writes("bob", "first", thread)
    await desks.writes("bob", "second", thread)
    await desks.at_rest()
    said = [m.text for m in await desks.transcript(conversation) if m.author == "agent"]
    assert said == ["first", "second"]


async def test_a_reply_is_kept_before_it_is_acknowledged(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async with office.open() as desks:
        await desks.hire("bob")
        conversation = await desks.hands_over()
        thread = await desks.thread()
        await desks.at_rest()
        side = desks.product.connector._agents  # type: ignore[attr-defined]
        side._task.cancel()  # nobody works; what agents do is only taken
        await asyncio.gather(side._task, return_exceptions=True)
        await desks.writes("bob", "written before the crash", thread)
        assert [m.text for m in await desks.transcript(conversation) if m.author == "agent"] == []
    async with office.open() as desks:
        await desks.at_rest()
        assert [m.text for m in await desks.transcript(conversation) if m.author == "agent"] == [
            "written before the crash"
        ]
        assert desks.seen_by()[-1] == "written before the crash"


async def test_without_a_database_slack_delivers_again(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    failed: list[bool] = []
    real = threads.may_be_at

    async def away(*arguments: Any) -> Any:
        if not failed:
            failed.append(True)
            raise ConnectionRefusedError
        return await real(*arguments)

    monkeypatch.setattr(threads, "may_be_at", away)
    await desks.writes("bob", "twice delivered", thread)
    await desks.at_rest()
    assert failed
    assert [m.text for m in await desks.transcript(conversation) if m.author == "agent"] == ["twice delivered"]


async def test_two_processes_are_as_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "LEASE", 0.5)
    other = Office(office.slack, office.database_url)
    async with contextlib.AsyncExitStack() as both:
        first = await both.enter_async_context(contextlib.AsyncExitStack())
        one = await first.enter_async_context(office.open())
        two = await both.enter_async_context(other.open())
        bob = await one.hire("bob")
        conversation = await one.hands_over()
        thread = await one.thread()
        await one.product.desk.claim(bob, conversation)
        await two.writes("bob", "to the second process", thread)
        await two.at_rest()
        await first.aclose()
        await speaks(two, "who is still there?")
        await two.writes("bob", "I am.", thread)
        await both_sides(two, conversation, thread, late=True)
        assert len(two.firsts()) == 1


async def test_a_thread_that_was_removed_begins_anew(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    await desks.at_rest()
    room = desks.slack.workspace.room(AGENTS)
    desks.slack.workspace.messages[room].clear()
    await speaks(desks, "are you still there?")
    again = await desks.thread()
    await desks.at_rest()
    assert again != thread
    assert "ann: are you still there?" in str(desks.lines(again))
    await desks.writes("bob", "Yes.", again)
    await desks.at_rest()
    assert desks.seen_by()[-1] == "Yes."


async def test_the_follower_that_stood_still_too_long_reads_up(office: Office) -> None:
    async with office.open() as desks:
        bob = await desks.hire("bob")
        conversation = await desks.hands_over()
        thread = await desks.thread()
        await desks.at_rest()
    async with office.open(working=False) as desks:
        side = desks.product.connector._agents  # type: ignore[attr-defined]
        side._task.cancel()
        await asyncio.gather(side._task, return_exceptions=True)
        await speaks(desks, "missed one")
        await desks.product.desk.claim(bob, conversation)
        await speaks(desks, "missed two")
        await desks.product.rows("delete from events")
        await desks.product.rows(
            "insert into events (kind, conversation) values ('pruned', null)"  # as pruning leaves it
        )
    async with office.open() as desks:
        await eventually(lambda: "missed two" in str(desks.lines(thread)))
        await both_sides(desks, conversation, thread, late=True)
        assert "🟢 Bob has it" in desks.lines(thread)


async def test_a_post_that_slack_refuses_does_not_hold_up_the_rest(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desks.hands_over()
    thread = await desks.thread()
    await desks.at_rest()
    monkeypatch.setattr(desk_blocks, "post", _unshowable(desk_blocks.post))
    await speaks(desks, "unshowable")
    await eventually(lambda: "⚠ Something cannot be shown here; see the console" in desks.lines(thread))
    await speaks(desks, "harmless")
    await eventually(lambda: "ann: harmless" in desks.lines(thread))
    assert len([line for line in desks.lines(thread) if "cannot be shown" in line]) == 1


async def test_a_first_post_that_slack_refuses_is_shortened(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    real = desk_blocks.first_post

    def refused(*arguments: Any) -> Any:
        shown = real(*arguments)
        return type(shown)(shown.text, [*shown.blocks, {"type": "actions", "elements": []}])

    monkeypatch.setattr(desk_blocks, "first_post", refused)
    await desks.hands_over()
    thread = await desks.thread()
    assert "🟡 Waiting since" in desks.first(thread)
    await desks.presses("bob", "Claim", thread)
    await desks.until_first(thread, "🟢 Bob has it")
    assert desks.buttons(thread) == ["Release", "Close"]
    await desks.hands_over("cy")
    await desks.thread(1)


async def test_without_the_permission_for_files_all_else_is_written(desks: Desks) -> None:
    async def refuse(_: object) -> dict[str, object]:
        raise Refused("missing_scope")

    await desks.hands_over()
    thread = await desks.thread()
    desks.slack.api.do_files_getUploadURLExternal = refuse  # type: ignore[assignment, method-assign]
    await desks.slack.say("ann", "see here", files=(("broken.png", "image/png", b"a picture"),))
    await desks.at_rest()
    assert desks.lines(thread)[-1] == "📎 ann: broken.png cannot be shown here; it is in the console"


async def test_an_agent_hears_that_the_app_has_to_be_mended(desks: Desks) -> None:
    conversation = await desks.hands_over()
    thread = await desks.thread()
    await desks.at_rest()
    real = desks.slack.api.do_users_info

    async def refuse(_: object) -> dict[str, object]:
        raise Refused("missing_scope")

    desks.slack.api.do_users_info = refuse  # type: ignore[assignment, method-assign]
    await desks.writes("bob", "patience", thread)
    assert "missing_scope" in await desks.whispered("bob", "waits until")
    desks.slack.api.do_users_info = real  # type: ignore[method-assign]
    await desks.at_rest()
    assert [m.text for m in await desks.transcript(conversation) if m.author == "agent"] == ["patience"]


def _unshowable(real: Callable[..., Any]) -> Callable[..., Any]:
    def post(lines: Any) -> Any:
        shown = real(lines)
        return type(shown)(shown.text, [{"type": "actions", "elements": []}]) if "unshowable" in shown.text else shown

    return post
