"""The knowledge base over HTTP, behind the product's own log-in and problem documents."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app import openapi
from app.auth import Auth, Passwords
from app.middlewares import authenticating, problems
from app.users import add_user
from handoff.presence import Presence
from hub.bus import Bus
from hub.http import Route
from hub.types import Role
from knowledge_base import api, importer
from tests.knowledge_base_service.desk import RETURNS, Desk

PASSWORD = "correct horse battery"
PASSWORDS = Passwords()
EN = {"title": "Returns", "questions": [RETURNS], "answer": "Fourteen days."}
ZH = {"title": "退货期限", "questions": ["几天内可以退货？"], "answer": "十四天。"}
Json = Any


@dataclass
class Office:
    """Two processes of the product over one database, the second of which hears no signal."""

    desk: Desk
    servers: list[TestServer]
    client: ClientSession
    auth: Auth

    async def worker(self, role: Role) -> str:
        """Somebody hired and logged in; their token."""
        email = f"{role}@example.com"
        await add_user(self.desk.db, PASSWORDS, email, role.title(), PASSWORD, (role,))
        return (await self.auth.login(email, PASSWORD, ""))[0]

    async def call(
        self, method: str, path: str, body: Json = None, *, token: str | None, server: int = 0
    ) -> tuple[int, Json]:
        """One call; answers the status and the decoded body."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self.servers[server].make_url(f"/api/v1{path}")
        async with self.client.request(method, url, json=body, headers=headers) as response:
            wanted = "application/problem+json" if response.status >= 400 else "application/json"
            assert response.content_type == wanted, await response.text()
            return response.status, await response.json(content_type=None)


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    auth = Auth(desk.db, PASSWORDS)
    servers = []
    for bus in (desk.bus, Bus(None)):
        routes: list[Route] = [*api.KnowledgeApi(desk.db, desk.articles, desk.knowledge(bus)).routes()]
        app = web.Application(middlewares=[problems, authenticating(auth, Presence(desk.db, bus))])
        app.add_routes([route.definition() for route in [*routes, openapi.route(routes, "0")]])
        servers.append(TestServer(app))
        await servers[-1].start_server()
    async with ClientSession() as client:
        yield Office(desk, servers, client, auth)
    for server in servers:
        await server.close()


@pytest.fixture
async def editor(office: Office) -> str:
    return await office.worker("editor")


async def test_an_article_from_its_first_draft_to_its_end(office: Office, editor: str) -> None:
    status, made = await office.call(
        "POST", "/articles", {"category": "returns", "translations": {"en": EN, "zh": ZH}}, token=editor
    )
    assert status == 201
    assert str(uuid.UUID(made["id"])) == made["id"]
    assert {key: made[key] for key in ("category", "state", "published_revision", "latest_revision", "dirty")} == {
        "category": "returns",
        "state": "draft",
        "published_revision": None,
        "latest_revision": 1,
        "dirty": True,
    }
    assert made["translations"] == {"en": EN, "zh": ZH}
    one = f"/articles/{made['id']}"
    assert (await office.call("GET", one, token=editor)) == (200, made)

    status, live = await office.call("POST", f"{one}/publish", {"confirm": True, "reason": "new"}, token=editor)
    assert (status, live["state"], live["published_revision"], live["dirty"]) == (200, "published", 1, False)

    status, saved = await office.call("PUT", one, {"translations": {"en": EN | {"answer": "30 days."}}}, token=editor)
    assert (status, saved["latest_revision"], saved["published_revision"], saved["dirty"]) == (200, 2, 1, True)
    assert (saved["category"], saved["translations"]["en"]["answer"]) == ("returns", "30 days.")

    status, history = await office.call("GET", f"{one}/revisions", token=editor)
    assert (status, history["next"]) == (200, None)
    assert [(item["revision"], item["published"]) for item in history["items"]] == [(2, False), (1, True)]
    assert history["items"][0]["author"]["name"] == "Editor"
    assert history["items"][1]["translations"] == {"en": EN, "zh": ZH}

    assert (await office.call("POST", f"{one}/publish", token=editor))[1]["published_revision"] == 2
    assert (await office.call("POST", f"{one}/publish", {"revision": 1}, token=editor))[1]["dirty"] is True
    status, gone = await office.call("POST", f"{one}/archive", token=editor)
    assert (status, gone["state"], gone["published_revision"]) == (200, "archived", None)
    status, back = await office.call("POST", f"{one}/restore", {"revision": 1}, token=editor)
    assert (status, back["state"], back["latest_revision"]) == (200, "draft", 3)
    assert back["translations"] == {"en": EN, "zh": ZH}


