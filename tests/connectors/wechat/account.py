"""A simulated account, and the product beside it; the bot can be made to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from hub.types import BotReply, BotTurn
from tests.contracts.product import Product, product
from tests.kill.stack import free_port
from tests.simulators.wechat import WeChat

SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"


@contextlib.asynccontextmanager
async def account(
    database_url: str, *, mode: str = "safe", hurry: float = 1.0, passive_only: bool = False, **more: object
) -> AsyncIterator[tuple[WeChat, Product]]:
    """The platform, and the product with its channel; `more` are settings."""
    async with (
        WeChat(mode=mode, hurry=hurry, passive_only=passive_only) as platform,
        served(platform, database_url, **more) as made,
    ):
        yield platform, made


@contextlib.asynccontextmanager
async def served(platform: WeChat, database_url: str, **more: object) -> AsyncIterator[Product]:
    """The product with the channel of a platform that runs."""
    async with product(database_url, {**platform.channel(), **more}, free_port()) as made:
        await platform.connect(made.url)
        yield made


class Thinking:
    """Makes a bot think until it is told that it is done."""

    def __init__(self, made: Product) -> None:
        self.done = asyncio.Event()
        self._respond = made.bot.respond
        made.bot.respond = self._slowly  # type: ignore[method-assign] # as long as the test lasts

    async def _slowly(self, turn: BotTurn) -> BotReply:
        await self.done.wait()
        return await self._respond(turn)


def calls(platform: WeChat, path: str) -> int:
    """How often the hub has called that."""
    return sum(called == path for called, _ in platform.calls)


async def last(made: Product) -> dict[str, object]:
    """What became of our last message."""
    rows = await made.rows(
        "select text, delivery, error from messages where author in ('bot', 'agent') and kind = 'message' order by key"
    )
    return rows[-1]


async def claimed(made: Product, sender: str = "ann") -> str:
    """The customer's conversation, now an agent's."""
    agent, conversation = await made.agent(), await made.conversation(sender)
    await made.desk.claim(agent, conversation)
    return conversation
