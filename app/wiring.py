"""The one place that knows all parts and puts them together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.settings import ChannelSettings, LookupSettings, Settings, WebChatSettings
from app.supervisor.hub import url_of
from bot.client import RasaClient
from bot.fallback import SteadyBot
from bot.guesses import Guesses
from bot.lookups import Lookups
from bot.shop import PATH as SHOP
from bot.shop import Shop
from bot.standin import StandIn
from connectors.mail.settings import Closeness, MailSettings
from connectors.rest import Rest
from connectors.slack.settings import SlackSettings
from connectors.telegram.settings import TelegramSettings
from connectors.webchat.connector import WebChat
from connectors.webhook.settings import WebhookSettings
from connectors.wechat.settings import WeChatSettings
from connectors.wecom.settings import WeComSettings
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
from knowledge_base import embedder
from knowledge_base.articles import Articles
from knowledge_base.remembered import RememberingEmbedder
from knowledge_base.service import Knowledge

log = logging.getLogger(__name__)

RoleName = Literal["all", "web", "worker"]


@dataclass(frozen=True)
class Parts:
    """Everything of one process, put together and started."""

    settings: Settings
    db: Database
    bus: Bus
    channels: Channels
    rasa: RasaClient | None
    lookups: Lookups | None
    shop: Shop | None
    intake: Intake
    steps: Steps
    turns: Turns
    outbox: Outbox
    fetching: Fetching
    desk: Desk
    knowledge: Knowledge
    articles: Articles


@contextlib.asynccontextmanager
async def parts(settings: Settings) -> AsyncIterator[Parts]:
    """Makes all parts, and takes them down in the opposite order. Waits for no server."""
    async with contextlib.AsyncExitStack() as stack:
        db = Database(settings.database_url)
        stack.push_async_callback(db.close)
        bus = Bus(settings.redis_url)
        await bus.start()
        stack.push_async_callback(bus.stop)
        channels = Channels()
        lookups, shop = await _lookups(settings, stack)
        steps = Steps(db, bus, channels, TranscriptContexts())
        intake = Intake(db, bus, steps, settings.file.conversation.reopen_within)
        model = await asyncio.to_thread(_embedder, settings)
        slow = isinstance(model, RememberingEmbedder)
        meanwhile = await asyncio.to_thread(embedder.load, embedder.FAST) if slow else None
        knowledge = Knowledge(db, bus, model, meanwhile=meanwhile)
        await knowledge.start()
        stack.push_async_callback(knowledge.stop)
        rasa = RasaClient(settings.rasa_url, settings.rasa_token) if settings.rasa_url else None
        if rasa is not None:
            await rasa.start()
            stack.push_async_callback(rasa.stop)
        stand_in = StandIn(settings.var / "models" / "bot.tar.gz", settings.root / "training_data" / "rules.yml")
        bot = SteadyBot(rasa, stand_in) if rasa is not None else stand_in
        turns = Turns(db, bus, channels, steps, bot, knowledge)
        outbox, desk = Outbox(db, bus, channels), Desk(db, steps, channels)
        core = Core(db, bus, steps, intake, outbox, Replies(db, bus), People(db, bus), desk)
        _add_channels(channels, settings, core, closeness_by(model))
        for connector in channels:
            await connector.start()
            stack.push_async_callback(connector.stop)
        yield Parts(
            settings=settings,
            db=db,
            bus=bus,
            channels=channels,
            rasa=rasa,
            lookups=lookups,
            shop=shop,
            intake=intake,
            steps=steps,
            turns=turns,
            outbox=outbox,
            fetching=Fetching(db, bus, channels),
            desk=desk,
            knowledge=knowledge,
            articles=Articles(db, bus),
        )


async def _lookups(settings: Settings, stack: contextlib.AsyncExitStack) -> tuple[Lookups | None, Shop | None]:
    """The way to the shop's system; where none is set the demo has a shop of its own, in this process."""
    wanted, shop = settings.file.lookups, None
    if wanted is None and settings.demo:
        token = secrets.token_urlsafe()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        wanted, shop = LookupSettings(url_of(f"{host}:{settings.port}") + SHOP, token), Shop(token)
    if wanted is None:
        return None, None
    guesses = Guesses(settings.redis_url)
    stack.push_async_callback(guesses.stop)
    lookups = Lookups(wanted.url, wanted.token, wanted.timeout_seconds, guesses)
    await lookups.start()
    stack.push_async_callback(lookups.stop)
    return lookups, shop


def _add_channels(channels: Channels, settings: Settings, core: Core, closeness: Closeness) -> None:
    public = settings.file.public_url
    for wanted in settings.file.channels:
        channels.add(connector_of(wanted, core, public, closeness))
    channels.add(Rest(settings.file.rest_token, core.db, core.bus, core.intake, public=public is not None))


def _embedder(settings: Settings) -> embedder.Embedder:
    """The model; one that takes its time remembers on the disk what it has encoded."""
    model = embedder.load(settings.file.knowledge_base.embedding_model)
    if isinstance(model, embedder.StaticEmbedder):
        return model
    return RememberingEmbedder(model, settings.var / "vectors")


def closeness_by(model: embedder.Embedder) -> Closeness:
    """How close texts are in what they say, measured by an embedder."""

    async def measured(text: str, others: Sequence[str]) -> Sequence[float]:
        vectors = await asyncio.to_thread(model.encode, [text, *others])
        return [float(vectors[0] @ other) for other in vectors[1:]]

    return measured


def connector_of(
    wanted: ChannelSettings, core: Core, public_url: str | None = None, closeness: Closeness | None = None
) -> Connector:
    """The connector of a channel's settings. `public_url`: what links and webhooks are built from.

    A platform's libraries cost tens of megabytes and half a second: they are loaded where there is such a channel.
    """
    match wanted:
        case WebChatSettings(name, origins):
            return WebChat(name, origins, core.db, core.bus, core.intake, core.steps)
        case TelegramSettings():
            from connectors.telegram.connector import Telegram

            return Telegram(wanted, core, public_url)
        case MailSettings():
            from connectors.mail.connector import Mail

            return Mail(wanted, core, public_url, closeness)
        case WebhookSettings():
            from connectors.webhook.connector import Webhook

            return Webhook(wanted, core)
        case WeChatSettings():
            from connectors.wechat.connector import WeChat

            return WeChat(wanted, core)
        case WeComSettings():
            from connectors.wecom.connector import WeCom

            return WeCom(wanted, core)
        case SlackSettings():
            from connectors.slack.connector import Slack

            return Slack(wanted, core, public_url)


def workers(made: Parts) -> tuple[Runner, ...]:
    """What works through the turns and the outbox."""
    return (
        Runner("turns", made.bus, made.turns.due, made.turns.take),
        Runner("outbox", made.bus, made.outbox.due, made.outbox.drain, concurrency=1000),  # it has slots of its own
        Runner("files", made.bus, made.fetching.due, made.fetching.fetch, concurrency=4),
    )
