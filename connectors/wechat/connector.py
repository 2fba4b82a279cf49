"""The WeChat Official Account channel."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Literal

from aiohttp import web

from connectors.watch import Watch
from connectors.webhooks import guarded
from connectors.wechat.api import Api
from connectors.wechat.envelope import Envelope
from connectors.wechat.menu import keep_menu
from connectors.wechat.messages import AFTER_EVENT, Followed, Left, Other, Scanned, text_reply, understand, withheld
from connectors.wechat.sending import Sending
from connectors.wechat.settings import LONGEST_TEXT, WeChatSettings
from hub.connector import File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.ending import end
from hub.errors import AuthFailed, Deferred, Transient, Unsupported
from hub.http import Problem
from hub.render import utf8
from hub.store import conversations
from hub.store.db import AWAY
from hub.types import Channel, InboundMessage, Language, Receipt

log = logging.getLogger(__name__)

MAX_BODY = 512 * 1024
HOLD = 5.0
PATIENCE = 4.5
"""Seconds: how long WeChat waits for an answer to a push, and how much of that is ours."""

GIVEN_UP = 6.0
"""Seconds after which WeChat surely waits no longer."""

THIRD = 7.5
"""Seconds behind a message from which its delivery must be the third and last: they come 5 seconds apart."""

_USUAL = frozenset({"view", "view_miniprogram", "location", "templatesendjobfinish", "masssendjobfinish"})
"""Events that come often and are of no use to us."""

_LATER: dict[Language, str] = {
    "zh": "我还在找答案。请稍后再发一条消息，我会连同答案一起回复您。",
    "en": "I am still looking for the answer. Please write again in a moment, and you will have it.",
}


class WeChat:
    """One Official Account: pushes come in, answers go back within them or by the customer-service API."""

    delivery: Literal["pull", "push"] = "push"
    idempotent = False
    limits = Limits(text=LONGEST_TEXT, measure=utf8)

    def __init__(self, settings: WeChatSettings, core: Core) -> None:
        self.channel = Channel(settings.name, "wechat")
        self._settings = settings
        self._core = core
        self._envelope = Envelope(settings.token, settings.key, settings.app_id)
        self._api = Api(settings, core.db)
        self._sending = Sending(self._api, core.db)
        self._watch = Watch(settings.name, self._api.check)
        self._tries = Tries()
        self._menu: asyncio.Task[None] | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """Where WeChat delivers, and asks first whether it may."""
        path = f"/channels/{self.channel.name}/webhook"
        yield web.get(path, guarded(self.channel.name, self._echo), allow_head=False)
        yield web.post(path, guarded(self.channel.name, self._push))

    async def start(self) -> None:
        """Begins to look after the token and the menu; waits for neither."""
        await self._api.start()
        self._watch.start()
        if self._settings.menu:
            self._menu = asyncio.create_task(keep_menu(self._settings, self._core.db, self._api))

    async def stop(self) -> None:
        """Ends that."""
        if self._menu is not None:
            await end(self._menu)
        await self._watch.stop()
        await self._api.stop()

    async def health(self) -> Health:
        """Whether an access token could be got."""
        return self._watch.health

    # In --------------------------------------------------------------------------------------------------------------

    async def _echo(self, request: web.Request) -> web.Response:
        return web.Response(text=self._envelope.echo(request.query))

    async def _push(self, request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        if (request.content_length or 0) > MAX_BODY:
            raise Problem(413, "Too large", f"a push has at most {MAX_BODY // 1024} KB")
        body = self._envelope.open(request.query, await request.read())
        meaning, fields = understand(self.channel.name, body, HOLD)
        people, channel = self._core.people, self.channel.name
        match meaning:
            case InboundMessage():
                return await self._answer(request, began, meaning, fields)
            case Followed(customer, scene):
                if scene:
                    await people.describe(channel, customer, {"scene": scene})
                await people.reachable(channel, customer, AFTER_EVENT)
                if greeting := self._settings.greeting:
                    return self._reply(fields, greeting)
            case Scanned(customer, scene):
                await people.describe(channel, customer, {"scene": scene})
                await people.reachable(channel, customer, AFTER_EVENT)
            case Left(customer):
                await people.unreachable(channel, customer, "unsubscribed")
                await people.wants_erasure(channel, customer)
            case Other(kind):
                level = logging.DEBUG if kind in _USUAL else logging.INFO
                log.log(level, "%s: nothing to do for the event %.40r", channel, kind)
        return _success()

    async def _answer(
        self, request: web.Request, began: float, message: InboundMessage, fields: Mapping[str, str]
    ) -> web.StreamResponse:
        """Stores a message, and answers it in this request if the words come in time."""
        receipt = await self._core.intake.receive(message)
        if message.window is None and not receipt.duplicate:  # from the menu: that may only lengthen a window
            await self._core.people.reachable(message.channel, message.sender, AFTER_EVENT)
        if (remark := withheld(message, fields)) is not None:
            await self._core.intake.remark(message.channel, message.sender, f"withheld-{message.external_id}", remark)
        tries = self._tries.count(message)
        left = PATIENCE - (time.monotonic() - began)
        try:
            async with self._core.replies.reply(
                receipt, self.limits, max(0.0, left), whatever=True, together=self._settings.passive_only
            ) as part:
                if part is not None:
                    return await _written(request, self._reply(fields, part.text))
        except AWAY as error:  # stored all the same; what WeChat no longer took goes the usual way
            log.info("%s: a reply could not be carried back (%s)", self.channel.name, type(error).__name__)
            return _success()
        if self._settings.passive_only and time.monotonic() - began >= PATIENCE:
            return await self._not_yet(began, tries, message, receipt, fields)
        return _success()

    async def _not_yet(
        self, began: float, tries: int, message: InboundMessage, receipt: Receipt, fields: Mapping[str, str]
    ) -> web.Response:
        """No words in time, and no other way to send them: WeChat is made to deliver again, as often as it does."""
        written = message.sent_at.timestamp() if message.sent_at else 0.0
        if tries < 3 and time.time() - written < THIRD:
            await asyncio.sleep(max(0.0, began + GIVEN_UP - time.monotonic()))
            return _success()  # nobody is there to read it
        async with self._core.db.connection() as conn:
            language = (await conversations.get(conn, receipt.conversation)).language
        return self._reply(fields, _LATER[language])

    def _reply(self, fields: Mapping[str, str], text: str) -> web.Response:
        sealed = self._envelope.seal(text_reply(fields, text, int(time.time())))
        return web.Response(body=sealed, content_type="application/xml", charset="utf-8")

    async def fetch(self, handle: str) -> File:
        """A file that a customer sent; WeChat keeps it for three days."""
        kind, _, media = handle.partition(":")
        return await self._api.download(kind, media)

    # Out -------------------------------------------------------------------------------------------------------------

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Sends a customer-service message. WeChat takes no key, and tells no id."""
        if self._settings.passive_only:
            if part.files:
                raise Unsupported("without the right to customer-service messages WeChat carries no files")
            raise Deferred("the account may only answer: this goes out when the customer writes next")
        try:
            await self._sending.send(to.id, part)
        except (Transient, AuthFailed):
            self._watch.look_again()
            raise
        return Sent()


class Tries:
    """How often each message was delivered to this process, of the last ones."""

    def __init__(self, most: int = 2000) -> None:
        self._most = most
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()

    def count(self, message: InboundMessage) -> int:
        """Counts one more delivery."""
        key = (message.sender, message.external_id)
        self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > self._most:
            self._counts.popitem(last=False)
        return self._counts[key]


async def _written(request: web.Request, response: web.Response) -> web.Response:
    """The response, once it is on its way; raises `ConnectionError` where WeChat has given the request up."""
    await response.prepare(request)
    await response.write_eof()
    return response


def _success() -> web.Response:
    return web.Response(text="success")