async def test_what_is_published_is_found_by_the_very_next_search_in_any_process(office: Office, editor: str) -> None:
    _, made = await office.call("POST", "/articles", {"translations": {"en": EN}}, token=editor)
    for revision in range(1, 6):
        server = revision % 2
        answer = f"{revision} days."
        await office.call(
            "PUT", f"/articles/{made['id']}", {"translations": {"en": EN | {"answer": answer}}}, token=editor
        )
        status, _ = await office.call("POST", f"/articles/{made['id']}/publish", token=editor, server=server)
        assert status == 200
        status, found = await office.call("POST", "/search", {"text": RETURNS}, token=editor, server=1 - server)
        assert (status, found["decision"], found["language"]) == (200, "answer", "en")
        assert found["hits"] == [
            {
                "article": made["id"],
                "revision": revision + 1,
                "language": "en",
                "score": found["hits"][0]["score"],
                "title": "Returns",
                "question": RETURNS,
                "answer": answer,
            }
        ]
    await office.call("POST", f"/articles/{made['id']}/archive", token=editor)
    assert (await office.call("POST", "/search", {"text": RETURNS}, token=editor, server=1))[1]["hits"] == []


async def test_the_language_of_a_search_is_its_own_unless_said(office: Office, editor: str) -> None:
    await importer.import_sample(office.desk.db, office.desk.bus)
    for text, language, hit in (
        ("怎么取消订单？", None, "zh"),
        ("How do I cancel my order?", None, "en"),
        ("How do I cancel my order?", "zh", "zh"),
    ):
        _, found = await office.call("POST", "/search", {"text": text, "language": language}, token=editor)
        assert (found["decision"], found["language"]) == ("answer", hit)
        assert (found["hits"][0]["article"], found["hits"][0]["language"]) == ("order-cancel", hit)
    _, found = await office.call("POST", "/search", {"text": "12345"}, token=editor)
    assert found["language"] == "en"


async def test_agents_read_and_search_and_only_editors_write(office: Office) -> None:
    tokens = {role: await office.worker(role) for role in ("agent", "editor", "admin")}
    _, made = await office.call("POST", "/articles", {"translations": {"en": EN}}, token=tokens["admin"])
    one = f"/articles/{made['id']}"
    writing: list[tuple[str, str, Json]] = [
        ("POST", "/articles", {"translations": {"en": EN}}),
        ("PUT", one, {"translations": {"en": EN}}),
        ("POST", f"{one}/publish", {}),
        ("POST", f"{one}/archive", None),
        ("POST", f"{one}/restore", {"revision": 1}),
    ]
    reading: list[tuple[str, str, Json]] = [
        ("GET", "/articles", None),
        ("GET", one, None),
        ("GET", f"{one}/revisions", None),
        ("POST", "/search", {"text": RETURNS}),
    ]
    for method, path, body in writing:
        assert (await office.call(method, path, body, token=tokens["agent"]))[0] == 403
        assert (await office.call(method, path, body, token=tokens["editor"]))[0] in (200, 201)
    for method, path, body in reading:
        assert (await office.call(method, path, body, token=tokens["agent"]))[0] == 200
    for method, path, body in reading + writing:
        assert (await office.call(method, path, body, token=None))[0] == 401


async def test_the_list_page_by_page(office: Office, editor: str) -> None:
    await importer.import_sample(office.desk.db, office.desk.bus)
    await office.call("POST", "/articles/order-cancel/archive", token=editor)
    seen: list[str] = []
    cursor = ""
    while True:
        status, page = await office.call("GET", f"/articles?limit=10&cursor={cursor}", token=editor)
        assert status == 200
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(id for id, _ in importer.read(importer.SAMPLE))
    assert seen[0] == "order-cancel"

    async def listed(query: str) -> list[str]:
        return [item["id"] for item in (await office.call("GET", f"/articles?{query}", token=editor))[1]["items"]]

    assert await listed("state=archived") == ["order-cancel"]
    assert await listed("q=取消订单&state=archived&category=orders") == ["order-cancel"]
    assert await listed("q=%00%25_") == []


