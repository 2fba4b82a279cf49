"""Letters: into which conversation they go, and what is known for that decision."""

from __future__ import annotations

import pytest

from handoff.cases import Cases
from hub.connector import Limits
from hub.errors import InvalidRequest
from hub.http import Problem
from hub.lifecycle import Step
from hub.store import cases, conversations, overview
from hub.types import Agent, Case, Conversation, InboundMessage, Letter, Receipt
from tests.hub.house import House

LI = Agent("li", "li")
ANN, BOB = "ann@example.com", "bob@example.com"


async def write(
    house: House, id: str, case: Case, *, sender: str = ANN, subject: str = "Broken lamp", text: str = "It is broken."
) -> Receipt:
    return await house.intake.receive(
        InboundMessage(
            channel="tg",
            sender=sender,
            scope=id,
            external_id="hash",
            text=text,
            case=case,
            letter=Letter(sender=sender, to=("help@example.com",), subject=subject),
            participants=(sender,),
        )
    )


def new() -> Case:
    return Case(rule="new", reason="nothing like it is known")


async def test_one_sender_has_several_cases(house: House) -> None:
    lamp = await write(house, "<1@x>", new())
    bill = await write(house, "<2@x>", new(), subject="My bill")
    more = await write(
        house, "<3@x>", Case(conversation=lamp.conversation, rule="references", reason="it answers <1@x>")
    )
    assert lamp.conversation != bill.conversation
    assert more.conversation == lamp.conversation
    assert (await write(house, "<3@x>", new())).conversation == lamp.conversation, "a repeated delivery"
    async with house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from conversations") == 2
        seen = await overview.transcript(conn, lamp.conversation, 0, 0, 10)
        found = await cases.of_participant(conn, "tg", ANN)
        by_id = await cases.of_messages(conn, "tg", BOB, ["<unknown@x>", "<2@x>", "<3@x>", "<1@x>"])
        received = await cases.letters(conn, lamp.conversation)
    assert [one.case.rule for one in seen if one.case] == ["new", "references"]
    assert seen[0].letter is not None
    assert seen[0].letter.subject == "Broken lamp"
    assert {one.conversation: one.subject for one in found} == {
        lamp.conversation: "Broken lamp",
        bill.conversation: "My bill",
    }
    assert [(one.conversation, one.knows) for one in by_id] == [(bill.conversation, False), (lamp.conversation, False)]
    assert [one.id for one in received] == ["<3@x>", "<1@x>"]


async def test_another_participant_writes_into_the_same_case(house: House) -> None:
    lamp = await write(house, "<1@x>", new())
    async with house.db.connection() as conn:
        await cases.take_part(conn, lamp.conversation, [BOB, BOB])
    reply = await write(
        house, "<2@x>", Case(conversation=lamp.conversation, rule="token", reason="our own token"), sender=BOB
    )
    assert (reply.conversation, reply.stream, reply.seq) == (lamp.conversation, lamp.stream, 2)
    async with house.db.connection() as conn:
        assert await cases.participants(conn, lamp.conversation) == [ANN, BOB]
        one = await cases.one(conn, "tg", BOB, lamp.conversation)
    assert one is not None
    assert one.knows


async def test_what_ended_long_ago_is_not_gone_on_with(house: House) -> None:
    lamp = await write(house, "<1@x>", new())
    async with house.db.connection() as conn:
        await conn.execute("update conversations set status = 'closed', updated_at = now() - interval '29 days'")
    weeks = await write(house, "<1b@x>", Case(conversation=lamp.conversation, rule="token", reason="our own token"))
    assert weeks.conversation == lamp.conversation, "people answer letters after weeks"
    async with house.db.connection() as conn:
        await conn.execute("update conversations set status = 'closed', updated_at = now() - interval '90 days'")
    again = await write(house, "<2@x>", Case(conversation=lamp.conversation, rule="token", reason="our own token"))
    assert again.conversation != lamp.conversation
    async with house.db.connection() as conn:
        (seen,) = await overview.transcript(conn, again.conversation, 0, 0, 10)
    assert seen.case == Case(rule="late", reason="our own token; that ended too long ago", maybe=(lamp.conversation,))


# What agents sort ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def sorting(house: House) -> Cases:
    house.push.limits = Limits(text=1000, letters=True)
    await house.agent("li")
    await house.agent("mo")
    return Cases(house.db, house.steps, house.channels)


async def standing(house: House, *receipts: Receipt) -> list[tuple[str, list[str]]]:
    """Each conversation's status, and the texts in it."""
    async with house.db.connection() as conn:
        return [
            (
                (await conversations.get(conn, one.conversation)).status,
                [said.text for said in await overview.transcript(conn, one.conversation, 0, 0, 50)],
            )
            for one in receipts
        ]


async def settled(house: House, receipt: Receipt) -> None:
    await house.turns.take(receipt.conversation)
    await house.outbox.drain(receipt.conversation)


