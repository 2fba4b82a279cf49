"""The agents' side behind a real HTTP server, on the real core and database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher

from app import login, openapi
from app.auth import Auth, Passwords
from app.middlewares import authenticating, problems, security_headers
from app.users import add_user
from handoff import api
from handoff.cases import Cases
from handoff.cases_api import CasesApi
from handoff.desk import Desk
from handoff.feed import Feed
from handoff.presence import Presence
from hub.connector import Channels
from hub.types import Agent, Role
from tests.hub.house import House, open_house

PASSWORD = "correct horse battery"
PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))  # cheap, not safe
Json = Any


@dataclass
class Office:
    """A running server, and the house behind it."""

    house: House
    server: TestServer
    client: ClientSession
    auth: Auth
    feed: Feed
    channels: Channels

    async def hire(self, name: str, *roles: Role) -> Agent:
        """Somebody who can log in as `name@example.com`."""
        return await add_user(
            self.house.db, PASSWORDS, f"{name}@example.com", name.title(), PASSWORD, roles or ("agent",)
        )

    async def call(
        self, method: str, path: str, body: Json = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Json]:
        """One call of the API; answers the status and the decoded body."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.client.request(
            method, self.server.make_url(f"/api/v1{path}"), json=body, headers=headers
        ) as response:
            if response.status >= 400:
                assert response.content_type == "application/problem+json", await response.text()
            return response.status, await response.json(content_type=None) if response.status != 204 else None

    async def login(self, name: str) -> str:
        """A token of somebody who was hired."""
        status, body = await self.call("POST", "/login", {"email": f"{name}@example.com", "password": PASSWORD})
        assert status == 200, body
        token: str = body["token"]
        return token

    async def worker(self, name: str, *roles: Role) -> tuple[Agent, str]:
        """Somebody hired and logged in."""
        return await self.hire(name, *roles), await self.login(name)

    async def waiting(self, text: str = "a human, please", sender: str = "ann", channel: str = "web") -> str:
        """A conversation in the queue."""
        receipt = await self.house.say(text, sender=sender, channel=channel)
        await self.house.turns.take(receipt.conversation)
        return receipt.conversation

    @contextlib.asynccontextmanager
    async def following(self, token: str | None, after: str | None = None) -> AsyncIterator[ClientWebSocketResponse]:
        """A feed socket after its hello."""
        async with self.client.ws_connect(self.server.make_url("/api/v1/feed")) as ws:
            await ws.send_json({"type": "hello", "token": token, "after": after})
            yield ws


@contextlib.asynccontextmanager
async def open_office(database_url: str) -> AsyncIterator[Office]:
    """The office, on a migrated and empty database."""
    async with open_house(database_url) as house:
        auth, presence = Auth(house.db, PASSWORDS), Presence(house.db, house.bus)
        channels = Channels()
        channels.add(house.pull)
        channels.add(house.push)
        feed = Feed(house.db, house.bus, auth.agent, presence)
        routes = [
            *login.routes(auth, house.db),
            *api.routes(Desk(house.db, house.steps, channels), house.db, house.bus, channels),
            *CasesApi(Cases(house.db, house.steps, channels), house.db, channels).routes(),
            *feed.routes(),
        ]
        app = web.Application(middlewares=[security_headers, problems, authenticating(auth, presence)])
        app.add_routes([route.definition() for route in [*routes, openapi.route(routes, "0")]])
        await feed.start()
        server = TestServer(app)
        await server.start_server()
        try:
            async with ClientSession() as client:
                yield Office(house, server, client, auth, feed, channels)
        finally:
            await feed.stop()
            await server.close()