REFUSED: tuple[tuple[str, str, Json, int, str], ...] = (
    ("POST", "/articles", {"translations": {}}, 400, "translations: at least one"),
    ("POST", "/articles", {}, 400, "translations"),
    ("POST", "/articles", {"translations": {"fr": EN}}, 400, "fr"),
    ("POST", "/articles", {"translations": {"en": {"title": "x"}}}, 400, "answer"),
    ("POST", "/articles", {"translations": {"en": EN | {"questions": [1]}}}, 400, "questions"),
    ("POST", "/articles", {"translations": {"en": EN | {"title": ""}}}, 400, "translations.en.title: must not be"),
    ("POST", "/articles", {"translations": {"en": EN}, "category": "x" * 101}, 400, "category: at most 100"),
    ("PUT", "/articles/none", {"translations": {"en": EN}}, 404, "no article none"),
    ("GET", "/articles/%00", None, 404, "no article"),
    ("GET", "/articles/none/revisions", None, 404, "no article none"),
    ("POST", "/articles/none/archive", None, 404, "no article none"),
    ("POST", "/articles/order-cancel/publish", {"revision": 7}, 404, "no revision 7"),
    ("POST", "/articles/order-cancel/publish", {"revision": 2**40}, 400, "revision"),
    ("POST", "/articles/order-cancel/restore", {}, 400, "revision"),
    ("POST", "/articles/order-cancel/restore", {"revision": 0}, 400, "revision"),
    ("GET", "/articles?state=live", None, 400, "state"),
    ("GET", "/articles?cursor=nonsense", None, 400, "cursor"),
    ("GET", "/articles?cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwieCJd", None, 400, "cursor"),  # a time without zone
    ("GET", "/articles?limit=0", None, 400, "limit"),
    ("POST", "/search", {"text": " "}, 400, "text: must not be empty"),
    ("POST", "/search", {"text": "x", "language": "fr"}, 400, "language"),
)


async def test_what_cannot_be_done_is_said_by_field(office: Office, editor: str) -> None:
    await importer.import_sample(office.desk.db, office.desk.bus)
    for method, path, body, status, detail in REFUSED:
        got, problem = await office.call(method, path, body, token=editor)
        assert (got, problem["status"]) == (status, status), (path, body)
        assert detail in problem["detail"], (path, body)


async def test_the_feed_gets_articles_as_the_routes_give_them(office: Office, editor: str) -> None:
    _, made = await office.call("POST", "/articles", {"translations": {"en": EN}}, token=editor)
    async with office.desk.db.connection() as conn:
        found = await api.views(conn, [made["id"], "none"])
    assert found == {made["id"]: api.view(await office.desk.articles.get(made["id"]))}


async def test_two_editors_at_once_lose_nothing(office: Office, editor: str) -> None:
    _, made = await office.call("POST", "/articles", {"translations": {"en": EN}}, token=editor)
    one = f"/articles/{made['id']}"
    bodies = [{"translations": {"en": EN | {"answer": f"{n} days."}}} for n in range(10)]
    saved = await asyncio.gather(
        *(office.call("PUT", one, body, token=editor, server=n % 2) for n, body in enumerate(bodies))
    )
    assert sorted(article["latest_revision"] for _, article in saved) == list(range(2, 12))
    _, history = await office.call("GET", f"{one}/revisions", token=editor)
    for _, article in saved:  # each was answered with its own words
        kept = history["items"][11 - article["latest_revision"]]
        assert kept["translations"] == article["translations"]


async def test_the_api_describes_itself(office: Office) -> None:
    status, document = await office.call("GET", "/openapi.json", token=None)
    assert status == 200
    assert set(document["paths"]) >= {"/api/v1/articles", "/api/v1/articles/{id}/restore", "/api/v1/search"}