async def test_a_merge_takes_everything_along_and_can_be_undone(house: House, sorting: Cases) -> None:
    lamp = await write(house, "<1@x>", new(), text="hello")
    await settled(house, lamp)
    other = await write(house, "<2@x>", new(), sender=BOB, text="what is love?")
    await settled(house, other)
    before = await standing(house, lamp, other)
    assert [status for status, _ in before] == ["bot", "waiting"]

    change = await sorting.merge(LI, other.conversation, lamp.conversation)
    after = await standing(house, lamp, other)
    assert after == [("waiting", [*before[0][1], *before[1][1]]), ("closed", [])]
    late = await write(house, "<3@x>", Case(conversation=other.conversation, rule="token", reason="token"), sender=BOB)
    assert late.conversation == lamp.conversation, "what is written to the one goes into the other"
    async with house.db.connection() as conn:
        assert await cases.participants(conn, lamp.conversation) == [ANN, BOB]
        numbers = await conn.fetch("select identity, seq from messages where seq is not null")
        assert len(set(map(tuple, numbers))) == len(numbers)

    assert (await sorting.of(lamp.conversation))[0].id == change.id
    await house.turns.take(lamp.conversation)
    await house.outbox.drain(lamp.conversation)
    await sorting.undo(LI, change.id)
    (_, ours), (status, theirs) = await standing(house, lamp, other)
    assert (status, theirs) == ("waiting", before[1][1])
    assert ours[: len(before[0][1])] == before[0][1]
    async with house.db.connection() as conn:
        assert await cases.participants(conn, lamp.conversation) == [ANN, BOB], "Bob wrote there since"
    with pytest.raises(Problem, match=r"undone before|moved on"):
        await sorting.undo(LI, change.id)


async def test_a_letter_becomes_a_case_of_its_own_and_comes_back(house: House, sorting: Cases) -> None:
    lamp = await write(house, "<1@x>", new(), text="hello")
    await settled(house, lamp)
    stray = await write(
        house,
        "<2@x>",
        Case(conversation=lamp.conversation, rule="references", reason="<1@x>"),
        sender=BOB,
        text="hello too",
    )
    await settled(house, stray)
    before = await standing(house, lamp)
    change = await sorting.split(LI, lamp.conversation, stray.id)
    async with house.db.connection() as conn:
        apart = await conversations.get(conn, change.to_case)
        assert await conn.fetchval("select external_id from identities where id = $1", apart.stream) == BOB
        assert await cases.participants(conn, lamp.conversation) == [ANN]
        assert await cases.participants(conn, apart.id) == [BOB]
        (said,) = await overview.transcript(conn, apart.id, 0, 0, 10)
    assert (apart.status, said.text) == ("waiting", "hello too")
    await sorting.undo(LI, change.id)
    assert await standing(house, lamp) == before
    async with house.db.connection() as conn:
        assert (await conversations.get(conn, apart.id)).status == "closed"
        assert await cases.merged(conn, apart.id) == lamp.conversation


async def test_who_may_sort_what(house: House, sorting: Cases) -> None:
    lamp, bill = await write(house, "<1@x>", new(), text="hello"), await write(house, "<2@x>", new(), text="hello")
    await house.turns.take(bill.conversation)
    async with house.db.connection() as conn:
        await conn.execute("update messages set delivery = 'sending' where author = 'bot'")
    with pytest.raises(Problem, match="on its way"):
        await sorting.merge(LI, bill.conversation, lamp.conversation)
    async with house.db.connection() as conn:
        await conn.execute("update messages set delivery = 'queued' where author = 'bot'")
    for receipt in (lamp, bill):
        await settled(house, receipt)
    await house.steps.take(lamp.conversation, lambda _: Step(action="claim", actor="mo", owner="mo"))
    with pytest.raises(Problem, match="another agent"):
        await sorting.merge(LI, bill.conversation, lamp.conversation)
    with pytest.raises(InvalidRequest, match="itself"):
        await sorting.merge(LI, bill.conversation, bill.conversation)
    with pytest.raises(InvalidRequest, match="letter in this conversation"):
        await sorting.split(LI, bill.conversation, lamp.id)
    chat = await house.say("hello")
    with pytest.raises(InvalidRequest, match="letters"):
        await sorting.split(LI, chat.conversation, chat.id)


async def test_who_has_one_has_both(house: House, sorting: Cases) -> None:
    lamp, bill = await write(house, "<1@x>", new(), text="hello"), await write(house, "<2@x>", new(), text="hello")
    for receipt in (lamp, bill):
        await settled(house, receipt)

    def claim(_: Conversation) -> Step:
        return Step(action="claim", actor="li", owner="li")

    await house.steps.take(bill.conversation, claim)
    await sorting.merge(LI, bill.conversation, lamp.conversation)
    async with house.db.connection() as conn:
        kept = await conversations.get(conn, lamp.conversation)
    assert (kept.status, kept.owner) == ("human", "li")


