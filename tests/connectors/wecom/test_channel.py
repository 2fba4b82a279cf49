"""The whole way: customers and servicers on the simulated WeCom, the real core, its workers and agents."""

from __future__ import annotations

import asyncio

from hub.connector import File
from hub.store import conversations
from hub.store.db import Connection
from hub.types import Conversation
from tests.connectors.wecom.conftest import Kf, sender
from tests.contracts.product import Product, product
from tests.simulators.wecom import ACCOUNT

CUSTOMERS = "select count(*) from messages where author = 'customer'"


async def notes(made: Product) -> list[str]:
    rows = await made.rows("select text from messages where kind = 'note' order by key")
    return [str(row["text"]) for row in rows]


async def now(made: Product, conn: Connection, conversation: str) -> Conversation:
    return await conversations.get(conn, conversation)


async def test_a_question_its_answer_a_choice_and_a_human_and_back(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "can I return it?")
        (answer,) = await kf.platform.until_shown("ann", 1)
        assert answer.text.startswith("You have 14 days.")

        assert await kf.platform.say("ann", "yes or no")
        asked = (await kf.platform.until_shown("ann", 2))[1]
        assert asked.buttons == (("Yes", "/affirm"), ("No", "/deny"))
        assert await kf.platform.press("ann", *asked.buttons[0])
        await kf.platform.until_shown("ann", 3)
        assert (made.bot.asked[-1].text, made.bot.asked[-1].payload) == ("Yes", "/affirm")

        assert await kf.platform.say("ann", "a human please")
        await kf.platform.until_shown("ann", 4)
        conversation, agent = await made.conversation(sender("ann")), await made.agent()
        await made.until("select status from conversations where id = $1", conversation, is_="waiting")
        await made.desk.claim(agent, conversation)
        await made.desk.say(agent, conversation, "I am Agnes. How can I help?")
        assert (await kf.platform.until_shown("ann", 5))[4].text == "I am Agnes. How can I help?"

        bot_was_asked = len(made.bot.asked)
        assert await kf.platform.say("ann", "my fridge hums")
        await made.until(CUSTOMERS, is_=5)
        await made.desk.release(agent, conversation)
        assert await kf.platform.say("ann", "hello")
        assert (await kf.platform.until_shown("ann", 6))[5].text == "Hello!"
        assert [turn.text for turn in made.bot.asked[bot_was_asked:]] == ["hello"]
        assert await made.value("select name from customers") == "Ann"


async def test_the_address_is_verified_and_the_echo_is_decrypted(kf: Kf) -> None:
    async with kf.product():
        assert await kf.platform.verify() == (200, b"echo")


async def test_long_choices_and_long_texts_stay_within_what_wecom_carries(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "choices")  # longer than a menu's item
        (asked,) = await kf.platform.until_shown("ann", 1)
        assert asked.buttons == ()
        assert "5. The fifth" in asked.text
        assert await kf.platform.say("ann", "3")
        await kf.platform.until_shown("ann", 2)
        assert made.bot.asked[-1].payload == "/choose_third"
        conversation, agent = await made.conversation(), await made.agent()
        await made.desk.claim(agent, conversation)
        long = "很长的回答。" * 200
        await made.desk.say(agent, conversation, long)
        shown = (await kf.platform.until_shown("ann", 4))[2:]
        assert [len(part.text.encode()) <= 2048 for part in shown] == [True, True]
        assert "".join(part.text for part in shown) == long


