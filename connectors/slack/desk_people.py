"""Which of the people who work here somebody in Slack is: known by their address. And whether they are there."""

from __future__ import annotations

import asyncio
import logging
import time

from connectors.slack.api import SlackApi, User
from connectors.slack.desk_texts import say
from connectors.slack.identity import Identity
from hub.bus import Bus
from hub.errors import DeliveryError, HubError, Rejected
from hub.store import thread_inbox, users
from hub.store.db import AWAY, Database
from hub.types import Agent, Language

log = logging.getLogger(__name__)

KEPT = 300.0
"""Seconds for which somebody's address is not asked for again."""

EVERY = 60.0
"""Seconds between two looks at who is there."""


class Stranger(HubError):
    """Somebody who may do nothing here; the message is for them and says what to do."""


class Colleagues:
    """Agents by their ids in Slack, and the other way round."""

    def __init__(
        self, channel: str, db: Database, bus: Bus, api: SlackApi, identity: Identity, language: Language
    ) -> None:
        self._channel = channel
        self._db = db
        self._bus = bus
        self._api = api
        self._identity = identity
        self._language = language
        self._known: dict[str, tuple[float, User]] = {}
        self._ids: dict[str, tuple[float, str | None]] = {}

    async def agent(self, user: str) -> Agent:
        """Who works here as this user of Slack's, and has just given a sign of life.

        Raises `Stranger`, or a `DeliveryError` where Slack has to be asked and does not answer.
        """
        found = await self._user(user)
        own = self._identity.own or await self._identity.learn()  # nobody is let in because we know too little
        if found.teams and own.team and own.team not in found.teams:
            raise Stranger(say("outsider", self._language))
        email = found.email
        if not email:
            self._known.pop(user, None)
            raise Stranger(say("no_email", self._language))
        async with self._db.connection() as conn:
            agent = await users.find(conn, email)
            if agent is None:
                self._known.pop(user, None)  # it may be mended in Slack as well as here
                raise Stranger(say("stranger", self._language, email=email))
            if not {"agent", "admin"} & set(agent.roles):
                raise Stranger(say("no_agent", self._language, email=email))
        await self._seen(agent.id)
        return agent

    async def names(self, ids: set[str]) -> dict[str, str]:
        """What some users are called, as far as Slack says it."""
        found: dict[str, str] = {}
        for id in ids:
            try:
                found[id] = (await self._user(id)).name
            except Rejected:
                log.info("%s: Slack does not know somebody who is mentioned", self._channel)
        return found

    async def keep_awake(self) -> None:
        """Agents who are active in Slack count as there, so that nobody takes them for gone while they wait for an
        answer. Goes on until it is cancelled.
        """
        while True:
            try:
                async with self._db.connection() as conn:
                    silent = await thread_inbox.owners(conn, self._channel, EVERY / 2)
                for id, email in silent:
                    if await self._is_active(email):
                        await self._seen(id)
            except (DeliveryError, *AWAY) as error:
                log.info("%s: who is there could not be looked at: %s", self._channel, error)
            await asyncio.sleep(EVERY)

    async def _is_active(self, email: str) -> bool:
        at, id = self._ids.get(email, (-KEPT, None))
        if time.monotonic() - at > KEPT:
            try:
                found = await self._api.asked(self._api.client.users_lookupByEmail(email=email))
                id = str((found.get("user") or {}).get("id") or "") or None
            except Rejected:
                id = None  # they have no account under this address
            self._ids[email] = (time.monotonic(), id)
        if id is None:
            return False
        return (await self._api.asked(self._api.client.users_getPresence(user=id))).get("presence") == "active"

    async def _user(self, id: str) -> User:
        at, user = self._known.get(id, (-KEPT, None))
        if user is None or time.monotonic() - at > KEPT:
            user = await self._api.user(id)
            self._known[id] = (time.monotonic(), user)
        return user

    async def _seen(self, agent: str) -> None:
        async with self._db.connection() as conn:
            came = await users.seen(conn, agent)
        if came:
            self._bus.signal("presence", agent, "online")
