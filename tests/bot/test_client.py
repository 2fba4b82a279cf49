"""The hub's side of the way to Rasa, against a server that answers as Rasa's channel does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import msgspec
import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from bot import client as module
from bot.client import RasaClient
from hub.errors import BotFailed, BotUnavailable, HubError
from hub.types import (
    BotReply,
    BotTurn,
    Button,
    Complaint,
    Dialogue,
    Effect,
    Handoff,
    Language,
    Miss,
    Say,
    Search,
    TakeBack,
)

Ask = Callable[..., Awaitable[BotReply]]
OPEN = Dialogue("damage_form", "device", {"colour": "red"})
BOTH = {"zh": "您好", "en": "Hello"}


class Rasa:
    """Answers each call with `status` and `body`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b"{}"
        self.delay = 0.0
        self.asked: list[dict[str, object]] = []
        self.tokens: list[str | None] = []

    def says(self, *messages: object, **more: object) -> None:
        self.body = msgspec.json.encode({"messages": messages, **more})

    async def webhook(self, request: web.Request) -> web.Response:
        self.asked.append(msgspec.json.decode(await request.read()))
        self.tokens.append(request.headers.get("Authorization"))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, body=self.body, content_type="application/json")

    async def health(self, request: web.Request) -> web.Response:
        return web.Response(status=self.status)


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
async def client(rasa: Rasa, aiohttp_server: AiohttpServer) -> AsyncIterator[RasaClient]:
    app = web.Application()
    app.add_routes([web.post("/webhooks/hub/webhook", rasa.webhook), web.get("/webhooks/hub/", rasa.health)])
    server = await aiohttp_server(app)
    made = RasaClient(str(server.make_url("/")), "secret")
    await made.start()
    yield made
    await made.stop()


def turn(text: str = "hi", language: Language = "en", payload: str | None = None) -> BotTurn:
    return BotTurn(id="t", text=text, language=language, payload=payload, dialogue=OPEN)


@pytest.mark.parametrize(
    ("message", "effects"),
    [
        ({"custom": {"say": BOTH}}, (Say("Hello"),)),
        ({"custom": {"say": {"zh": "您好"}}}, (Say("您好"),)),
        ({"custom": {"effect": "search"}}, (Search(),)),
        ({"custom": {"effect": "handoff"}}, (Handoff("asked"),)),
        ({"custom": {"effect": "handoff", "reason": "rule", "team": "repairs"}}, (Handoff("rule", "repairs"),)),
        ({"custom": {"effect": "handoff", "reason": "safety", "priority": 2}}, (Handoff("safety", None, 2),)),
        ({"custom": {"effect": "search", "follow_up": True}}, (Search(follow_up=True),)),
        ({"custom": {"effect": "miss"}}, (Miss(),)),
        ({"custom": {"say": BOTH, "effect": "complaint", "record": {"a": 1}}}, (Say("Hello"), Complaint({"a": 1}))),
        ({"custom": {"say": BOTH, "effect": "take_back"}}, (Say("Hello"), TakeBack())),
        (
            {"custom": {"say": BOTH, "buttons": [{"title": {"zh": "是", "en": "Yes"}, "payload": "/affirm"}]}},
            (Say("Hello", (Button("Yes", "/affirm"),)),),
        ),
        (
            {"text": "Sure?", "buttons": [{"title": "Yes", "payload": "/affirm"}]},
            (Say("Sure?", (Button("Yes", "/affirm"),)),),
        ),
        ({"text": "plain", "recipient_id": "c.3"}, (Say("plain"),)),
        ({"image": "https://shop.example/a.png"}, (Say("https://shop.example/a.png"),)),
        ({"custom": {"silent": True}}, ()),
    ],
)
async def test_messages_become_effects(
    rasa: Rasa, client: RasaClient, message: object, effects: tuple[Effect, ...]
) -> None:
    rasa.says(message)
    assert (await client.respond(turn())).effects == effects