async def claim(house: House, receipt: Receipt) -> None:
    await house.steps.take(receipt.conversation, lambda _: Step(action="claim", actor="li", owner="li"))


async def waiting(house: House) -> list[tuple[str, str, int | None]]:
    """What the bot has said: how it stands, and which letter it is bound to."""
    async with house.db.connection() as conn:
        rows = await conn.fetch(
            "select conversation, delivery, extra, key from messages where author = 'bot' order by key"
        )
        return [(row["conversation"], row["delivery"], await cases.answered_by(conn, row["key"])) for row in rows]


async def test_what_waits_to_be_sent_is_moved_with_the_rest(house: House, sorting: Cases) -> None:
    lamp = await write(house, "<1@x>", new(), text="hello")
    await settled(house, lamp)
    bill = await write(house, "<2@x>", new(), sender=BOB, text="hello")
    await claim(house, bill)
    await house.steps.take(bill.conversation, lambda _: Step(action="release", actor="li"))
    await house.turns.take(bill.conversation)
    change = await sorting.merge(LI, bill.conversation, lamp.conversation)
    assert await waiting(house) == [(lamp.conversation, "sent", None), (lamp.conversation, "queued", bill.message)]
    await sorting.undo(LI, change.id)
    assert await waiting(house) == [(lamp.conversation, "sent", None), (bill.conversation, "queued", bill.message)]
    await sorting.merge(LI, bill.conversation, lamp.conversation)
    await house.outbox.drain(lamp.conversation)
    assert await waiting(house) == [(lamp.conversation, "sent", None), (lamp.conversation, "sent", bill.message)]


@pytest.mark.parametrize("times", [1, 2])
async def test_where_a_human_is_the_bot_says_nothing_that_came_from_elsewhere(
    house: House, sorting: Cases, times: int
) -> None:
    """Epochs count in each conversation for itself: that of the one may be the other's by accident."""
    lamp, bill = await write(house, "<1@x>", new(), text="hello"), await write(house, "<2@x>", new(), text="hello")
    await settled(house, lamp)
    await claim(house, lamp)
    for _ in range(times):
        await claim(house, bill)
        await house.steps.take(bill.conversation, lambda _: Step(action="release", actor="li"))
    async with house.db.connection() as conn:
        await conn.execute("update conversations set owner_epoch = 1 where id = $1", bill.conversation)
    await house.turns.take(bill.conversation)
    await sorting.merge(LI, bill.conversation, lamp.conversation)
    await house.outbox.drain(lamp.conversation)
    assert [delivery for _, delivery, _ in await waiting(house)] == ["sent", "dropped"]


async def test_there_and_back_again(house: House, sorting: Cases) -> None:
    lamp, bill = await write(house, "<1@x>", new(), text="hello"), await write(house, "<2@x>", new(), text="hello")
    for receipt in (lamp, bill):
        await settled(house, receipt)
    await sorting.merge(LI, lamp.conversation, bill.conversation)
    change = await sorting.merge(LI, bill.conversation, lamp.conversation)
    async with house.db.connection() as conn:
        assert [await cases.merged(conn, one.conversation) for one in (lamp, bill)] == [lamp.conversation] * 2
    await sorting.undo(LI, change.id)
    async with house.db.connection() as conn:
        assert [await cases.merged(conn, one.conversation) for one in (lamp, bill)] == [bill.conversation] * 2
    more = await write(house, "<3@x>", new(), text="hello")
    await settled(house, more)
    await sorting.merge(LI, more.conversation, lamp.conversation)
    async with house.db.connection() as conn:
        assert await cases.merged(conn, more.conversation) == bill.conversation


async def test_whom_only_the_letter_named_goes_with_it(house: House, sorting: Cases) -> None:
    lamp = await write(house, "<1@x>", new(), text="hello")
    letter = Letter(sender=ANN, to=("help@example.com",), cc=("sales@example.com", "eve@example.com"), subject="Hi")
    stray = await house.intake.receive(
        InboundMessage(
            channel="tg",
            sender=ANN,
            scope="<2@x>",
            external_id="hash",
            text="hello too",
            case=Case(conversation=lamp.conversation, rule="subject", reason="the same"),
            letter=letter,
            participants=(ANN, "eve@example.com"),
        )
    )
    await settled(house, lamp)
    change = await sorting.split(LI, lamp.conversation, stray.id)
    async with house.db.connection() as conn:
        assert await cases.participants(conn, change.to_case) == [ANN, "eve@example.com"], "and no address of ours"
        assert await cases.participants(conn, lamp.conversation) == [ANN]
    await sorting.undo(LI, change.id)
    async with house.db.connection() as conn:
        assert await cases.participants(conn, lamp.conversation) == [ANN, "eve@example.com"]
