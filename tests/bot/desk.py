"""What the bot's forms need around them: their actions, a shop, a knowledge base that is told what it knows."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import web

from bot.actions.all import actions
from bot.client import RasaClient
from bot.endpoint import Actions
from bot.guesses import Guesses
from bot.lookups import Lookups
from bot.shop import PATH, Shop
from hub import choices
from hub.types import BotReply, BotTurn, Button, Decision, Dialogue, Hit, Language, Say
from tests.bot import served

SHOP_TOKEN = "the shop's own"


class Knowledge:
    """Has an answer for whatever has one of `known` in it, and several for what has one of `unsure`."""

    unsure = ("怎么开发票",)
    known = ("运费险", "退款要多久", "how long does a refund take", "return window")

    async def decide(self, text: str, language: Language, version: int) -> Decision:
        hit = Hit("refunds", 1, language, 0.9, "Refunds", text, "…")
        if any(word in text for word in self.unsure):
            return Decision("clarify", (hit, hit), language)
        knows = any(word in text.lower() for word in self.known)
        return Decision("answer", (hit,), language) if knows else Decision("abstain", (), language)

    async def fetch(self, article: str, language: Language, version: int) -> Hit | None:
        return None


@contextlib.asynccontextmanager
async def shop(port: int = 0, token: str = SHOP_TOKEN) -> AsyncIterator[str]:
    """The address of the sample shop, whose slow order takes a few seconds only."""
    app = web.Application()
    app.add_routes(Shop(token, slowness=3).routes())
    async with listening(app, port) as url:
        yield url + PATH


@contextlib.asynccontextmanager
async def acting(port: int, lookups: Lookups | None) -> AsyncIterator[None]:
    """The actions run on the loopback at `port`, where Rasa expects them."""
    app = web.Application()
    app.add_routes(Actions(served.TOKEN, actions(Knowledge(), lookups)).routes())
    async with listening(app, port):
        yield


@contextlib.asynccontextmanager
async def looking_up(url: str, token: str = SHOP_TOKEN, timeout: float = 0.5) -> AsyncIterator[Lookups]:
    """A client of the shop at `url`; guesses are counted anew."""
    lookups = Lookups(url, token, timeout, Guesses(None))
    await lookups.start()
    try:
        yield lookups
    finally:
        await lookups.stop()


@contextlib.asynccontextmanager
async def listening(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """The address under which `app` is served."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Chat:
    """One customer's dialogue: what the hub keeps from one turn to the next is kept here."""

    def __init__(self, client: RasaClient, language: Language) -> None:
        self._client = client
        self._language = language
        self._offered: tuple[Button, ...] = ()
        self.dialogue = Dialogue()
        self.reply = BotReply(effects=())
        self.turns: list[BotTurn] = []

    async def say(self, text: str, payload: str | None = None) -> str:
        """Sends a message and gives all that the bot says to it; a number or a title means a button, as in the hub."""
        payload = payload or choices.meant(text, self._offered)
        turn = BotTurn(
            id=f"t{len(self.turns)}",
            text=text,
            language=self._language,
            payload=payload,
            dialogue=self.dialogue,
        )
        self.turns.append(turn)
        self.reply = await self._client.respond(turn)
        assert self.reply.dialogue is not None
        self.dialogue = self.reply.dialogue
        said = list(self._said())
        if said:
            self._offered = said[-1].buttons
        return "\n".join(say.text for say in said)

    async def again(self) -> BotReply:
        """The same turn once more, as the hub does after an error."""
        return await self._client.respond(self.turns[-1])

    def slot(self, name: str) -> object:
        """What is in a slot now."""
        return self.dialogue.slots.get(name)

    @property
    def buttons(self) -> list[str]:
        """The payloads on offer."""
        return [button.payload for button in self._offered]

    def _said(self) -> Iterator[Say]:
        for effect in self.reply.effects:
            if isinstance(effect, Say):
                yield effect
