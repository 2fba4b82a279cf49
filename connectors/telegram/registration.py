"""Who the bot is, and that Telegram knows where to deliver; looked at again and again."""

from __future__ import annotations

import contextlib
import time
from urllib.parse import urlsplit

from connectors.telegram.client import Api, Me, WebhookInfo
from connectors.telegram.settings import TelegramSettings
from connectors.telegram.updates import KINDS
from hub.errors import DeliveryError, Transient
from hub.store import channel_state
from hub.store.db import AWAY, Database

CONNECTIONS = 4
"""How many deliveries Telegram makes at once. Few: what comes side by side can pass each other."""

RECENT = 300.0
"""Seconds for which a delivery that failed is worth a word."""


class Registration:
    """`bot` is the bot's number; `username` is None until Telegram has said it, to this process or to one before."""

    def __init__(self, settings: TelegramSettings, api: Api, db: Database, public_url: str | None) -> None:
        self._settings = settings
        self._api = api
        self._db = db
        self._url = f"{public_url.rstrip('/')}/channels/{settings.name}/webhook" if public_url else None
        self._registered = False
        self.bot = settings.bot
        self.username: str | None = None

    async def check(self) -> str:
        """A few words about how the bot is; raises a `DeliveryError` where it cannot be used."""
        me = await self._api.call("getMe", Me)
        self.bot = me.id
        if me.username != self.username:
            self.username = me.username
            async with self._db.connection() as conn:
                await channel_state.put(conn, self._settings.name, "username", me.username)
        return f"@{me.username}{await self._webhook() if self._settings.mode == 'webhook' else ''}"

    async def learn(self) -> str:
        """The bot's user name; raises as `Api` does where it is not known and cannot be asked for."""
        with contextlib.suppress(*AWAY):
            async with self._db.connection() as conn:
                self.username = await channel_state.get(conn, self._settings.name, "username")
        if self.username is None:
            await self.check()
        return self.username or ""

    async def _webhook(self) -> str:
        if self._url is None:
            return "; no public_url is set, so Telegram is not told to deliver: set it, or mode: polling"
        if not self._registered:
            await self._register()
            return ""
        try:
            info = await self._api.call("getWebhookInfo", WebhookInfo)
        except (DeliveryError, TimeoutError):
            return ""  # it was only to be asked how things go
        if not info.url:
            await self._register()
        elif info.url != self._url:
            other = urlsplit(info.url).hostname
            raise Transient(f"Telegram now delivers to {other}; give this channel a bot of its own, or start it anew")
        failed = time.time() - info.last_error_date < RECENT
        return f"; Telegram could not deliver: {info.last_error_message}" if failed else ""

    async def _register(self) -> None:
        wanted = {
            "url": self._url,
            "secret_token": self._settings.secret_token,
            "allowed_updates": list(KINDS),
            "max_connections": CONNECTIONS,
            "drop_pending_updates": False,
        }
        await self._api.call("setWebhook", bool, wanted)
        self._registered = True
