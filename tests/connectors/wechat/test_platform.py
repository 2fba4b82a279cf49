"""What the platform demands beside the conversation: tokens, windows, people who come and go, files, the menu."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from connectors.wechat.api import Api
from connectors.wechat.settings import LONGEST_TEXT, WeChatSettings
from hub.connector import File
from hub.store.db import Database
from tests.connectors.wechat.account import SEND, TOKEN, account, calls, claimed, last, served
from tests.contracts.product import Product
from tests.simulators.wechat import WeChat

UPLOAD = "/cgi-bin/media/upload"
MENU = "/cgi-bin/menu/create"
JPEG = b"\xff\xd8\xff\xe0" + bytes(500)


async def agent_says(made: Product, text: str, *files: File) -> dict[str, object]:
    """An agent writes; what became of it."""
    agent, conversation = await made.agent(), await claimed(made)
    owned = await made.desk.owned(agent, conversation)
    kept = [(await made.desk.attach(owned, file)).id for file in files]
    await made.desk.say(agent, conversation, text, files=kept)
    await made.settled()
    return await last(made)


# Tokens --------------------------------------------------------------------------------------------------------------


async def test_a_token_that_is_no_longer_valid_is_got_anew_once(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        assert (await agent_says(made, "one"))["delivery"] == "sent"
        before = calls(platform, TOKEN)
        platform.api.tokens.clear()
        assert (await agent_says(made, "two"))["delivery"] == "sent"
        assert calls(platform, TOKEN) == before + 1
        platform.api.ahead += 7300
        assert (await agent_says(made, "three"))["delivery"] == "sent"
        assert calls(platform, TOKEN) == before + 2
        assert [one.text for one in platform.shown("ann")][-3:] == ["one", "two", "three"]


async def test_a_token_that_stays_refused_is_replaced_by_force(database_url: str) -> None:
    async with WeChat() as platform, api_of(platform, database_url) as api:
        token = await api._tokens.get()
        assert await api._tokens.get() == token
        assert await api._tokens.get(refused=token) != token
        asked = [call["force_refresh"] for path, call in platform.calls if path == TOKEN]
        assert asked == [False, False, True]


async def test_many_who_need_a_token_get_one(database_url: str) -> None:
    async with WeChat() as platform, api_of(platform, database_url) as one, api_of(platform, database_url) as other:
        tokens = await asyncio.gather(*(api._tokens.get() for api in (one, other) * 10))
        assert len(set(tokens)) == 1
        assert calls(platform, TOKEN) == 1


def account_settings(platform: WeChat, **more: object) -> WeChatSettings:
    """What the hub is told of the account."""
    return msgspec.convert({**platform.channel(), **more}, WeChatSettings)


class api_of:  # noqa: N801 - reads as what it is for
    """The API as another process uses it."""

    def __init__(self, platform: WeChat, database_url: str) -> None:
        self._db = Database(database_url)
        self._api = Api(account_settings(platform), self._db)

    async def __aenter__(self) -> Api:
        await self._api.start()
        return self._api

    async def __aexit__(self, *_: object) -> None:
        await self._api.stop()
        await self._db.close()


async def until_healthy(made: Product, ok: bool, says: str = "") -> None:
    async with asyncio.timeout(20):
        while (health := await made.connector.health()).ok is not ok or says not in health.detail:
            await asyncio.sleep(0.05)


async def test_wrong_credentials_show_and_can_be_mended(database_url: str) -> None:
    async with WeChat() as platform:
        platform.api.refuse[TOKEN] = 40164
        async with served(platform, database_url) as made:
            await until_healthy(made, False, "IP whitelist")
            assert await platform.say("ann", "hello")  # a reply needs no token
            assert [one.text for one in platform.shown("ann")] == ["Hello!"]
            del platform.api.refuse[TOKEN]
            await until_healthy(made, True)


# Windows -------------------------------------------------------------------------------------------------------------


async def test_a_closed_window_is_said(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        platform.api.ahead += 48 * 3600 + 1
        message = await agent_says(made, "Your parcel has come.")
        assert message["delivery"] == "failed"
        assert "48 hours" in str(message["error"])
        assert await platform.say("ann", "hello")
        assert (await agent_says(made, "Here you are."))["delivery"] == "sent"


async def test_what_is_more_than_five_messages_waits_for_the_customer(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        for number in range(5):
            assert (await agent_says(made, f"{number}"))["delivery"] == "sent"
        assert await made.value("select window_left from identities") == 0
        message = await agent_says(made, "the sixth")
        assert message["delivery"] == "queued"
        assert "(5)" in str(message["error"])
        assert await platform.say("ann", "go on")
        await made.settled()
        assert (await last(made))["delivery"] == "sent"
        assert [one.text for one in platform.shown("ann")] == ["Hello!", *"01234", "the sixth"]


async def test_an_account_without_the_right_loses_nothing(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        platform.api.refuse[SEND] = 48001
        message = await agent_says(made, "Look here.")
        assert message["delivery"] == "queued"
        assert "passive_only" in str(message["error"])
        assert await platform.say("ann", "yes?")
        assert [one.text for one in platform.shown("ann")] == ["Hello!", "Look here."]


# People --------------------------------------------------------------------------------------------------------------


async def test_who_leaves_is_to_be_forgotten_and_can_come_back(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        await made.settled()
        for _ in range(2):
            assert await platform.unsubscribe("ann")
        assert await made.value("select unreachable from identities") == "unsubscribed"
        assert await made.value("select erase_asked_at is not null from identities")
        message = await agent_says(made, "Are you still there?")
        assert (message["delivery"], message["error"]) == ("failed", "unsubscribed")
        assert await platform.subscribe("ann")
        assert await made.value("select unreachable is null and erase_asked_at is null from identities")
        assert await platform.unsubscribe("bob")  # who never wrote
        assert await made.value("select count(*) from identities") == 1


async def test_who_comes_is_welcomed_and_known_by_their_code(database_url: str) -> None:
    welcome = {"zh": "欢迎关注", "en": "Welcome"}
    async with account(database_url, welcome=welcome) as (platform, made):
        assert await platform.subscribe("ann", scene="shop-7")
        assert [one.text for one in platform.shown("ann")] == ["欢迎关注\n\nWelcome"]
        assert await made.value("select profile ->> 'scene' from identities") == "shop-7"
        assert await made.value("select window_left from identities") == 3
        assert await platform.scan("ann", "poster-2")
        assert await made.value("select profile ->> 'scene' from identities") == "poster-2"
        assert await made.value("select count(*) from messages") == 0
        assert len(platform.shown("ann")) == 1


@pytest.mark.parametrize("event", ["VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "scancode_push", "tomorrows"])
async def test_other_events_are_acknowledged_and_leave_nothing(database_url: str, event: str) -> None:
    async with account(database_url, welcome="Welcome") as (platform, made):
        assert await platform.event("ann", event, EventKey="x")
        assert platform.shown("ann") == []
        assert await made.value("select count(*) from identities") == 0


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "type", "name"),
    [("image", "image/jpeg", "image.jpg"), ("voice", "audio/amr", "voice.amr"), ("video", "video/mp4", "video.mp4")],
)
async def test_a_customers_file_is_fetched(database_url: str, kind: str, type: str, name: str) -> None:
    async with account(database_url) as (platform, made):
        more = {"Recognition": "can I return it?"} if kind == "voice" else {}
        assert await platform.send_file("ann", kind, JPEG, **more)
        await made.until("select count(*) from attachments where state = 'stored'", is_=1)
        (file,) = await made.rows("select name, type, data from attachments")
        assert (file["name"], file["type"], file["data"]) == (name, type, JPEG)
        if kind == "voice":
            assert made.bot.asked[-1].text == "can I return it?"


async def test_a_file_that_the_platform_no_longer_has_is_lost_and_said(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.send(
            "ann", "image", MediaId="gone", PicUrl="http://127.0.0.1/", Content="", ThumbMediaId=""
        )
        await made.until("select count(*) from attachments where state = 'lost'", is_=1)
        assert "three days" in await made.value("select error from attachments")


async def test_what_the_platform_keeps_to_itself_is_said_to_the_agents(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        for _ in range(2):
            assert await platform.send("ann", "file", "4711", Title="发票.pdf", FileKey="k")
        notes = await made.rows("select text from messages where kind = 'note'")
        assert len(notes) == 1
        assert "发票.pdf" in notes[0]["text"]
        assert await made.value("select count(*) from messages where author = 'customer' and text = ''") == 1


async def test_an_agents_files_reach_the_customer_as_far_as_the_platform_goes(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        files = (
            File("dot.jpg", "image/jpeg", JPEG),
            File("price.pdf", "application/pdf", b"%PDF"),
            File("large.mp3", "audio/mpeg", bytes(2 * 2**20 + 1)),
        )
        assert (await agent_says(made, "Here they are.", *files))["delivery"] == "sent"
        shown = platform.shown("ann")[1:]
        assert [one.data for one in shown] == [None, JPEG, None, None]
        assert [one.text.split("\n")[0] for one in shown] == [
            "Here they are.", "", "[File] price.pdf", "[File] large.mp3"
        ]  # fmt: skip
        assert calls(platform, UPLOAD) == 1
        platform.api.refuse[UPLOAD] = 40005
        assert (await agent_says(made, "", File("odd.png", "image/png", b"no picture")))["delivery"] == "sent"
        assert platform.shown("ann")[-1].text.startswith("[File] odd.png")


async def test_a_video_that_wants_a_picture_is_told_of_instead(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "hello")
        clip = File("clip.mp4", "video/mp4", bytes(100))
        assert (await agent_says(made, "", clip))["delivery"] == "sent"
        assert platform.shown("ann")[-1].data == clip.data
        platform.api.wants_thumb = True
        assert (await agent_says(made, "", clip))["delivery"] == "sent"
        assert platform.shown("ann")[-1].text.startswith("[File] clip.mp4")


# The menu ------------------------------------------------------------------------------------------------------------

MENU_SETTINGS = [
    {"title": "商店", "url": "https://shop.example/"},
    {
        "title": "帮助",
        "items": [{"title": "可以退货吗", "says": "can I return it?"}, {"title": "转人工", "says": "human"}],
    },
]


async def test_the_menu_is_made_once_and_says_what_it_says(database_url: str) -> None:
    async with WeChat() as platform:
        async with served(platform, database_url, menu=MENU_SETTINGS) as made:
            await made.until("select count(*) from channel_state where key = 'menu' and value is not null", is_=1)
            assert platform.api.menu[1]["sub_button"][0]["name"] == "可以退货吗"
            assert await platform.click("ann", "可以退货吗")
            assert "14 days" in platform.shown("ann")[-1].text
            assert await platform.click("ann", "商店")
            assert len(platform.shown("ann")) == 1
            await made.settled()
            assert await made.answers() == {"can I return it?": 1}
        async with served(platform, database_url, menu=MENU_SETTINGS) as made:
            assert await platform.say("ann", "hello")
            assert calls(platform, MENU) == 1
        async with served(platform, database_url, menu=MENU_SETTINGS[:1]):
            async with asyncio.timeout(10):
                while len(platform.api.menu) != 1:
                    await asyncio.sleep(0.02)


async def test_a_repeated_click_is_one_and_two_in_one_second_are_two(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        platform.api.opens("ann", 60.0, 3)
        head = platform._head("ann", "event")
        first = {**head, "Event": "CLICK", "EventKey": "say:hello"}
        second = {**head, "Event": "CLICK", "EventKey": "say:can I return it?"}
        for fields in (first, second, first):
            assert await platform.push(fields)
        await made.settled()
        assert await made.answers() == {"hello": 1, "can I return it?": 1}
        assert len(platform.shown("ann")) == 2


async def test_a_choice_from_the_menu_opens_a_small_window_and_closes_none(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        click = {**platform._head("ann", "event"), "Event": "CLICK", "EventKey": "say:hello"}
        small = "select window_left = 3 and window_until < clock_timestamp() + interval '2 minutes' from identities"
        assert await platform.push(click)
        assert await made.value(small)
        assert await platform.say("ann", "hello")
        assert await platform.push({**click, "CreateTime": "1"})
        assert await made.value("select window_left from identities") == 5


async def test_a_menu_that_is_refused_is_said_and_stops_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with WeChat() as platform:
        platform.api.refuse[MENU] = 40018
        async with served(platform, database_url, menu=MENU_SETTINGS):
            async with asyncio.timeout(10):
                while "refuses the menu" not in caplog.text:
                    await asyncio.sleep(0.02)
            assert await platform.say("ann", "hello")
            assert [one.text for one in platform.shown("ann")] == ["Hello!"]


async def test_a_platform_that_is_away_at_the_start_gets_its_menu_later(database_url: str) -> None:
    async with WeChat() as platform:
        port = int(platform.url.rsplit(":", 1)[1])
        settings = {**platform.channel(), "menu": MENU_SETTINGS}
        await platform.stop()
        async with served(platform, database_url, **settings) as made:
            await until_healthy(made, False)
            await platform.start(port)
            await made.until("select count(*) from channel_state where key = 'menu' and value is not null", is_=1)
            assert platform.api.menu[0]["url"] == "https://shop.example/"


# What goes over the wire ---------------------------------------------------------------------------------------------


async def test_texts_go_out_as_they_are(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        assert await platform.say("ann", "你好 hello")
        text = "价格：¥5 <b>&amp;</b> \\u4f60 😀"
        assert (await agent_says(made, text))["delivery"] == "sent"
        sent = next(body for path, body in reversed(platform.calls) if path == SEND)
        assert "价格：¥5".encode() in sent
        assert json.loads(sent) == {"touser": "ann", "msgtype": "text", "text": {"content": text}}
        assert made.connector.limits.text == LONGEST_TEXT
