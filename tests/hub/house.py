"""A small house for tests: the real core and database, a scripted bot, a channel that can be told to fail."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from handoff.context import TranscriptContexts
from handoff.desk import Desk
from hub.bus import Bus
from hub.connector import Channels, File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.fetching import Fetching
from hub.intake import Intake
from hub.outbox import Outbox
from hub.people import People
from hub.replies import Replies
from hub.steps import Steps
from hub.store.db import Database
from hub.turns import Turns
from hub.types import (
    BotReply,
    BotTurn,
    Channel,
    Complaint,
    Decision,
    Dialogue,
    Handoff,
    Hit,
    InboundMessage,
    Language,
    Message,
    Miss,
    Receipt,
    Say,
    Search,
    TakeBack,
)

HIT = Hit("returns-window", 3, "en", 0.9, "Returns", "How long can I return?", "You have 14 days.")


class ScriptedBot:
    """Does what the customer's words name; everything else is searched."""

    def __init__(self) -> None:
        self.asked: list[BotTurn] = []
        self.error: Exception | None = None

    async def respond(self, turn: BotTurn) -> BotReply:
        self.asked.append(turn)
        if self.error is not None:
            raise self.error
        if "never mind" in turn.text:
            return BotReply(effects=(Say("We leave it at that."), TakeBack()), intent="stop", confidence=0.9)
        if "nobody" in turn.text:
            return BotReply(effects=(TakeBack(),), intent="take_back", confidence=0.9)
        if "smoke" in turn.text:
            return BotReply(effects=(Say("Keep away!"), Handoff("safety", priority=2)), intent="danger", confidence=0.9)
        if "useless" in turn.text:
            return BotReply(effects=(Miss(),), intent="not_helpful", confidence=0.9)
        if "complaint" in turn.text:
            filed = Complaint({"what": turn.text})
            return BotReply(effects=(Say("Filed as {reference}."), filed), intent="complaint", confidence=0.9)
        if "form" in turn.text:
            return BotReply(effects=(Say("Which order?"),), intent="form", dialogue=Dialogue("a_form", "order"))
        if "human" in turn.text:
            return BotReply(effects=(Handoff("asked"),), intent="ask_human", confidence=0.9)
        if "and for" in turn.text:
            return BotReply(effects=(Search(follow_up=True),), intent="follow_up", confidence=0.9)
        if "hello" in turn.text:
            return BotReply(effects=(Say("Hello!"),), intent="greet", confidence=0.9)
        return BotReply(
            effects=(Search(),), intent="question", confidence=0.8, dialogue=Dialogue(slots={"order": "A1"})
        )

    async def ready(self) -> tuple[bool, str]:
        return True, ""


class ScriptedKnowledge:
    """Knows about returns, is unsure about phones, and nothing else."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fetched: list[Language] = []

    async def decide(self, text: str, language: Language, version: int) -> Decision:
        self.asked.append(text)
        if "shouji" in text:  # a phone, in pinyin
            return Decision("clarify", (HIT,), "zh")
        if "aiqing" in text:  # love
            return Decision("abstain", (HIT,), "zh")
        if "return" in text.lower():
            return Decision("answer", (HIT,), language)
        return Decision("clarify" if "phone" in text else "abstain", (HIT,), language)

    async def fetch(self, article: str, language: Language, version: int) -> Hit | None:
        self.fetched.append(language)
        return HIT if article == HIT.article else None


@dataclass
class TestChannel:
    """A channel that notes what it is given, after raising what it is told to raise."""

    __test__ = False
    channel: Channel
    delivery: Literal["pull", "push"]
    idempotent: bool = False
    limits: Limits = field(default_factory=lambda: Limits(text=1000))
    sent: list[tuple[str, Message]] = field(default_factory=list)
    parts: list[tuple[Recipient, Part]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    files: dict[str, File | Exception] = field(default_factory=dict)

    def routes(self) -> Iterable[web.RouteDef]:
        return ()

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, to: Recipient, part: Part) -> Sent:
        if self.errors:
            raise self.errors.pop(0)
        self.parts.append((to, part))
        if part.last:
            self.sent.append((to.id, part.message))
        return Sent(f"platform-{part.message.id}")

    async def fetch(self, handle: str) -> File:
        found = self.files[handle]
        if isinstance(found, Exception):
            raise found
        return found

    async def health(self) -> Health:
        return Health(True)


@dataclass
class House:
    """All parts of the core, wired as `app` wires them."""

    db: Database
    bus: Bus
    bot: ScriptedBot
    pull: TestChannel
    push: TestChannel
    steps: Steps
    intake: Intake
    turns: Turns
    outbox: Outbox
    fetching: Fetching
    channels: Channels
    core: Core
    knowledge: ScriptedKnowledge

    async def say(self, text: str, *, sender: str = "ann", channel: str = "web", id: str | None = None) -> Receipt:
        """A customer's message comes in."""
        external = id or str(uuid.uuid4())
        return await self.intake.receive(
            InboundMessage(channel=channel, sender=sender, scope=sender, external_id=external, id=external, text=text)
        )

    async def agent(self, name: str) -> str:
        """Somebody who works here; answers their id."""
        async with self.db.connection() as conn:
            await conn.execute(
                "insert into users (id, email, name, password_hash, roles) values ($1, $1, $1, '', '{agent}') "
                "on conflict do nothing",
                name,
            )
        return name


@contextlib.asynccontextmanager
async def open_house(database_url: str) -> AsyncIterator[House]:
    """The house, on a migrated and empty database."""
    db, bus, bot, knowledge = Database(database_url), Bus(None), ScriptedBot(), ScriptedKnowledge()
    channels = Channels()
    pull = TestChannel(Channel("web", "webchat"), "pull")
    push = TestChannel(Channel("tg", "telegram"), "push")
    channels.add(pull)
    channels.add(push)
    steps = Steps(db, bus, channels, TranscriptContexts())
    intake = Intake(db, bus, steps)
    turns = Turns(db, bus, channels, steps, bot, knowledge)
    await db.open()
    try:
        outbox = Outbox(db, bus, channels)
        core = Core(db, bus, steps, intake, outbox, Replies(db, bus), People(db, bus), Desk(db, steps, channels))
        fetching = Fetching(db, bus, channels)
        yield House(db, bus, bot, pull, push, steps, intake, turns, outbox, fetching, channels, core, knowledge)
    finally:
        await db.close()
