"""The Slack channel: events in over HTTP or Socket Mode, messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Literal

import msgspec
from aiohttp import web

from connectors.slack import events, signature
from connectors.slack.api import SlackApi
from connectors.slack.customers import Customers
from connectors.slack.desk import AgentsDesk
from connectors.slack.events import SharedFile
from connectors.slack.identity import Identity
from connectors.slack.inbox import Inbox
from connectors.slack.names import Names
from connectors.slack.sending import LIMITS, Sending
from connectors.slack.settings import SlackSettings
from connectors.slack.socket import Socket
from connectors.watch import Watch
from connectors.webhooks import guarded
from hub.alone import alone
from hub.connector import File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.ending import end
from hub.errors import Rejected, Transient
from hub.types import Channel


class Slack:
    """One app in one workspace. What happens in the agents' channel goes to their side, never to the customers'."""

    delivery: Literal["pull", "push"] = "push"
    idempotent = True
    limits: Limits = LIMITS

    def __init__(self, settings: SlackSettings, core: Core, public_url: str | None = None) -> None:
        self.channel = Channel(settings.name, "slack")
        self.api = SlackApi(settings.bot_token, settings.api_base_url)
        self.identity = Identity(settings, self.api, core.db)
        self._settings = settings
        self._core = core
        self._names = Names(settings.name, core, self.api)
        self._customers = Customers(settings.name, core, self.api, self.identity, self._names)
        self._agents: AgentsDesk | None = None
        if settings.agents_channel:
            self._agents = AgentsDesk(settings, core, self.api, self.identity, public_url)
        self._inbox = Inbox(settings.name, self.identity, self._customers, self._agents)
        self._sending = Sending(self.api, core.db, core.outbox)
        self._watch = Watch(settings.name, self._check)
        self._socket: Socket | None = None
        if settings.app_token:
            self._socket = Socket(
                settings.name, self.api, settings.app_token, core.db, self._inbox.take, self._watch.look_again
            )
        self._connected: asyncio.Task[None] | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """Where Slack delivers; without a signing secret nothing could be believed, so there is no such place."""
        if self._settings.signing_secret:
            yield web.post(f"/channels/{self.channel.name}/webhook", guarded(self.channel.name, self._webhook))

    async def start(self) -> None:
        """Begins to look whether Slack is there, and connects to it where that is wanted."""
        await self.api.start()
        self._names.start()
        self._watch.start()
        if self._agents is not None:
            await self._agents.start()
        if self._socket is not None:
            self._connected = asyncio.create_task(
                alone(self._core.db, self.channel.name, "socket", self._socket.run), name=f"{self.channel.name}: socket"
            )

    async def stop(self) -> None:
        """Ends all of it."""
        if self._connected is not None:
            await end(self._connected)
        if self._agents is not None:
            await self._agents.stop()
        await self._watch.stop()
        await self._customers.stop()
        await self._names.stop()
        await self.api.stop()

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Posts one part; where it may have arrived before, only if Slack does not have it."""
        if part.again and self.identity.own is None:
            await self.identity.recall()  # a process that has only just begun knows its own files, too
        return await self._sending.send(to, part, self.identity.own)

    async def fetch(self, handle: str) -> File:
        """Fetches a file that was shared; one from another workspace has to be asked for first."""
        file = msgspec.json.decode(handle, type=SharedFile)
        if file.url is None:
            file = events.shared(await self.api.file(file.id))
        if file.url is None:
            raise Rejected("Slack does not hand the file out")
        return await self.api.download(file.url, file.name, file.mimetype)

    async def health(self) -> Health:
        """As it was found last, and of Slack and the agents' channel the one that has something wrong with it."""
        health = self._watch.health
        return self._agents.health if health.ok and self._agents is not None and not self._agents.health.ok else health

    async def _check(self) -> str:
        own = await self.identity.learn()
        if self._socket is not None and (trouble := await self._socket.trouble()) is not None:
            raise Transient(f"Socket Mode: {trouble}")
        lacks = f"; the app lacks the permissions {', '.join(sorted(self.api.missing))}" if self.api.missing else ""
        return f"user {own.user} in workspace {own.team}{lacks}"

    async def _webhook(self, request: web.Request) -> web.Response:
        raw = await request.read()
        signature.verify(self._settings.signing_secret or "", request.headers, raw)
        form = request.content_type == "application/x-www-form-urlencoded"
        text = await self._inbox.take(events.body(raw, form=form))
        return web.Response(text=text, content_type="application/json" if text.startswith("{") else "text/plain")
