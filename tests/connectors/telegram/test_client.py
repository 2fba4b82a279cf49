"""What each answer of the Bot API, and none at all, means to the outbox."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from telegram.error import ChatMigrated

from connectors.telegram import client
from connectors.telegram.client import Api, SentMessage
from connectors.telegram.registration import Registration
from connectors.telegram.settings import TelegramSettings
from hub.errors import AuthFailed, Rejected, Transient, Unreachable
from hub.store.db import Database
from tests.simulators.telegram import SECRET, TOKEN, TelegramSimulator

HTML = "<html>\ud7ffthis is a proxy</html>"


def told(code: int, description: str, **parameters: int) -> str:
    more = {"parameters": parameters} if parameters else {}
    return json.dumps({"ok": False, "error_code": code, "description": description, **more})


def api_at(url: str) -> Api:
    return Api(TelegramSettings("tg", TOKEN, SECRET, api_base_url=url))


@pytest.fixture
async def api(request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """A bot whose every call gets the same answer."""
    status, body = request.param

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    async with TestServer(app) as server:
        api = api_at(str(server.make_url("/")))
        yield api
        await api.close()


@pytest.mark.parametrize(
    ("api", "error"),
    [
        ((400, told(400, "Bad Request: chat not found")), Unreachable),
        ((400, told(400, "Bad Request: not enough rights to send text messages to the chat")), Unreachable),
        ((403, told(403, "Forbidden: bot was blocked by the user")), Unreachable),
        ((403, told(403, "Forbidden: user is deactivated")), Unreachable),
        ((403, told(403, "Forbidden: bot was kicked from the supergroup chat")), Unreachable),
        ((400, told(400, "Bad Request: message is too long")), Rejected),
        ((400, told(400, "Bad Request: message thread not found")), Rejected),
        ((413, told(413, "Request Entity Too Large")), Rejected),
        ((401, told(401, "Unauthorized")), AuthFailed),
        ((404, told(404, "Not Found")), AuthFailed),
        ((409, told(409, "Conflict: terminated by other getUpdates request")), Transient),
        ((429, told(429, "Too Many Requests: retry after 7", retry_after=7)), Transient),
        ((500, told(500, "Internal Server Error")), Transient),
        ((502, HTML), Transient),
        ((404, HTML), Transient),
        ((403, HTML), Transient),
        ((200, HTML), TimeoutError),
        ((200, '{"ok": true}'), TimeoutError),
        ((200, '{"ok": true, "result": {"message": "x"}}'), TimeoutError),
        ((200, "[]"), TimeoutError),
        ((400, told(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001)), ChatMigrated),
    ],
    indirect=["api"],
)
async def test_an_answer_is_sorted(api: Api, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        await api.call("sendMessage", SentMessage, {"chat_id": 1, "text": "hello"})

    assert type(caught.value) is error
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None  # an address with the token in it would stand there
    if isinstance(caught.value, Transient):
        assert caught.value.retry_after in (None, 7.0)


@pytest.mark.parametrize("api", [(200, '{"ok": true, "result": {"message_id": 5, "new": "x"}}')], indirect=True)
async def test_of_an_answer_no_more_is_asked_than_is_needed(api: Api) -> None:
    assert (await api.call("sendMessage", SentMessage, {"chat_id": 1, "text": "hello"})).message_id == 5


async def test_whom_nobody_can_reach_can_be_tried_again() -> None:
    api = api_at(f"http://127.0.0.1:{unused_port()}")

    with pytest.raises(Transient, match="cannot be reached"):
        await api.call("sendMessage", SentMessage, {"chat_id": 1, "text": "hello"})
    await api.close()


@pytest.mark.parametrize("fault", ["never", "drop", "rubbish"])
async def test_what_may_have_arrived_is_not_called_a_failure(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.3)
    async with TelegramSimulator() as telegram:
        ann = telegram.chats.private("ann")
        telegram.faults.append(fault)  # type: ignore[arg-type] # each is one of them
        api = api_at(telegram.url)
        with pytest.raises(TimeoutError):
            await api.call("sendMessage", SentMessage, {"chat_id": ann["id"], "text": "hello"})
        await api.close()


async def test_a_file_that_is_too_large_or_gone_is_lost() -> None:
    async with TelegramSimulator() as telegram:
        api = api_at(telegram.url)
        telegram.chats.files = {"large": ("documents/large", bytes(20 * 2**20 + 1)), "small": ("photos/a b", b"x")}
        assert await api.download("small") == b"x"
        with pytest.raises(Rejected, match=r"(?i)too big"):
            await api.download("large")
        with pytest.raises(Rejected, match=r"(?i)invalid file_id"):
            await api.download("gone")
        await api.close()


async def test_without_a_public_url_nothing_is_registered_and_that_is_said(database_url: str) -> None:
    async with TelegramSimulator() as telegram:
        settings = msgspec.convert(telegram.channel(), TelegramSettings)
        api, db = Api(settings), Database(database_url)
        detail = await Registration(settings, api, db, None).check()
        assert "@parley_shop_bot" in detail
        assert "public_url" in detail
        assert [method for method, _ in telegram.calls] == ["getMe"]
        await api.close()
        await db.close()
