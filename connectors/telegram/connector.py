"""The Telegram channel: updates in by webhook or by polling, messages out."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, Literal

import msgspec
from aiohttp import web
from telegram.error import ChatMigrated

from connectors.telegram.addressing import Unnamed
from connectors.telegram.client import Api, SentMessage, words
from connectors.telegram.intake import Taking
from connectors.telegram.pace import Pace
from connectors.telegram.polling import Polling
from connectors.telegram.registration import Registration
from connectors.telegram.sending import LIMITS, Sending, at
from connectors.telegram.settings import TelegramSettings
from connectors.telegram.updates import Place, Pressed, Raw, parse, read
from connectors.watch import Watch
from connectors.webhooks import guarded
from hub.connector import File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.ending import end
from hub.errors import AuthFailed, DeliveryError, Transient, Unauthenticated
from hub.http import Problem
from hub.types import Channel

log = logging.getLogger(__name__)

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class Telegram:
    """One bot of Telegram's."""

    delivery: Literal["pull", "push"] = "push"
    idempotent = False  # the Bot API knows no key by which it would recognise a message that it has
    limits: Limits = LIMITS

    def __init__(self, settings: TelegramSettings, core: Core, public_url: str | None) -> None:
        """`public_url`: where Telegram reaches us; without one it is not told to call."""
        self.channel = Channel(settings.name, "telegram")
        self._settings = settings
        self._api = Api(settings)
        self._pace = Pace()
        self._outbox = core.outbox
        self._sending = Sending(settings.name, self._api, core.db)
        self._taking = Taking(settings, core)
        self._registration = Registration(settings, self._api, core.db, public_url)
        self._watch = Watch(settings.name, self._check)
        self._polling = Polling(settings.name, self._api, core.db, self._take, self._watch.look_again)
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> Iterable[web.RouteDef]:
        """The webhook; a channel that polls has none."""
        if self._settings.mode == "webhook":
            path = f"/channels/{self.channel.name}/webhook"
            yield web.post(path, guarded(self.channel.name, self._webhook))

    async def start(self) -> None:
        """Begins to look whether Telegram is there, and to ask for updates where that is wanted."""
        self._watch.start()
        if self._settings.mode == "polling":
            self._aside(self._polling.run())

    async def stop(self) -> None:
        """Ends both."""
        await self._watch.stop()
        await end(*self._tasks)
        await self._api.close()

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Sends one part; to a group that has become another one meanwhile, there."""
        place = Place.of(to.id)
        if await self._pace.turn(place.chat, to.id):
            await self._outbox.look_again(part)
        try:
            sent = await self._send(place, part, to.replies_to)
        except (AuthFailed, TimeoutError):
            self._watch.look_again()
            raise
        return Sent(str(sent.message_id))

    async def _send(self, place: Place, part: Part, replies_to: str | None) -> SentMessage:
        try:
            return await self._sending.send(place, part, replies_to)
        except ChatMigrated as moved:
            await self._taking.move(place.chat, str(moved.new_chat_id))
            there = at(place, moved.new_chat_id)
        try:
            return await self._sending.send(there, part, None)
        except ChatMigrated:
            raise Transient("the group moves again and again") from None

    async def fetch(self, handle: str) -> File:
        """Fetches a file by Telegram's name for it; what it is called, its message says."""
        return File("", "", await self._api.download(handle))

    async def health(self) -> Health:
        """As it was found last."""
        return self._watch.health

    async def _check(self) -> str:
        detail = await self._registration.check()
        if self._polling.trouble is not None:
            raise Transient(self._polling.trouble)
        return detail

    async def _webhook(self, request: web.Request) -> web.Response:
        sent = request.headers.get(SECRET, "")
        wanted = self._settings.secret_token or ""
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), wanted.encode()) or not wanted:
            raise Unauthenticated(f"{SECRET}: missing, or not this channel's secret_token")
        body = await request.read()
        await self._take(read(body), body)
        return web.Response()

    async def _take(self, raw: Raw, body: bytes | None = None) -> None:
        """Takes one update in; returns once it is stored. Raises `InvalidRequest` for what is none."""
        me = self._registration
        try:
            event = parse(raw, self.channel.name, me.bot, me.username)
        except Unnamed:
            event = parse(raw, self.channel.name, me.bot, await self._name())
        if event is None:
            log.debug("%s: an update of no interest: %.100r", self.channel.name, sorted(set(raw) - {"update_id"}))
            return
        if not isinstance(event, Pressed):
            await self._taking.take(event, body or msgspec.json.encode(raw))
            return
        button = await self._sending.pressed(event.message.sender, event.data)
        shown = await self._taking.press(event, button)
        self._aside(self._acknowledge(event.query, shown))

    async def _name(self) -> str:
        try:
            return await self._registration.learn()
        except (DeliveryError, TimeoutError) as error:
            again = "Telegram has not said yet what the bot is called; deliver this again"
            raise Problem(503, "Unavailable", again, headers={"Retry-After": "2"}) from error

    async def _acknowledge(self, query: str, text: str | None) -> None:
        """Ends the waiting that Telegram shows on a pressed button. Nothing is lost where that fails."""
        try:
            await self._api.call("answerCallbackQuery", bool, {"callback_query_id": query, "text": text})
        except (DeliveryError, TimeoutError) as error:
            log.info("%s: a press could not be acknowledged: %s", self.channel.name, words(error))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s: work in the background has failed", self.channel.name, exc_info=task.exception())
