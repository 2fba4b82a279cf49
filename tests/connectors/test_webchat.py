"""The web chat, frame by frame, over a real socket and a real database."""

from __future__ import annotations

import asyncio
import contextlib
import io
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.middlewares import problems, security_headers
from connectors.rest import Rest
from connectors.webchat.connector import WebChat
from hub.lifecycle import Step
from hub.runner import Runner
from tests.hub.house import HIT, House, open_house

Client = TestClient[web.Request, web.Application]


@contextlib.asynccontextmanager
async def serving(house: House, rest_token: str | None = None) -> AsyncIterator[Client]:
    chat = WebChat("web", ("https://shop.example",), house.db, house.bus, house.intake, house.steps)
    app = web.Application(middlewares=[security_headers, problems])
    app.add_routes([*chat.routes(), *Rest(rest_token, house.db, house.bus, house.intake).routes()])
    runner = Runner("turns", house.bus, house.turns.due, house.turns.take)
    working = asyncio.create_task(runner.run())
    client = TestClient(TestServer(app))
    await client.start_server()
    try:
        yield client
    finally:
        await chat.stop()
        await client.close()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with serving(house) as opened:
        yield opened


async def session_of(client: Client, **body: Any) -> tuple[str, str]:
    response = await client.post("/channels/web/sessions", json={"locale": "en", **body})
    assert response.status == 201
    opened = await response.json()
    return opened["session"], opened["conversation"]


