"""The real core with one channel, on a real database, served over HTTP; the bot is scripted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from app.middlewares import problems, security_headers
from app.serve import MAX_BODY
from app.settings import ChannelSettings
from app.wiring import connector_of
from connectors.rest import Rest
from handoff.context import TranscriptContexts
from handoff.desk import Desk
from hub.bus import Bus
from hub.connector import Channels, Connector
from hub.core import Core
from hub.fetching import Fetching
from hub.intake import Intake
from hub.outbox import Outbox
from hub.people import People
from hub.replies import Replies
from hub.runner import Runner
from hub.steps import Steps
from hub.store.db import Database
from hub.turns import Turns
from hub.types import Agent, BotReply, BotTurn, Button, Say
from tests.hub.house import ScriptedBot, ScriptedKnowledge

AGENT = Agent("agnes", "Agnes", "agnes@example.com", ("agent",))
CHOICES = tuple(
    Button(
        f"The {word} of all the things that we could talk about here, if only there were more time", f"/choose_{word}"
    )
    for word in ("first", "second", "third", "fourth", "fifth")
)
"""More, and longer, than any platform carries as buttons."""
YES_NO = (Button("Yes", "/affirm"), Button("No", "/deny"))


class TalkativeBot(ScriptedBot):
    """The scripted bot, which also offers buttons when asked to."""

    async def respond(self, turn: BotTurn) -> BotReply:
        offered = {"choices": CHOICES, "yes or no": YES_NO}
        for word, buttons in offered.items():
            if word in turn.text:
                self.asked.append(turn)
                return BotReply(effects=(Say("Which one is it?", buttons),), intent="ask", confidence=0.9)
        return await super().respond(turn)


@dataclass
class Product:
    """One process of it."""

    url: str
    db: Database
    bot: TalkativeBot
    core: Core
    connector: Connector
    desk: Desk
    turns: Turns

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the database says."""
        async with self.db.connection() as conn:
            return [dict(row) for row in await conn.fetch(query, *values)]

    async def value(self, query: str, *values: object) -> Any:
        """The one value that the database answers."""
        async with self.db.connection() as conn:
            return await conn.fetchval(query, *values)

    async def until(self, query: str, *values: object, is_: object = True, longest: float = 20.0) -> None:
        """Waits until the one value that the database answers is this one."""
        found: object = None
        try:
            async with asyncio.timeout(longest):
                while (found := await self.value(query, *values)) != is_:
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(f"{query} is still {found!r}, not {is_!r}") from None

    async def heard(self, saying: Awaitable[bool], text: str) -> None:
        """Waits until a customer's message is acknowledged, stored, and has been seen to."""
        assert await saying, "the platform has given up"
        await self.until("select count(*) from messages where author = 'customer' and text = $1", text, is_=1)
        await self.settled()

    async def settled(self, longest: float = 30.0) -> None:
        """Waits until every message has been taken by a turn, every turn has ended and nothing is on its way out."""
        await self.until(
            """select not exists (select from messages where author = 'customer' and turn is null)
                and not exists (select from turns where state = 'open')
                and not exists (select from messages m where delivery in ('queued', 'sending') and not exists (
                    select from messages h
                    where h.conversation = m.conversation and h.delivery = 'queued' and h.due_at = 'infinity'))""",
            longest=longest,
        )

    async def conversation(self, sender: str | None = None) -> str:
        """The only conversation, or that of a sender."""
        found = await self.rows(
            """select c.id from conversations c join identities i on i.id = c.identity
                where $1::text is null or i.external_id = $1""",
            sender,
        )
        assert len(found) == 1, found
        return str(found[0]["id"])

    async def agent(self) -> Agent:
        """Somebody who works here."""
        await self.rows(
            "insert into users (id, email, name, password_hash, roles) values ($1, $2, $3, '', '{agent}') "
            "on conflict do nothing",
            AGENT.id,
            AGENT.email,
            AGENT.name,
        )
        return AGENT

    async def answers(self) -> dict[str, int]:
        """How many turns have answered each of the customers' messages, by the messages' texts."""
        found = await self.rows(
            """select m.text, m.key, (select count(distinct a.turn) from messages a
                where a.author <> 'customer' and a.extra -> 'answers' ? m.id) as answers
                from messages m where m.author = 'customer' order by m.key"""
        )
        texts = [row["text"] for row in found]
        assert len(set(texts)) == len(texts), f"something is stored twice: {texts}"
        return {row["text"]: row["answers"] for row in found}


@contextlib.asynccontextmanager
async def product(
    database_url: str, settings: Mapping[str, object], port: int, *, working: bool = True
) -> AsyncIterator[Product]:
    """The product with the channel of these settings on a port of this machine; `working`: with its workers."""
    url = f"http://127.0.0.1:{port}"
    async with contextlib.AsyncExitStack() as stack:
        db, bus, channels, bot = Database(database_url), Bus(None), Channels(), TalkativeBot()
        stack.push_async_callback(db.close)
        steps = Steps(db, bus, channels, TranscriptContexts())
        outbox = Outbox(db, bus, channels)
        desk = Desk(db, steps, channels)
        core = Core(db, bus, steps, Intake(db, bus, steps), outbox, Replies(db, bus), People(db, bus), desk)
        connector = _connector(settings, core, url)
        channels.add(connector)
        turns, fetching = Turns(db, bus, channels, steps, bot, ScriptedKnowledge()), Fetching(db, bus, channels)
        await _serve(connector, port, stack)
        await connector.start()
        stack.push_async_callback(connector.stop)
        runners = (
            Runner("turns", bus, turns.due, turns.take),
            Runner("outbox", bus, outbox.due, outbox.drain),
            Runner("files", bus, fetching.due, fetching.fetch),
        )
        if working:
            tasks = [asyncio.create_task(runner.run()) for runner in runners]
            stack.push_async_callback(_end, tasks)
        yield Product(url, db, bot, core, connector, desk, turns)


def _connector(settings: Mapping[str, object], core: Core, url: str) -> Connector:
    if settings["kind"] == "rest":  # every installation has this channel, and no settings make another
        return Rest(str(settings["token"]), core.db, core.bus, core.intake, public=True)
    return connector_of(msgspec.convert(settings, ChannelSettings), core, public_url=url)


async def _serve(connector: Connector, port: int, stack: contextlib.AsyncExitStack) -> None:
    app = web.Application(middlewares=[security_headers, problems], client_max_size=MAX_BODY)
    app.add_routes(connector.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
