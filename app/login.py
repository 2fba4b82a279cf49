"""The routes by which people who work here come in and see each other."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from app.auth import LASTS, Auth
from hub.http import COOKIE, Route, agent_of, answer, body, is_secure, token_of
from hub.store import users
from hub.store.db import Database
from hub.types import Role


class Credentials(Struct, frozen=True):
    """Who wants to come in."""

    email: Annotated[str, Meta(max_length=320)]
    password: Annotated[str, Meta(max_length=1024)]


class Person(Struct, frozen=True):
    """Somebody who works here."""

    id: str
    name: str
    email: str
    roles: tuple[Role, ...]


class LoggedIn(Struct, frozen=True):
    """The token, for `Authorization: Bearer`; browsers get it as a cookie too."""

    token: str
    agent: Person


class Colleague(Person, frozen=True):
    """Somebody who may be given conversations, and whether they are there."""

    online: bool


class Colleagues(Struct, frozen=True):
    """All of them."""

    items: list[Colleague]
    next: str | None = None


class Login:
    """The handlers."""

    def __init__(self, auth: Auth, db: Database) -> None:
        self._auth = auth
        self._db = db

    async def login(self, request: web.Request) -> web.Response:
        given = await body(request, Credentials)
        token, agent = await self._auth.login(given.email, given.password, request.remote or "")
        response = answer(LoggedIn(token, Person(agent.id, agent.name, agent.email, agent.roles)))
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(LASTS.total_seconds()),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=is_secure(request),
        )
        return response

    async def logout(self, request: web.Request) -> web.Response:
        token, _ = token_of(request)
        if token:
            await self._auth.logout(token)
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/")
        return response

    async def me(self, request: web.Request) -> web.Response:
        agent = agent_of(request)
        return answer(Person(agent.id, agent.name, agent.email, agent.roles))

    async def agents(self, request: web.Request) -> web.Response:
        async with self._db.connection() as conn:
            found = await users.all_of(conn, ("agent", "admin"))
        items = [Colleague(who.agent.id, who.agent.name, who.agent.email, who.agent.roles, who.online) for who in found]
        return answer(Colleagues(items))


def routes(auth: Auth, db: Database) -> list[Route]:
    """Coming in, going out, who am I, who is there."""
    login = Login(auth, db)
    return [
        Route(
            method="POST",
            path="/api/v1/login",
            handler=login.login,
            summary="Log in with address and password",
            body=Credentials,
            answers={200: LoggedIn},
            open=True,
            errors=(401, 429),
        ),
        Route(
            method="POST",
            path="/api/v1/logout",
            handler=login.logout,
            summary="Log out; the token is worth nothing afterwards",
            answers={204: None},
            open=True,
        ),
        Route(method="GET", path="/api/v1/me", handler=login.me, summary="Who is logged in", answers={200: Person}),
        Route(
            method="GET",
            path="/api/v1/agents",
            handler=login.agents,
            summary="Those who may be given conversations",
            answers={200: Colleagues},
        ),
    ]
