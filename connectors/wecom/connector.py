"""The channel of WeCom customer service (微信客服): callbacks say that there is something, it is pulled, we answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Literal

from aiohttp import web

from connectors.watch import Watch
from connectors.webhooks import guarded
from connectors.wechat.envelope import Envelope
from connectors.wechat.messages import fields_of
from connectors.wecom.api import Api
from connectors.wecom.pulling import Pulling
from connectors.wecom.sending import LIMITS, Sending
from connectors.wecom.settings import ACCOUNT, WeComSettings
from connectors.wecom.taking import Taking
from hub.connector import File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.ending import end
from hub.errors import InvalidRequest
from hub.http import Problem
from hub.types import Channel

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024


class WeCom:
    """The customer service accounts of one company."""

    delivery: Literal["pull", "push"] = "push"
    idempotent = True  # WeCom refuses a msgid that the account has already
    limits: Limits = LIMITS

    def __init__(self, settings: WeComSettings, core: Core) -> None:
        self.channel = Channel(settings.name, "wecom")
        self._accounts = settings.accounts
        self._envelope = Envelope(settings.token, settings.key, settings.corp_id)
        self._api = Api(settings, core.db)
        self._sending = Sending(self._api, core.db)
        self._pulling = Pulling(settings, core.db, self._api, Taking(settings, core, self._api))
        self._watch = Watch(settings.name, self._api.check)
        self._task: asyncio.Task[None] | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """Where WeCom calls back, and asks first whether it may."""
        path = f"/channels/{self.channel.name}/webhook"
        yield web.get(path, guarded(self.channel.name, self._echo), allow_head=False)
        yield web.post(path, guarded(self.channel.name, self._callback))

    async def start(self) -> None:
        """Begins to look after WeCom and to pull; waits for neither."""
        await self._api.start()
        self._watch.start()
        self._task = asyncio.create_task(self._pulling.run())

    async def stop(self) -> None:
        """Ends both."""
        if self._task is not None:
            await end(self._task)
        await self._watch.stop()
        await self._api.stop()

    async def health(self) -> Health:
        """Whether customer service can be used, and its accounts are there."""
        return self._watch.health

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Sends one part."""
        return Sent(await self._sending.send(to.id, part))

    async def fetch(self, handle: str) -> File:
        """A file that a customer sent; WeCom keeps it for three days."""
        return await self._api.download(handle)

    async def _echo(self, request: web.Request) -> web.Response:
        return web.Response(text=self._envelope.echo(request.query))

    async def _callback(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > MAX_BODY:
            raise Problem(413, "Too large", f"a callback has at most {MAX_BODY // 1024} KB")
        fields = fields_of(self._envelope.open(request.query, await request.read()))
        if not fields.get("MsgType"):
            raise InvalidRequest("MsgType: missing")
        if fields.get("Event", "").lower() != "kf_msg_or_event":
            log.info("%s: nothing to do for the event %.40r", self.channel.name, fields.get("Event", ""))
            return _taken()
        account = fields.get("OpenKfId", "")
        if account and not ACCOUNT.fullmatch(account):
            raise InvalidRequest("OpenKfId: no account's id")
        for wanted in (account,) if account else self._accounts:  # old callbacks name none
            if self._pulling.serves(wanted):
                await self._pulling.remember(wanted, fields.get("Token", ""), _created(fields.get("CreateTime", "")))
        return _taken()


def _created(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else time.time()


def _taken() -> web.Response:
    return web.Response(text="success")