async def test_files_both_ways(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.send_file("ann", "image", "image/png", "shot.png", b"\x89PNG of a broken fridge")
        await made.until("select data from attachments", is_=b"\x89PNG of a broken fridge")
        assert await made.rows("select name, type, state from attachments") == [
            {"name": "shot.png", "type": "image/png", "state": "stored"}
        ]
        await kf.platform.until_shown("ann", 1)
        conversation, agent = await made.conversation(), await made.agent()
        await made.desk.claim(agent, conversation)
        async with made.db.connection() as conn:
            there = await now(made, conn, conversation)
        for name, type, data in (
            ("保修.pdf", "application/pdf", b"%PDF of a warranty"),
            ("manual.png", "image/png", b"\x89PNG of a manual"),
        ):
            file = await made.desk.attach(there, File(name, type, data))
            await made.desk.say(agent, conversation, "", files=[file.id])
        shown = (await kf.platform.until_shown("ann", 3))[1:]
        assert [(one.file, one.data) for one in shown] == [
            ("保修.pdf", b"%PDF of a warranty"),
            ("manual.png", b"\x89PNG of a manual"),
        ]


async def test_a_customer_who_enters_is_welcomed_once(kf: Kf) -> None:
    kf.platform.welcome = "Welcome! 您好！"
    async with kf.product() as made:
        assert await kf.platform.enter("ann", "order_page")
        (welcome,) = await kf.platform.until_shown("ann", 1)
        assert welcome.text == "Welcome! 您好！"
        assert await kf.platform.enter("ann")
        assert await kf.platform.say("ann", "hello")
        assert [shown.text for shown in await kf.platform.until_shown("ann", 2)] == ["Welcome! 您好！", "Hello!"]
        assert await made.value("select profile ->> 'scene' from identities") == "order_page"


async def test_the_bot_keeps_quiet_while_a_servicer_has_the_session(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        await kf.platform.until_shown("ann", 1)
        assert await kf.platform.servicer_takes("ann", "LiNa")
        assert await kf.platform.servicer_says("ann", "LiNa", "Hello, Ann.")
        assert await kf.platform.say("ann", "can I return it?")
        await made.until(CUSTOMERS, is_=2)
        assert await kf.platform.servicer_ends("ann", "LiNa")
        assert await kf.platform.say("ann", "and for hello")
        await kf.platform.until_shown("ann", 2)
        await made.settled()
        assert [turn.text for turn in made.bot.asked] == ["hello", "and for hello"], "the servicer's is theirs"
        assert await notes(made) == [
            "WeCom client: the session is now LiNa's.",
            "LiNa in the WeCom client: Hello, Ann.",
            "WeCom client: LiNa has ended the session.",
        ]
        assert await made.answers() == {"hello": 1, "can I return it?": 0, "and for hello": 1}


async def test_the_bot_keeps_quiet_even_where_nobody_said_that_a_servicer_has_the_session(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.servicer_takes("ann", "LiNa", tell=False)
        kf.platform.wrote("ann", "text", text={"content": "can I return it?"})  # their first word ever
        kf.platform.session("ann").state = 3
        assert await kf.platform.call_back()
        await made.until(CUSTOMERS, is_=1)
        await made.settled()
        assert made.bot.asked == []


async def test_a_message_that_does_not_arrive_after_all_is_shown_so(kf: Kf) -> None:
    async with kf.product() as made:
        kf.platform.blocked.add("ann")
        assert await kf.platform.say("ann", "can I return it?")
        await made.until("select delivery from messages where author = 'bot'", is_="failed")
        assert "refuses messages" in await made.value("select error from messages where author = 'bot'")
        await made.until("select unreachable is not null from identities")
        kf.platform.blocked.clear()
        assert await kf.platform.say("ann", "hello")
        assert [shown.text for shown in await kf.platform.until_shown("ann", 1)] == ["Hello!"]


async def test_two_accounts_are_two_conversations_of_one_customer(kf: Kf) -> None:
    kf.platform.accounts.append("wkSecond")
    kf.platform.every = True
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        assert await kf.platform.say("ann", "hello", account="wkSecond")
        await kf.platform.until_shown("ann", 2)
        await made.settled()
        assert await made.value("select count(*) from conversations") == 2
        assert await made.value("select count(*) from customers") == 1
        sent = [body for path, body in kf.platform.calls if path == "/cgi-bin/kf/send_msg"]
        assert {message["open_kfid"] for message in sent} == {ACCOUNT, "wkSecond"}


async def test_an_account_that_is_not_ours_is_acknowledged_and_left_alone(kf: Kf) -> None:
    async with kf.product() as made:
        kf.platform.accounts.append("wkSomebodyElses")
        assert await kf.platform.say("ann", "hello", account="wkSomebodyElses")
        assert await kf.platform.say("ann", "can I return it?")
        await kf.platform.until_shown("ann", 1)
        assert await made.value(CUSTOMERS) == 1
        pulled = [body["open_kfid"] for path, body in kf.platform.calls if path == "/cgi-bin/kf/sync_msg"]
        assert set(pulled) == {ACCOUNT}


async def test_what_a_customer_takes_back_is_noted(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello", id="m1")
        assert await kf.platform.recall("ann", "m1")
        await made.until("select count(*) from messages where kind = 'note'", is_=1)
        assert await notes(made) == ["The customer has taken back a message."]


async def test_the_channel_says_how_it_is_and_recovers(kf: Kf) -> None:
    kf.platform.api.refuse["/cgi-bin/kf/account/list"] = 48002
    async with kf.product() as made:
        async with asyncio.timeout(10):
            while "可调用接口的应用" not in (await made.connector.health()).detail:
                await asyncio.sleep(0.02)
        kf.platform.api.refuse.clear()
        async with asyncio.timeout(15):
            while not (await made.connector.health()).ok:
                await asyncio.sleep(0.05)


async def test_a_setting_that_names_no_account_of_the_companys_is_seen(kf: Kf) -> None:
    settings = {**kf.platform.channel(), "open_kfid": "wkMistyped"}
    async with product(kf.database_url, settings, kf.port) as made, asyncio.timeout(10):
        while "wkMistyped" not in (await made.connector.health()).detail:
            await asyncio.sleep(0.02)


async def test_nobodys_name_is_asked_twice(kf: Kf) -> None:
    async with kf.product() as made:
        assert await kf.platform.say("ann", "hello")
        await made.until("select name from customers", is_="Ann")
        await kf.platform.until_shown("ann", 1)
        assert await kf.platform.say("ann", "can I return it?")
        await kf.platform.until_shown("ann", 2)
        pulls = kf.calls("/cgi-bin/kf/sync_msg")
        assert await kf.platform.call_back()
        async with asyncio.timeout(10):
            while kf.calls("/cgi-bin/kf/sync_msg") == pulls:
                await asyncio.sleep(0.02)
        assert kf.calls("/cgi-bin/kf/customer/batchget") == 1