async def test_the_customers_language_is_spoken(rasa: Rasa, client: RasaClient) -> None:
    rasa.says({"custom": {"say": BOTH}})
    assert (await client.respond(turn(language="zh"))).effects == (Say("您好"),)


async def test_what_was_understood_comes_along(rasa: Rasa, client: RasaClient) -> None:
    rasa.says(
        {"custom": {"effect": "search"}},
        intent={"name": "question", "confidence": 0.75},
        slots={"device": "phone"},
        active_loop="damage_form",
        requested_slot="fault",
    )
    assert await client.respond(turn()) == BotReply(
        effects=(Search(),),
        intent="question",
        confidence=0.75,
        dialogue=Dialogue("damage_form", "fault", {"device": "phone"}),
    )


@pytest.mark.parametrize(
    ("text", "payload", "sent"),
    [
        ("where is my order", None, "where is my order"),
        ("/restart", None, "restart"),
        (' / /ask_human{"a": 1}', None, 'ask_human{"a": 1}'),
        ("//", None, "?"),
        ("a/b", None, "a/b"),
        ("x" * 3000 + "y" * 3000, None, "x" * 1199 + "\n" + "y" * 800),
        ("Yes", "/affirm", "/affirm"),
        ("Yes", "/restart", "Yes"),
        ("Yes", "/back", "Yes"),
        ("Yes", '/inform{"device": "x"}', "Yes"),
        ("Yes", "article:12", "Yes"),
    ],
)
async def test_no_words_become_commands(
    rasa: Rasa, client: RasaClient, text: str, payload: str | None, sent: str
) -> None:
    rasa.says({"text": "ok"})
    await client.respond(turn(text, payload=payload))
    dialogue = {"form": "damage_form", "requested": "device", "slots": {"colour": "red"}}
    pressed = {} if payload is None else {"payload": payload}
    metadata = {"language": "en", "dialogue": dialogue, **pressed}
    assert rasa.asked == [{"sender": "t", "message": sent, "metadata": metadata}]
    assert rasa.tokens == ["Bearer secret"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"messages": []}', BotFailed),
        (200, b'{"messages": [{"recipient_id": "c.3"}]}', BotFailed),
        (200, b"[]", BotFailed),
        (200, b"not json", BotFailed),
        (200, b"", BotFailed),
        (200, b'{"messages": [{"custom": {"effect": "explode"}}]}', BotFailed),
        (200, b'{"messages": [{"custom": {"effect": "handoff", "reason": "a whim"}}]}', BotFailed),
        (401, b'{"error": "wrong token"}', BotUnavailable),
        (500, b'{"error": "LockError"}', BotFailed),
        (503, b'{"error": "no model is loaded"}', BotUnavailable),
    ],
)
async def test_what_is_no_answer(
    rasa: Rasa, client: RasaClient, status: int, body: bytes, error: type[HubError]
) -> None:
    rasa.status, rasa.body = status, body
    with pytest.raises(error):
        await client.respond(turn())


async def test_nobody_waits_for_ever(rasa: Rasa, client: RasaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", aiohttp.ClientTimeout(total=0.05))
    await client.stop()
    await client.start()
    rasa.delay = 5.0
    with pytest.raises(BotUnavailable, match="TimeoutError"):
        await client.respond(turn())


async def test_nobody_is_there(unused_tcp_port: int) -> None:
    client = RasaClient(f"http://127.0.0.1:{unused_tcp_port}", "secret")
    await client.start()
    with pytest.raises(BotUnavailable, match="ClientConnectorError"):
        await client.respond(turn())
    ok, detail = await client.ready()
    assert not ok
    assert "away" in detail
    await client.stop()


async def test_readiness(rasa: Rasa, client: RasaClient) -> None:
    assert await client.ready() == (True, "")
    rasa.status = 503
    assert await client.ready() == (False, "answered 503")
