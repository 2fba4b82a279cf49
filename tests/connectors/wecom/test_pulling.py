"""What is pulled is stored once: over crashes, lost callbacks, old tokens, short pages, and with two processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import msgspec
import pytest

from connectors.wechat.envelope import SKEW
from connectors.wecom import pulling
from connectors.wecom.connector import WeCom
from hub.store import channel_state
from hub.store.db import Connection
from tests.connectors.wecom.conftest import Kf, sender
from tests.contracts.product import Product
from tests.kill.stack import free_port
from tests.simulators import wecom as simulator
from tests.simulators.wecom import ACCOUNT, xml

DAY = 24 * 3600.0
CUSTOMERS = "select count(*) from messages where author = 'customer'"
CURSOR = f"select value from channel_state where key = 'cursor:{ACCOUNT}'"


@contextlib.contextmanager
def ago(kf: Kf, seconds: float) -> Iterator[None]:
    """What happens in the block happened so long ago."""
    real: Callable[[], float] = kf.platform.now
    kf.platform.now = lambda: real() - seconds  # type: ignore[method-assign]
    try:
        yield
    finally:
        kf.platform.now = real  # type: ignore[method-assign]


async def texts(made: Product) -> list[str]:
    rows = await made.rows("select text from messages where author = 'customer' order by key")
    return [str(row["text"]) for row in rows]


def ask(kf: Kf, customer: str, text: str) -> None:
    kf.platform.wrote(customer, "text", text={"content": text})


async def until_pulled(kf: Kf) -> None:
    """Waits until all that was there at the start has been pulled."""
    async with asyncio.timeout(15):
        while not kf.platform.api.pulled:
            await asyncio.sleep(0.02)


async def until_called(kf: Kf, path: str, number: int) -> None:
    async with asyncio.timeout(15):
        while kf.calls(path) < number:
            await asyncio.sleep(0.02)


def crash_over(monkeypatch: pytest.MonkeyPatch, key: str) -> Callable[[], bool]:
    """The next time that a channel remembers `key` its process dies over it; says whether it has."""
    put, crashed = channel_state.put, False

    async def crash(conn: Connection, channel: str, wanted: str, value: str | None) -> None:
        nonlocal crashed
        if wanted.startswith(key) and not crashed:
            crashed = True
            raise RuntimeError("the process dies here")
        await put(conn, channel, wanted, value)

    monkeypatch.setattr(channel_state, "put", crash)
    return lambda: crashed


# The first start -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [False, True], ids=["accounts named", "accounts as they call"])
async def test_nobody_is_answered_who_wrote_before_the_channel_was_there(kf: Kf, every: bool) -> None:
    kf.platform.every = every
    kf.platform.api.page = 2
    for seconds in (2 * DAY, DAY, 3600, 300, 120):
        with ago(kf, seconds):
            ask(kf, "old", f"can I return it? {seconds}")
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]
        assert await kf.platform.say("old", "can I return it?")
        await kf.platform.until_shown("old", 1)
        assert await texts(made) == ["hello", "can I return it?"]
        await made.until("select count(*) from channel_state where key like 'since:%' and value is not null", is_=0)


async def test_the_first_words_may_be_a_little_older_than_the_callback_about_them(kf: Kf) -> None:
    kf.platform.every = True
    with ago(kf, 20):
        ask(kf, "ann", "hello")
    async with kf.product():
        assert await kf.platform.call_back()
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]


async def test_a_crash_during_the_first_pull_makes_nothing_old_new(kf: Kf, monkeypatch: pytest.MonkeyPatch) -> None:
    kf.platform.api.page = 2
    with ago(kf, DAY):
        for number in range(5):
            ask(kf, "old", f"can I return it? {number}")
    crashed = crash_over(monkeypatch, "cursor:")
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        await kf.platform.until_shown("ann", 1)
        assert crashed()
        assert await texts(made) == ["hello"]


async def test_what_came_while_we_were_away_is_answered_however_late(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        await kf.platform.until_shown("ann", 1)
        await made.until(f"{CURSOR.replace('value', 'value is not null')}")
    with ago(kf, DAY):
        ask(kf, "ann", "can I return it?")
    async with kf.product() as made:
        assert len(await kf.platform.until_shown("ann", 2)) == 2
        left = await made.value("select extract(epoch from window_until - now())::float8 from identities")
        assert left < DAY + 60, "the window began when they wrote"


# Crashes, and what comes again ----------------------------------------------------------------------------------------


async def test_a_crash_between_storing_and_the_cursor_neither_doubles_nor_loses(
    kf: Kf, monkeypatch: pytest.MonkeyPatch
) -> None:
    kf.platform.api.page = 3
    async with kf.product(working=False) as made:
        await made.until("select holder is not null from channel_state where key like 'pull:%'")
        await until_called(kf, "/cgi-bin/kf/sync_msg", 1)
        crashed = crash_over(monkeypatch, "cursor:")
        for number in range(7):
            ask(kf, "ann", f"hello {number}")
        kf.platform.fails(ACCOUNT, "ann", "some-0", 4)
        await kf.platform.recall("ann", "m0")
        async with asyncio.timeout(10):
            while not crashed():
                await asyncio.sleep(0.02)
        assert 0 < await made.value(CUSTOMERS) <= 3
    async with kf.product() as made:
        await made.until(CUSTOMERS, is_=7)
        await made.settled()
        assert await texts(made) == [f"hello {number}" for number in range(7)]
        assert set((await made.answers()).values()) == {1}


async def test_what_is_pulled_again_is_known_again(kf: Kf) -> None:
    async with kf.product() as made:
        for number, text in enumerate(("hello", "can I return it?"), 1):
            assert await kf.platform.say("ann", text)
            await kf.platform.until_shown("ann", number)
        await kf.platform.recall("ann", "m")
        await made.until("select count(*) from messages where kind = 'note'", is_=1)
        await made.rows(f"update channel_state set value = 'at-0.0' where key = 'cursor:{ACCOUNT}'")
        assert await kf.platform.say("ben", "hello")
        await kf.platform.until_shown("ben", 1)
        assert await texts(made) == ["hello", "can I return it?", "hello"]
        assert await made.value("select count(*) from messages where kind = 'note'") == 1
        assert len(kf.platform.shown("ann")) == 2


async def test_what_was_acknowledged_is_pulled_by_whoever_comes_after(kf: Kf) -> None:
    kf.platform.api.refuse["/cgi-bin/kf/sync_msg"] = -1
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        assert await made.value(CUSTOMERS) == 0
    kf.platform.api.refuse.clear()
    kf.platform.mute = True
    async with kf.product():
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]


async def test_wecom_may_be_away_for_a_while(kf: Kf) -> None:
    kf.platform.api.refuse["/cgi-bin/kf/sync_msg"] = -1
    async with kf.product():
        assert await kf.platform.say("ann", "hello")
        await until_called(kf, "/cgi-bin/kf/sync_msg", 2)
        kf.platform.api.refuse.clear()
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]


async def test_one_entry_that_is_none_holds_nothing_up(kf: Kf) -> None:
    async with kf.product() as made:
        kf.platform.api.entries[ACCOUNT] = [{"msgid": 7, "send_time": int(kf.platform.now())}]
        ask(kf, "ann", "x\x00y")
        assert await kf.platform.say("ann", "hello" * 5000)
        assert await kf.platform.say("ann", "hello")
        await made.until(CUSTOMERS, is_=3)
        await made.settled()


# Callbacks and their tokens -------------------------------------------------------------------------------------------


async def test_a_lost_callback_is_made_up_for_by_the_timer(kf: Kf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "EVERY", 0.2)
    kf.platform.mute = True
    async with kf.product() as made:
        await until_pulled(kf)
        assert not await kf.platform.say("ann", "hello")
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]
        assert await made.value(CUSTOMERS) == 1


async def test_callbacks_that_all_say_the_same_pull_once_or_twice(kf: Kf) -> None:
    async with kf.product() as made:
        await until_called(kf, "/cgi-bin/kf/sync_msg", 1)
        kf.platform.api.held.clear()
        ask(kf, "ann", "hello")
        assert all(await asyncio.gather(*(kf.platform.call_back() for _ in range(20))))
        kf.platform.api.held.set()
        await kf.platform.until_shown("ann", 1)
        await made.settled()
        assert kf.calls("/cgi-bin/kf/sync_msg") <= 1 + 3
        assert await made.value(CUSTOMERS) == 1


async def test_a_callbacks_token_is_used(kf: Kf) -> None:
    async with kf.product():
        await until_pulled(kf)
        assert await kf.platform.say("ann", "hello")
        await kf.platform.until_shown("ann", 1)
        asked = [body for path, body in kf.platform.calls if path == "/cgi-bin/kf/sync_msg"][-1]
        assert asked.pop("token") in kf.platform.api.callback_tokens
        assert asked == {"limit": 1000, "voice_format": 0, "open_kfid": ACCOUNT}, "nothing had been pulled before"


async def test_a_callbacks_token_that_is_too_old_is_done_without(kf: Kf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "TOKEN_SECONDS", -1.0)
    async with kf.product():
        await until_pulled(kf)
        assert await kf.platform.say("ann", "hello")
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]


async def test_an_access_token_that_expired_is_got_anew(kf: Kf) -> None:
    async with kf.product():
        assert await kf.platform.say("ann", "hello")
        await kf.platform.until_shown("ann", 1)
        kf.platform.api.tokens.clear()
        assert await kf.platform.say("ann", "can I return it?")
        await kf.platform.until_shown("ann", 2)
        assert kf.calls("/cgi-bin/gettoken") == 2


async def test_short_and_empty_pages_are_no_end(kf: Kf) -> None:
    async with kf.product() as made:
        kf.platform.api.page, kf.platform.api.empty_pages = 3, 4
        for number in range(10):
            ask(kf, "ann", f"quick {number}")
        assert await kf.platform.call_back()
        await made.until(CUSTOMERS, is_=10)
        assert await texts(made) == [f"quick {number}" for number in range(10)]


async def test_a_place_that_does_not_change_is_not_asked_for_again_and_again(
    kf: Kf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        await kf.platform.until_shown("ann", 1)
        monkeypatch.setattr(
            kf.platform.api,
            "_page_of",
            lambda entries, asked: {"errcode": 0, "next_cursor": asked["cursor"], "has_more": 1, "msg_list": []},
        )
        connector = made.connector
        assert isinstance(connector, WeCom)
        await connector._pulling.pull(ACCOUNT)


# Several processes ----------------------------------------------------------------------------------------------------


async def test_of_two_processes_one_pulls_and_the_other_takes_over(kf: Kf) -> None:
    async with contextlib.AsyncExitStack() as first:
        await first.enter_async_context(kf.product())
        await until_called(kf, "/cgi-bin/kf/sync_msg", 1)
        async with kf.product(port=free_port()) as second:  # it is called from now on, and does not pull
            kf.platform.api.held.clear()
            for number in range(5):
                assert await kf.platform.say("ann", f"hello {number}")
            await until_called(kf, "/cgi-bin/kf/sync_msg", 2)
            assert isinstance(second.connector, WeCom)
            async with asyncio.timeout(10):
                while not second.connector._pulling._marks:
                    await asyncio.sleep(0.02)
            kf.platform.api.held.set()
            await second.until(CUSTOMERS, is_=5)
            await second.settled()
            assert kf.platform.api.overlapping == 1
            assert second.connector._pulling._wakes[ACCOUNT].is_set(), "nobody here waits for it"
            assert set((await second.answers()).values()) == {1}
            assert kf.calls("/cgi-bin/gettoken") == 1, "one got the token for both"
            await first.aclose()
            shown = len(kf.platform.shown("ann"))
            assert await kf.platform.say("ann", "can I return it?")
            await kf.platform.until_shown("ann", shown + 1)


# What is no callback --------------------------------------------------------------------------------------------------


async def test_what_is_not_encrypted_is_refused(kf: Kf) -> None:
    async with kf.product() as made:
        real = kf.platform.callback()
        plain = xml(
            ToUserName=kf.platform.corp_id, MsgType="event", Event="kf_msg_or_event", OpenKfId=ACCOUNT, Token="t"
        )
        answer = await kf.platform.post(msgspec.structs.replace(real, body=plain))
        assert answer is not None
        assert answer[0] == 400
        with ago(kf, SKEW + 60):
            old = kf.platform.callback()
        answer = await kf.platform.post(old)
        assert answer is not None
        assert answer[0] == 401
        assert await made.value("select count(*) from channel_state where key like 'due:%'") == 0


async def test_a_callback_that_names_no_account_is_about_all_of_ours(kf: Kf) -> None:
    async with kf.product():
        ask(kf, "ann", "hello")
        token = "ENCold"
        kf.platform.api.callback_tokens[token] = kf.platform.now() + 60
        plain = xml(
            ToUserName=kf.platform.corp_id, CreateTime="1", MsgType="event", Event="kf_msg_or_event", Token=token
        )
        answer = await kf.platform.post(kf.platform.sealed(plain))
        assert answer is not None
        assert answer[0] == 200
        await kf.platform.until_shown("ann", 1)


async def test_an_event_of_tomorrow_is_acknowledged(kf: Kf) -> None:
    async with kf.product() as made:
        plain = xml(ToUserName=kf.platform.corp_id, CreateTime="1", MsgType="event", Event="kf_waved")
        answer = await kf.platform.post(kf.platform.sealed(plain))
        assert answer is not None
        assert answer[0] == 200
        assert await made.value("select count(*) from channel_state where key like 'due:%'") == 0
        assert await made.value("select count(*) from identities where external_id = $1", sender("ann")) == 0
