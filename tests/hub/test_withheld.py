"""What a channel keeps back on purpose, what it settles once, and remarks in a conversation that it names."""

from __future__ import annotations

from hub.errors import Withheld
from hub.store import channel_state, surveys
from hub.types import InboundMessage
from tests.hub.house import House


async def test_what_a_channel_keeps_back_is_dropped_with_its_reason_and_the_line_goes_on(house: House) -> None:
    first = InboundMessage(channel="tg", sender="ann", scope="ann", external_id="1", id="1", text="hello")
    receipt = await house.intake.receive(first)
    await house.turns.take(receipt.conversation)
    house.push.errors.append(Withheld("one a day is enough"))
    await house.outbox.drain(receipt.conversation)
    second = InboundMessage(channel="tg", sender="ann", scope="ann", external_id="2", id="2", text="can I return it?")
    await house.intake.receive(second)
    await house.turns.take(receipt.conversation)
    await house.outbox.drain(receipt.conversation)
    async with house.db.connection() as conn:
        rows = await conn.fetch("select delivery, error from messages where author = 'bot' order by key")
    assert [tuple(row) for row in rows] == [("dropped", "one a day is enough"), ("sent", None)]


async def test_what_is_settled_stays(house: House) -> None:
    async with house.db.connection() as conn:
        assert await channel_state.settle(conn, "mail", "secret", "a") == "a"
        assert await channel_state.settle(conn, "mail", "secret", "b") == "a"
        await channel_state.put(conn, "mail", "secret", None)
        assert await channel_state.settle(conn, "mail", "secret", "c") == "c"


async def test_a_remark_may_name_its_conversation_and_a_rating_counts_once(house: House) -> None:
    first = await house.say("hello", channel="tg")
    await house.intake.remark("tg", "somebody else", "r1", "undeliverable", first.conversation)
    async with house.db.connection() as conn:
        notes = await conn.fetch("select conversation, text from messages where kind = 'note'")
        assert [tuple(row) for row in notes] == [(first.conversation, "undeliverable")]
        assert await surveys.rate_once(conn, first.conversation, 5, "kind")
        assert not await surveys.rate_once(conn, first.conversation, 1, None)
        assert await conn.fetchval("select score from ratings") == 5
