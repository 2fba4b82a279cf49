"""Letters: into which conversation they go, and what is known for that decision."""

from __future__ import annotations

from hub.store import cases, overview
from hub.types import Case, InboundMessage, Letter, Receipt
from tests.hub.house import House

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
        await conn.execute("update conversations set status = 'closed', updated_at = now() - interval '90 days'")
    again = await write(house, "<2@x>", Case(conversation=lamp.conversation, rule="token", reason="our own token"))
    assert again.conversation != lamp.conversation
    async with house.db.connection() as conn:
        (seen,) = await overview.transcript(conn, again.conversation, 0, 0, 10)
    assert seen.case == Case(rule="late", reason="our own token; that ended too long ago", maybe=(lamp.conversation,))
