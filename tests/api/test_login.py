"""Coming in: passwords, tokens, cookies, roles, guesses."""

from __future__ import annotations

import io

from aiohttp import ClientSession, CookieJar

from app.users import ROLES
from hub.http import COOKIE
from tests.api.office import PASSWORD, Office


async def test_who_logs_in_gets_a_token_and_a_cookie(office: Office) -> None:
    await office.hire("li")
    url = office.server.make_url("/api/v1/login")
    credentials = {"email": " Li@Example.com", "password": PASSWORD}
    async with office.client.post(url, json=credentials) as response:
        token = (await response.json())["token"]
        cookie = response.cookies[COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["path"]) == (token, True, "Lax", "/")
    status, me = await office.call("GET", "/me", token=token)
    assert (status, me["email"], me["name"], me["roles"]) == (200, "li@example.com", "Li", ["agent"])


async def test_what_is_wrong_is_said_without_saying_what_is_known(office: Office) -> None:
    await office.hire("li")
    answers = [
        await office.call("POST", "/login", {"email": email, "password": "wrong"})
        for email in ("li@example.com", "nobody@example.com")
    ]
    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["status"], answers[0][1]["title"]) == (401, 401, "Not logged in")
    assert (await office.call("POST", "/login", {"email": "li@example.com"}))[0] == 400
    assert (await office.call("POST", "/login", {"email": 1, "password": "x"}))[1]["detail"].startswith("email: ")
    assert (await office.call("GET", "/me"))[0] == 401
    assert (await office.call("GET", "/me", token="made-up"))[0] == 401


async def test_who_guesses_has_to_wait_and_who_knows_does_not(office: Office) -> None:
    await office.hire("li")
    for _ in range(15):
        await office.login("li")
    wrong = {"email": "li@example.com", "password": "wrong"}
    statuses = [(await office.call("POST", "/login", wrong))[0] for _ in range(12)]
    assert statuses[:10] == [401] * 10
    assert statuses[-1] == 429
    async with office.client.post(office.server.make_url("/api/v1/login"), json=wrong) as response:
        assert int(response.headers["Retry-After"]) > 0
    await office.hire("wang")
    await office.login("wang")


async def test_a_token_ends_with_its_log_out_and_with_its_time(office: Office) -> None:
    _, token = await office.worker("li")
    other = await office.login("li")
    assert (await office.call("POST", "/logout", token=token))[0] == 204
    assert (await office.call("GET", "/me", token=token))[0] == 401
    assert (await office.call("GET", "/me", token=other))[0] == 200
    async with office.house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from logins where token_hash = $1", other) == 0, "only hashes"
        await conn.execute("update logins set expires_at = now()")
    last = await office.login("li")
    async with office.house.db.connection() as conn:
        await conn.execute("update logins set expires_at = now()")
    assert (await office.call("GET", "/me", token=last))[0] == 401


async def test_another_sites_page_cannot_use_the_cookie(office: Office) -> None:
    await office.hire("li")
    own = str(office.server.make_url("/")).rstrip("/")
    conversation = await office.waiting()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        login = office.server.make_url("/api/v1/login")
        credentials = {"email": "li@example.com", "password": PASSWORD}
        async with browser.post(login, json=credentials, headers={"Origin": "https://evil.example"}) as response:
            assert response.status == 403
        async with browser.post(login, json=credentials, headers={"Origin": own}) as response:
            assert response.status == 200
        async with browser.post(login, json=credentials) as response:
            assert response.status == 200, "no browser, and what it logs in with is not the cookie"
        claim = office.server.make_url(f"/api/v1/conversations/{conversation}/claim")
        for headers, status in (({}, 403), ({"Origin": "https://evil.example"}, 403), ({"Origin": own}, 200)):
            async with browser.post(claim, headers=headers) as response:
                assert response.status == status
        async with browser.get(office.server.make_url("/api/v1/me")) as response:
            assert response.status == 200
        feed = office.server.make_url("/api/v1/feed")
        for origin, first in (("https://evil.example", "error"), (own, "ready")):
            async with browser.ws_connect(feed, headers={"Origin": origin}) as ws:
                await ws.send_json({"type": "hello", "token": None, "after": None})
                assert (await ws.receive_json(timeout=5))["type"] == first


async def test_roles_say_who_may_what(office: Office) -> None:
    conversation = await office.waiting()
    tokens = {role: (await office.worker(role, role))[1] for role in ROLES}
    for path in ("/conversations", f"/conversations/{conversation}"):
        statuses = {role: (await office.call("GET", path, token=token))[0] for role, token in tokens.items()}
        assert statuses == {"agent": 200, "editor": 403, "admin": 200}
    assert (await office.call("GET", "/conversations"))[0] == 401
    status, agents = await office.call("GET", "/agents", token=tokens["editor"])
    assert status == 200
    assert [agent["email"] for agent in agents["items"]] == ["admin@example.com", "agent@example.com"]


async def test_errors_are_problem_documents_everywhere(office: Office) -> None:
    _, token = await office.worker("li")
    status, problem = await office.call("GET", "/nothing-here")
    assert (status, problem["status"], problem["type"]) == (404, 404, "about:blank")
    status, problem = await office.call("DELETE", "/conversations", token=token)
    assert (status, problem["title"]) == (405, "Method Not Allowed")
    async with office.client.post(
        office.server.make_url("/api/v1/conversations/x/messages"),
        data=io.BytesIO(b"x" * (1024**2 + 1)),
        headers={"Authorization": f"Bearer {token}"},
    ) as response:
        assert (response.status, response.content_type) == (413, "application/problem+json")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


async def test_what_nobody_expected_says_nothing_outside(office: Office) -> None:
    _, token = await office.worker("li")
    async with office.house.db.connection() as conn:
        await conn.execute("alter table conversations rename to gone")
    status, problem = await office.call("GET", "/conversations", token=token)
    assert (status, problem["title"]) == (500, "Internal error")
    assert "gone" not in str(problem)
    await office.house.db.close()
    office.house.db._url = "postgresql://127.0.0.1:1/nowhere"
    status, problem = await office.call("GET", "/conversations", token=token)
    assert (status, problem["title"]) == (503, "Unavailable")
