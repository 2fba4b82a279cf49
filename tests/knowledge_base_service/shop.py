"""The whole way of an answer for tests: asked, looked up, told, and what people then say of it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.store import messages, surveys
from hub.turns import Turns
from hub.types import Message
from knowledge_base import labels
from knowledge_base.outcomes import Answered, Wrong
from knowledge_base.service import LONGEST_QUESTION, Knowledge
from tests.hub.house import House
from tests.knowledge_base_service.desk import Desk


@dataclass
class Shop:
    """The core with the real knowledge base; the bot searches for whatever it does not know by its words."""

    house: House
    desk: Desk
    knowledge: Knowledge

    def __post_init__(self) -> None:
        house = self.house
        self.turns = Turns(house.db, house.bus, house.channels, house.steps, house.bot, self.knowledge)

    async def tell(self, text: str, *more: str, sender: str = "ann") -> Message:
        """The customer says this, as one turn; the last that they are told."""
        receipt = await self.house.say(text, sender=sender)
        for further in more:
            await self.house.say(further, sender=sender)
        await self.turns.take(receipt.conversation)
        async with self.house.db.connection() as conn:
            return (await messages.latest(conn, receipt.conversation, 1))[0]

    async def thumb(self, answer: Message, helpful: bool) -> None:
        """The customer says whether it helped."""
        async with self.house.db.connection() as conn:
            assert await surveys.feedback(conn, answer.stream, answer.id, helpful)

    async def correct(self, answer: Message, right: bool | None) -> None:
        """An agent says whether it was right."""
        agent = await self.house.agent("bea")
        async with self.house.db.connection() as conn:
            assert await surveys.correct(conn, answer.conversation, answer.id, agent, right) == answer.key

    async def answers(self) -> list[tuple[bool, str | None]]:
        """What counts for how sure to be, the latest first: right or not, and who says so."""
        async with self.house.db.connection() as conn:
            found: list[Answered] = await labels.answers(conn)
        return [(answer.right, answer.by) for answer in found]

    async def wrong(self) -> list[tuple[str, str]]:
        """The questions that were answered wrongly, the latest first, and who says so."""
        async with self.house.db.connection() as conn:
            found: list[Wrong] = await labels.wrong(conn, LONGEST_QUESTION)
        return [(one.question, one.by) for one in found]
