"""What comes of calls that the platform answers wrongly, late or not at all; and of the rarer turns that media take."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from connectors.wechat import calls
from connectors.wechat.crypto import key_of
from connectors.wechat.envelope import Envelope
from connectors.wechat.media import Medium
from connectors.wechat.menu import keep_menu
from connectors.wechat.settings import MenuItem
from hub.errors import InvalidRequest, Rejected, Transient, Unauthenticated
from hub.store import channel_state
from tests.connectors.wechat.account import SEND, TOKEN
from tests.connectors.wechat.test_platform import MENU, account_settings, api_of
from tests.simulators.base import Fault
from tests.simulators.wechat import WeChat
from tests.simulators.wechat_seal import Seal, signature

NOWHERE = {"touser": "nobody", "msgtype": "text", "text": {"content": "hello"}}


@pytest.mark.parametrize(
    ("fault", "sends", "raised"),
    [
        ("500", True, Transient),
        ("429", True, Transient),
        ("rubbish", True, TimeoutError),
        ("rubbish", False, Transient),
        ("drop", True, TimeoutError),
        ("drop", False, Transient),
        ("never", True, TimeoutError),
        ("never", False, Transient),
    ],
)
async def test_whether_a_message_may_have_arrived_is_never_guessed(
    database_url: str, fault: Fault, sends: bool, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALL", 0.3)
    async with WeChat() as platform, api_of(platform, database_url) as api:
        token = await api._tokens.get()
        platform.faults.append(fault)
        with pytest.raises(raised) as error:
            await api.call(SEND, NOWHERE, sends=sends)
        assert token not in str(error.value)
        assert platform.app_secret not in str(error.value)


async def test_what_was_surely_not_carried_out_can_be_tried_again(database_url: str) -> None:
    async with WeChat() as platform, api_of(platform, database_url) as api:
        await api._tokens.get()
        await platform.stop()
        with pytest.raises(Transient, match="cannot be reached"):
            await api.call(SEND, NOWHERE, sends=True)
        with pytest.raises(Transient, match="cannot be reached"):
            await api.check()


@pytest.mark.parametrize(("status", "raised"), [(502, TimeoutError), (504, TimeoutError), (503, Transient)])
async def test_a_gateway_that_gave_up_may_have_passed_it_on(
    database_url: str, status: int, raised: type[Exception]
) -> None:
    class Gateway(WeChat):
        def routes(self) -> list[web.RouteDef]:
            async def give_up(_: web.Request) -> web.Response:
                return web.Response(status=status, headers={"Retry-After": "7"})

            return [web.post(SEND, give_up), *(route for route in self.api.routes() if route.path != SEND)]

    async with Gateway() as platform, api_of(platform, database_url) as api:
        with pytest.raises(raised) as error:
            await api.call(SEND, NOWHERE, sends=True)
        assert not isinstance(error.value, Transient) or error.value.retry_after == 7


async def test_where_there_is_no_stable_token_the_older_call_serves(database_url: str) -> None:
    class Old(WeChat):
        def routes(self) -> list[web.RouteDef]:
            async def token(request: web.Request) -> web.Response:
                known = (self.app_id, self.app_secret, "client_credential")
                assert tuple(request.query[name] for name in ("appid", "secret", "grant_type")) == known
                return web.json_response({"access_token": "an-old-one", "expires_in": 7200})

            return [web.get("/cgi-bin/token", token), *(r for r in self.api.routes() if r.path != TOKEN)]

    async with Old() as platform, api_of(platform, database_url) as api:
        assert await api._tokens.get() == "an-old-one"
        assert await api.check()


async def test_rubbish_in_the_place_of_a_file_is_none(database_url: str) -> None:
    async with WeChat() as platform, api_of(platform, database_url) as api:
        media = platform.api.keep("image", "image/png", "x", b"\x89PNG")
        platform.faults.append("rubbish")
        with pytest.raises(Transient):
            await api.download("image", media)
        file = await api.download("image", media)
        assert (file.name, file.type, file.data) == ("image.png", "image/png", b"\x89PNG")
        paper = platform.api.keep("file", "application/pdf", "a.pdf", b'{"video_url": "http://127.0.0.1:1/"}')
        assert (await api.download("file", paper)).data.startswith(b"{")  # a customer's file sends us nowhere
        with pytest.raises(Rejected, match="too large"):
            await api.upload(Medium("voice", "audio/amr", "amr", 0), bytes(2**21 + 1))


async def test_the_menu_is_set_by_one_process_and_the_other_sees_it(database_url: str) -> None:
    async with WeChat() as platform, api_of(platform, database_url) as api:
        settings = account_settings(platform, menu=(MenuItem("帮助", says="帮助"),))
        async with api._tokens._db.connection() as conn:
            assert await channel_state.acquire(conn, "wechat", "menu", "another process", 0.5)
        await keep_menu(settings, api._tokens._db, api)
        await keep_menu(settings, api._tokens._db, api)
        assert [path for path, _ in platform.calls].count(MENU) == 1


async def test_a_token_of_another_version_is_got_anew(database_url: str) -> None:
    async with WeChat() as platform, api_of(platform, database_url) as api:
        async with api._tokens._db.connection() as conn:
            await channel_state.put(conn, "wechat", "access_token", json.dumps({"old": 1}))
        assert await api._tokens.get() in platform.api.tokens


def test_an_encrypted_echo_is_answered_decrypted() -> None:
    key = "a" * 43
    envelope = Envelope("token", key_of(key), "wx1")
    echo = Seal(key, "wx1").close(b"echo")
    query = {"timestamp": "1", "nonce": "2", "echostr": echo, "msg_signature": signature("token", "1", "2", echo)}
    assert envelope.echo(query) == "echo"
    with pytest.raises(Unauthenticated):
        envelope.echo({**query, "msg_signature": "0"})
    with pytest.raises(InvalidRequest):
        envelope.echo({**query, "echostr": ""})
