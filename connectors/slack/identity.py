"""Who we are in the workspace, and which channel is the agents'. Remembered, so that a start without Slack knows it."""

from __future__ import annotations

import re

import msgspec

from connectors.slack.api import Own, SlackApi
from connectors.slack.settings import SlackSettings
from hub.http import Problem
from hub.store import channel_state
from hub.store.db import Database

_ID = re.compile(r"[CG][A-Z0-9]{7,}")
_OWN, _AGENTS = "own", "agents_channel"


class Identity:
    """`own` and `agents` are None until Slack has said them once."""

    def __init__(self, settings: SlackSettings, api: SlackApi, db: Database) -> None:
        self.own: Own | None = None
        self.agents: str | None = None
        self._settings = settings
        self._api = api
        self._db = db
        self._remembered = False
        self._heard: str | None = None
        if settings.agents_channel and _ID.fullmatch(settings.agents_channel):
            self.agents = settings.agents_channel

    @property
    def user(self) -> str | None:
        """Our user id."""
        return (self.own.user if self.own else None) or self._heard

    def hear(self, user: str | None) -> None:
        """An event says who we are; that serves until Slack has been asked."""
        self._heard = user or self._heard

    async def recall(self) -> None:
        """Reads once what was remembered. Raises one of `AWAY` without a database."""
        if self._remembered:
            return
        async with self._db.connection() as conn:
            own = await channel_state.get(conn, self._settings.name, _OWN)
            agents = await channel_state.get(conn, self._settings.name, self._key)
        self.own = self.own or (msgspec.json.decode(own, type=Own) if own else None)
        self.agents = self.agents or agents
        self._remembered = True

    async def learn(self) -> Own:
        """Asks Slack; raises a `DeliveryError`."""
        await self.recall()
        own = await self._api.auth_test()
        if own != self.own:
            await self._remember(_OWN, msgspec.json.encode(own).decode())
            self.own = own
        if self._settings.agents_channel and self.agents is None:
            agents = await self._api.channel_id(self._settings.agents_channel)
            await self._remember(self._key, agents)
            self.agents = agents
        return own

    def is_agents(self, channel: str) -> bool:
        """Whether a channel is the agents'. While nobody knows which one it is, Slack has to deliver again."""
        if not self._settings.agents_channel:
            return False
        if self.agents is None and not channel.startswith("D"):
            later = "Slack has not said yet which channel the agents' one is; deliver this again"
            raise Problem(503, "Unavailable", later, headers={"Retry-After": "2"})
        return channel == self.agents

    @property
    def _key(self) -> str:
        return f"{_AGENTS}:{self._settings.agents_channel}"

    async def _remember(self, key: str, value: str) -> None:
        async with self._db.connection() as conn:
            await channel_state.put(conn, self._settings.name, key, value)