class Browser:
    """A connected browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, text: str, **more: Any) -> str:
        message = str(uuid.uuid4())
        await self.socket.send_json({"type": "message", "id": message, "text": text, **more})
        return message

    async def until(self, **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                if all(frame.get(key) == value for key, value in wanted.items()):
                    return frame


@contextlib.asynccontextmanager
async def browser(client: Client, session: str, after: int = 0) -> AsyncIterator[Browser]:
    async with client.ws_connect("/channels/web/socket") as socket:
        await socket.send_json({"type": "hello", "session": session, "after": after})
        yield Browser(socket)


async def test_a_question_is_acknowledged_answered_and_replayed(client: Client) -> None:
    session, conversation = await session_of(client)
    async with browser(client, session) as first:
        assert await first.until(type="ready") == {"type": "ready", "conversation": conversation, "status": "bot"}
        message = await first.say("can I return it?")
        ack = await first.until(type="ack")
        assert ack == {"type": "ack", "id": message, "seq": 1}
        answer = await first.until(type="message", author="bot")
    assert answer["text"] == HIT.answer
    assert (answer["seq"], answer["answers"]) == (2, [message])
    assert answer["sources"] == [{"article": HIT.article, "revision": HIT.revision, "title": HIT.title}]
    async with browser(client, session, after=1) as again:
        await again.until(type="ready")
        assert (await again.socket.receive_json())["seq"] == 2


async def test_the_same_id_gets_the_same_acknowledgement(client: Client) -> None:
    session, _ = await session_of(client)
    async with browser(client, session) as one:
        message = {"type": "message", "id": str(uuid.uuid4()), "text": "hello"}
        await one.socket.send_json(message)
        await one.socket.send_json(message)
        assert await one.until(type="ack") == await one.until(type="ack")
        await one.until(type="message", author="bot")
    seen = await poll(client, session)
    assert [entry["author"] for entry in seen] == ["customer", "bot"]


async def poll(client: Client, session: str, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
    response = await client.get(
        f"/channels/web/messages?after={after}&wait={wait}", headers={"Authorization": f"Bearer {session}"}
    )
    assert response.status == 200
    entries: list[dict[str, Any]] = (await response.json())["messages"]
    return entries


async def test_without_sockets(client: Client) -> None:
    session, _ = await session_of(client)
    headers = {"Authorization": f"Bearer {session}"}
    message = {"id": str(uuid.uuid4()), "text": "hello"}
    response = await client.post("/channels/web/messages", json=message, headers=headers)
    assert (response.status, (await response.json())["seq"]) == (202, 1)
    assert (await (await client.post("/channels/web/messages", json=message, headers=headers)).json())["seq"] == 1
    while len(seen := await poll(client, session, wait=5)) < 2:
        pass
    assert [(entry["type"], entry["seq"], entry["author"]) for entry in seen] == [
        ("message", 1, "customer"),
        ("message", 2, "bot"),
    ]
    waiting = asyncio.create_task(poll(client, session, after=2, wait=10))
    await asyncio.sleep(0.1)
    await client.post("/channels/web/messages", json={"id": "another", "text": "hello"}, headers=headers)
    assert [entry["seq"] for entry in await waiting][:1] == [3]


async def test_what_is_nested_too_deeply_is_refused_as_such(client: Client) -> None:
    response = await client.post("/channels/web/sessions", data='{"more":' + "[" * 50_000)
    assert response.status == 400
    assert "nested" in (await response.json())["detail"]


async def test_the_human_button_and_its_cancelling(client: Client) -> None:
    session, _ = await session_of(client)
    async with browser(client, session) as one:
        await one.socket.send_json({"type": "handoff", "wanted": True})
        status = await one.until(type="status")
        assert (status["status"], status["queue_position"]) == ("waiting", 1)
        await one.socket.send_json({"type": "handoff", "wanted": False})
        assert (await one.until(type="status"))["status"] == "bot"
    assert [entry["seq"] for entry in await poll(client, session)] == [1, 2, 3, 4]


async def test_the_human_button_reopens_what_was_closed(client: Client, house: House) -> None:
    session, conversation = await session_of(client)
    async with browser(client, session) as one:
        await one.say("hello")
        await one.until(type="message", author="bot")
        await house.steps.take(conversation, lambda _: Step(action="expire"))
        await one.until(type="status", status="closed")
        await one.socket.send_json({"type": "handoff", "wanted": True})
        await one.until(type="status", status="waiting")


async def test_large_files_are_taken_and_larger_ones_refused(client: Client) -> None:
    session, _ = await session_of(client)
    for size, status in ((5 * 2**20, 201), (10 * 2**20 + 1, 413)):
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(b"x" * size), filename="a.bin", content_type="application/octet-stream")
        response = await client.post(
            "/channels/web/attachments", data=form, headers={"Authorization": f"Bearer {session}"}
        )
        assert response.status == status


async def test_the_customer_sees_who_has_taken_over(client: Client, house: House) -> None:
    agent = await house.agent("Li Wei")
    session, conversation = await session_of(client)
    async with browser(client, session) as one:
        await one.say("hello")
        await one.until(type="message", author="bot")
        await house.steps.take(conversation, lambda _: Step(action="claim", actor=agent, owner=agent))
        assert (await one.until(type="status"))["agent"] == {"name": "Li Wei"}
        house.bus.signal("typing", conversation, "agent")
        assert await one.until(type="typing") == {"type": "typing", "author": "agent"}


async def test_buttons_choose_and_miss(client: Client) -> None:
    session, _ = await session_of(client)
    async with browser(client, session) as one:
        await one.say("my phone")
        offered = (await one.until(type="message", author="bot"))["buttons"]
        assert offered[0] == {"title": HIT.title, "payload": f"article:{HIT.article}"}
        await one.say(offered[0]["title"], payload=offered[0]["payload"])
        assert (await one.until(type="message", author="bot"))["text"] == HIT.answer
        await one.say(offered[1]["title"], payload=offered[1]["payload"])
        missed = await one.until(type="message", author="bot")
        assert missed["buttons"][0]["payload"] == "human"
        await one.say("yes", payload="human")
        assert (await one.until(type="status"))["status"] == "waiting"


async def test_rating_and_feedback(client: Client, house: House) -> None:
    session, conversation = await session_of(client)
    async with browser(client, session) as one:
        await one.say("hello")
        answer = await one.until(type="message", author="bot")
        await one.socket.send_json({"type": "feedback", "message": answer["id"], "helpful": True})
        await one.socket.send_json({"type": "rate", "conversation": conversation, "score": 5, "comment": "好"})
        await one.socket.send_json({"type": "rate", "conversation": conversation, "score": 6})
        assert (await one.until(type="error"))["code"] == "invalid"
        await one.socket.send_json({"type": "rate", "conversation": "another", "score": 1})
        assert (await one.until(type="error"))["code"] == "refused"
    async with house.db.connection() as conn:
        assert tuple(await conn.fetchrow("select score, comment from ratings")) == (5, "好")
        assert await conn.fetchval("select helpful from feedback") is True


async def test_files_belong_to_their_session(client: Client) -> None:
    (session, _), (stranger, _) = await session_of(client), await session_of(client)
    form = aiohttp.FormData(quote_fields=False)  # as browsers do
    form.add_field("file", b"\x89PNG", filename="../发票.png", content_type="image/png")
    response = await client.post("/channels/web/attachments", data=form, headers={"Authorization": f"Bearer {session}"})
    assert response.status == 201
    file = await response.json()
    assert (file["name"], file["size"]) == ("发票.png", 4)
    for who, status in ((session, 200), (stranger, 404)):
        got = await client.get(f"/channels/web/attachments/{file['id']}", headers={"Authorization": f"Bearer {who}"})
        assert got.status == status
    async with browser(client, session) as one:
        await one.say("", attachments=[file["id"]])
        assert (await one.until(type="message", author="customer"))["attachments"] == [file]
        await one.until(type="message", author="bot")
    async with browser(client, stranger) as other:
        await other.say("", attachments=[file["id"]])
        assert (await other.until(type="error"))["code"] == "invalid"


@pytest.mark.parametrize("first", ["{}", "not json", "[" * 50_000, '{"type":"typing"}', '{"type":"hello"}'])
async def test_a_wrong_first_frame_is_told_and_closed(client: Client, first: str) -> None:
    async with client.ws_connect("/channels/web/socket") as socket:
        await socket.send_str(first)
        assert (await socket.receive_json())["code"] == "hello_expected"
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4400


async def test_an_unknown_session_is_told_and_closed(client: Client) -> None:
    async with browser(client, "wrong") as one:
        assert (await one.until(type="error"))["code"] == "unknown_session"
        await one.socket.receive()
        assert one.socket.close_code == 4401
    assert (await client.get("/channels/web/messages", headers={"Authorization": "Bearer wrong"})).status == 401
    assert (await client.get("/channels/web/messages")).status == 401


async def test_wrong_frames_are_told_and_nothing_is_stored(client: Client) -> None:
    session, _ = await session_of(client)
    async with browser(client, session) as one:
        for frame in (
            "junk",
            '{"type":' + "[" * 50_000,
            '{"type":"message"}',
            '{"type":"message","id":"","text":"x"}',
            '{"type":"hello","session":"x"}',
        ):
            await one.socket.send_str(frame)
            assert (await one.until(type="error"))["message"]
        await one.socket.send_json({"type": "message", "id": "long", "text": "x" * 20_001})
        assert (await one.until(type="error"))["id"] == "long"
    assert await poll(client, session) == []


async def test_only_named_sites_may_embed_the_chat(client: Client) -> None:
    for origin, status in (("https://shop.example", 201), ("https://evil.example", 403)):
        response = await client.post("/channels/web/sessions", json={}, headers={"Origin": origin})
        assert response.status == status
    refused = await client.get("/channels/web/messages", headers={"Origin": "https://shop.example"})
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, "https://shop.example")
    allowed = await client.options("/channels/web/messages", headers={"Origin": "https://shop.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.ws_connect("/channels/web/socket", headers={"Origin": "https://evil.example"})


async def test_two_sessions_never_see_each_other(client: Client) -> None:
    (one, _), (other, _) = await session_of(client), await session_of(client)
    async with browser(client, one) as first:
        await first.say("hello")
        await first.until(type="message", author="bot")
    assert await poll(client, other) == []


async def test_rest_answers_once_the_turn_is_done(client: Client) -> None:
    ask = {"sender": "ann", "message": "can I return it?", "message_id": "m1"}
    for _ in range(2):
        response = await client.post("/webhooks/rest/webhook", json=ask)
        assert response.status == 200
        answers = await response.json()
        assert [(answer["recipient_id"], answer["text"]) for answer in answers] == [("ann", HIT.answer)]
    handed = await (await client.post("/webhooks/rest/webhook", json={"sender": "ann", "message": "human"})).json()
    assert len(handed) == 1
    assert await (await client.post("/webhooks/rest/webhook", json={"sender": "ann", "message": "hello"})).json() == []


async def test_rest_refuses_strangers(client: Client, house: House) -> None:
    ask = {"sender": "ann", "message": "hello"}
    assert (await client.post("/webhooks/rest/webhook", json={"sender": "ann"})).status == 400
    proxied = await client.post("/webhooks/rest/webhook", json=ask, headers={"X-Forwarded-For": "192.0.2.1"})
    assert proxied.status == 403
    async with serving(house, rest_token="t") as guarded:
        assert (await guarded.post("/webhooks/rest/webhook", json=ask)).status == 401
        sent = await guarded.post("/webhooks/rest/webhook", json=ask, headers={"Authorization": "Bearer t"})
        assert sent.status == 200
