"""The Telegram channel beside a simulated Telegram, with the real core: by webhook and by polling."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from connectors.telegram import pace
from hub.connector import File
from tests.contracts.product import YES_NO, Product, product
from tests.hub.house import HIT
from tests.kill.stack import free_port
from tests.simulators.telegram import HEADER, SECRET, TOKEN, TelegramSimulator
from tests.simulators.telegram_chats import BOT

HURRY = 20
ME = f"@{BOT['username']}"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass
class Place:
    """A simulated Telegram, and the product at an address that stays the same."""

    telegram: TelegramSimulator
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def product(self, **more: object) -> AsyncIterator[Product]:
        """One process of the product; `more` are settings."""
        async with product(self.database_url, {**self.telegram.channel(), **more}, self.port) as made:
            await self.telegram.connect(made.url)
            await until_health(made, ok=True)
            yield made


async def until_health(made: Product, *, ok: bool) -> str:
    """Waits until the channel says that it is, or is not, fine; answers what it says."""
    async with asyncio.timeout(35):
        while (health := await made.connector.health()).ok is not ok:
            await asyncio.sleep(0.02)
    return health.detail


@pytest.fixture(autouse=True)
def the_pace_of_a_hurried_telegram(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its limits are shorter by as much as it hurries; half of that is left for a busy machine."""
    monkeypatch.setattr(pace, "CHAT", (2.0 / HURRY, 1))


@pytest.fixture(params=["webhook", "polling"])
async def place(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Place]:
    async with TelegramSimulator(mode=request.param, hurry=HURRY) as telegram:
        yield Place(telegram, database_url)


@pytest.fixture
async def webhook(database_url: str) -> AsyncIterator[Place]:
    async with TelegramSimulator(hurry=HURRY) as telegram:
        yield Place(telegram, database_url)


@pytest.fixture
async def polling(database_url: str) -> AsyncIterator[Place]:
    async with TelegramSimulator(mode="polling", hurry=HURRY) as telegram:
        yield Place(telegram, database_url)


async def calls(telegram: TelegramSimulator, method: str) -> list[dict[str, object]]:
    return [data for name, data in telegram.calls if name == method]


async def test_a_whole_conversation(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.say("ann", "can I return it?")
        assert (await telegram.until_shown("ann", 1))[-1].text == HIT.answer
        assert await telegram.say("ann", "yes or no")
        offered = (await telegram.until_shown("ann", 2))[-1]
        assert [title for title, _ in offered.buttons] == [button.title for button in YES_NO]
        assert await telegram.press("ann", *offered.buttons[0])
        await made.settled()
        assert (made.bot.asked[-1].text, made.bot.asked[-1].payload) == (YES_NO[0].title, YES_NO[0].payload)
        assert await telegram.say("ann", "a human, please")
        await made.until("select status from conversations", is_="waiting")
        await made.settled()
        agent, conversation, seen = await made.agent(), await made.conversation(), len(telegram.shown("ann"))
        await made.desk.claim(agent, conversation)
        assert await telegram.say("ann", "hello?")
        await made.desk.say(agent, conversation, "This is Agnes.")
        assert (await telegram.until_shown("ann", seen + 1))[-1].text == "This is Agnes."
        await made.desk.release(agent, conversation)
        assert await telegram.say("ann", "hello")
        assert (await telegram.until_shown("ann", seen + 2))[-1].text == "Hello!"
        await made.settled()
        assert len(telegram.shown("ann")) == seen + 2
        assert await made.value("select name from customers") == "ann"
        assert await made.value("select profile ->> 'username' from identities") == "@ann_tg"


async def test_a_press_is_acknowledged_and_counts_for_who_was_asked(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.say("ann", "yes or no")
        offered = (await telegram.until_shown("ann", 1))[-1]
        assert await telegram.say("bob", "hello")
        await telegram.until_shown("bob", 1)
        assert await telegram.press("ann", *offered.buttons[1], old=True)  # Telegram shows no more of it than its chat
        await made.settled()
        assert (made.bot.asked[-1].text, made.bot.asked[-1].payload) == (YES_NO[1].title, YES_NO[1].payload)
        async with asyncio.timeout(5):
            while not telegram.api.answered:
                await asyncio.sleep(0.01)
        assert telegram.api.answered[-1]["text"] == YES_NO[1].title


async def test_a_press_survives_a_restart_and_a_failed_acknowledgement(place: Place) -> None:
    telegram = place.telegram
    async with place.product():
        assert await telegram.say("ann", "yes or no")
        offered = (await telegram.until_shown("ann", 1))[-1]
    async with place.product() as made:
        update = telegram.chats.pressed(telegram.chats.private("ann"), "ann", offered.buttons[0][1], "q1", old=False)
        telegram.chats.presses.clear()  # too old to be acknowledged
        assert await telegram.deliver(update)
        await made.settled()
        assert await telegram.deliver(update)  # once more
        await made.settled()
        assert made.bot.asked[-1].payload == YES_NO[0].payload
        assert len(made.bot.asked) == 1


async def test_an_edit_is_told_to_the_agents_and_answered_by_nobody(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.say("ann", "can I return it?")
        await telegram.until_shown("ann", 1)
        message = next(one for one in telegram.chats.messages.values() if one.get("text") == "can I return it?")
        assert await telegram.edit("ann", message, "can I exchange it?")
        await made.settled()
        assert await made.value("select text from messages where kind = 'note'") == "✎ can I exchange it?"
        assert len(made.bot.asked) == 1


async def test_whoever_starts_is_greeted_by_the_bot_or_in_the_channels_own_words(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.say("ann", "/start spring")
        await made.settled()
        assert made.bot.asked[-1].payload == "/greet"
        assert await made.value("select profile ->> 'start' from identities") == "spring"
    async with place.product(welcome="Welcome to the shop!") as made:
        assert await telegram.say("bob", "/start", id="start of bob")
        assert (await telegram.until_shown("bob", 1))[-1].text == "Welcome to the shop!"
        assert await telegram.say("bob", "/start", id="start of bob")
        assert await telegram.say("bob", "hello")
        assert [one.text for one in await telegram.until_shown("bob", 2)] == ["Welcome to the shop!", "Hello!"]
        await made.settled()
        assert [turn.text for turn in made.bot.asked] == ["hello"]


async def test_nobody_is_welcomed_over_an_agents_head(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product(welcome="Welcome to the shop!") as made:
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("ann", 1)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        assert await telegram.say("ann", "/start")
        await made.desk.say(agent, conversation, "Yes?")
        assert [one.text for one in await telegram.until_shown("ann", 2)] == ["Hello!", "Yes?"]


async def test_an_agent_who_comes_while_the_bot_awaits_its_turn_is_not_talked_over(
    webhook: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram, turn = webhook.telegram, pace.Pace.turn
    async with webhook.product() as made:

        async def claimed_meanwhile(self: pace.Pace, chat: str, sender: str) -> bool:
            if await made.value("select exists (select from conversations where owner is null)"):
                await made.desk.claim(await made.agent(), await made.conversation())
            await turn(self, chat, sender)
            return True

        monkeypatch.setattr(pace.Pace, "turn", claimed_meanwhile)
        assert await telegram.say("ann", "hello")
        await made.until("select delivery from messages where author = 'bot'", is_="dropped")
        await made.desk.say(await made.agent(), await made.conversation(), "Yes?")
        assert [one.text for one in await telegram.until_shown("ann", 1)] == ["Yes?"]


async def test_a_group_is_answered_where_it_speaks_to_us(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.say_in("buyers", "ann", "anyone got theirs yet?")
        assert await telegram.say_in("buyers", "ann", f"{ME} can I return it?")
        assert (await telegram.until_shown("buyers", 1))[-1].text == HIT.answer
        assert await telegram.say_in("buyers", "bob", f"{ME} hello")
        await telegram.until_shown("buyers", 2)
        assert await telegram.say_in("buyers", "ann", "@somebody_else can I return it?")
        await made.settled()
        assert [turn.text for turn in made.bot.asked] == ["can I return it?", "hello"]
        sent = await calls(telegram, "sendMessage")
        asked = [one["message_id"] for one in telegram.chats.messages.values() if ME in one.get("text", "")]
        assert [one["reply_parameters"]["message_id"] for one in sent] == asked  # type: ignore[index]
        rows = await made.rows("select external_id, person from identities order by id")
        ann, bob = (str(telegram.chats.person(name)["id"]) for name in ("ann", "bob"))
        group = str(telegram.chats.group("buyers")["id"])
        assert [(row["external_id"], row["person"]) for row in rows] == [
            (f"{group}:{ann}", ann),
            (f"{group}:{bob}", bob),
        ]


async def test_somebody_in_a_group_and_in_private_is_one_customer_with_two_conversations(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        assert await telegram.say_in("buyers", "ann", f"{ME} hello")
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("buyers", 1)
        await telegram.until_shown("ann", 1)
        assert await made.value("select count(*) from customers") == 1
        assert await made.value("select count(*) from conversations") == 2


async def test_a_button_in_a_group_is_for_whom_it_was_offered(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        assert await telegram.say_in("buyers", "ann", f"{ME} yes or no")
        offered = (await telegram.until_shown("buyers", 1))[-1]
        assert await telegram.press("bob", *offered.buttons[0], group="buyers")
        assert await telegram.press("ann", *offered.buttons[1], group="buyers")
        await made.settled()
        assert [turn.payload for turn in made.bot.asked] == [None, YES_NO[1].payload]
        assert await made.value("select count(*) from identities") == 1


async def test_a_forum_is_answered_in_its_topic(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product():
        assert await telegram.say_in("forum", "ann", f"{ME} can I return it?", message_thread_id=77)
        await telegram.until_shown("forum", 1)
        assert [one["message_thread_id"] for one in await calls(telegram, "sendMessage")] == ["77"]


async def test_files_go_both_ways(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.send_file("ann", "manual.pdf", b"%PDF-1.7 ...", type="application/pdf")
        assert await telegram.send_file("ann", "dot.png", PNG, type="image/png")
        await made.until("select count(*) from attachments where state = 'stored'", is_=2)
        files = await made.rows("select name, type, data from attachments order by name")
        assert [(file["name"], file["data"]) for file in files] == [("manual.pdf", b"%PDF-1.7 ..."), ("photo.jpg", PNG)]
        await made.settled()
        seen = len(telegram.shown("ann"))
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        now = await made.desk.owned(agent, conversation)
        sent = [
            File("label.pdf", "application/pdf", b"%PDF-1.7 label"),
            File("dot.png", "image/png", PNG),
            File("broken.png", "image/png", b"no picture"),
        ]
        kept = [await made.desk.attach(now, file) for file in sent]
        await made.desk.say(agent, conversation, "Here you are.", files=[file.id for file in kept])
        shown = (await telegram.until_shown("ann", seen + 4))[seen:]
        assert [(one.text, one.file, one.data) for one in shown] == [
            ("Here you are.", None, None),
            *(("", file.name, file.data) for file in sent),
        ]
        methods = [name for name, _ in telegram.calls if name in ("sendPhoto", "sendDocument")]
        assert methods == ["sendDocument", "sendPhoto", "sendPhoto", "sendDocument"]


async def test_whoever_blocks_us_is_unreachable_until_they_are_back(place: Place) -> None:
    telegram = place.telegram
    async with place.product() as made:
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("ann", 1)
        assert await telegram.block("ann")
        assert await made.value("select unreachable from identities") == "blocked the bot"
        assert await telegram.block("ann", again=True)
        assert await made.value("select unreachable from identities") is None


async def test_a_group_that_removes_us_is_unreachable_for_all_in_it(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        for name in ("ann", "bob"):
            assert await telegram.say_in("buyers", name, f"{ME} hello")
        await telegram.until_shown("buyers", 2)
        assert await telegram.deliver(telegram.chats.member(telegram.chats.group("buyers"), "ann", "member", "left"))
        assert await made.value("select count(*) from identities where unreachable is not null") == 2


@pytest.mark.parametrize("tell", [True, False])
async def test_a_group_that_moves_takes_its_conversations_along(webhook: Place, tell: bool) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        assert await telegram.say_in("buyers", "ann", f"{ME} hello")
        await telegram.until_shown("buyers", 1)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        number = await telegram.migrate("buyers", tell=tell)
        await made.desk.say(agent, conversation, "Still here?")
        assert (await telegram.until_shown("buyers", 2))[-1].text == "Still here?"
        ann = telegram.chats.person("ann")["id"]
        assert await made.value("select external_id from identities") == f"{number}:{ann}"
        assert await telegram.say_in("buyers", "ann", f"{ME} yes, I am")
        await made.settled()
        assert await made.value("select count(*) from conversations") == 1
        assert await made.value("select count(*) from messages where author = 'customer'") == 2


async def test_too_many_messages_wait_as_long_as_telegram_says(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        telegram.faults += ["429", "429"]
        assert await telegram.say("ann", "hello")
        assert (await telegram.until_shown("ann", 1))[-1].text == "Hello!"
        await made.settled()
        assert len(await calls(telegram, "sendMessage")) == 3
        assert len(telegram.shown("ann")) == 1


async def test_nothing_is_lost_or_doubled_while_the_product_is_away(polling: Place) -> None:
    telegram = polling.telegram
    said = [f"hello {number}" for number in range(30)]
    async with polling.product():
        for text in said[:3]:
            assert await telegram.say("ann", text)
    waiting = [asyncio.ensure_future(telegram.say(f"c{number % 3}", text)) for number, text in enumerate(said[3:])]
    async with asyncio.timeout(5):
        while len(telegram.api.pending) < len(waiting):
            await asyncio.sleep(0.01)
    async with polling.product() as made:
        await telegram.until_shown("c0", 1)  # killed in the midst of it
    async with polling.product() as made:
        assert all(await asyncio.gather(*waiting))
        await made.settled(60)
        stored = await made.rows("select text from messages where author = 'customer' order by key")
        assert sorted(row["text"] for row in stored) == sorted(said)
        answers = await made.answers()
        assert set(answers.values()) == {1}


async def test_numbers_that_begin_anew_after_a_quiet_week_are_no_old_ones(polling: Place) -> None:
    telegram = polling.telegram
    async with polling.product() as made:
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("ann", 1)
        await made.until("select value from channel_state where key = 'offset'", is_=None)
        update = telegram.chats.said(telegram.chats.private("ann"), "ann", "hello again", None)
        assert await telegram.deliver({**update, "update_id": 17})
        await telegram.until_shown("ann", 2)


async def test_a_receipt_of_last_week_is_not_given(polling: Place) -> None:
    telegram = polling.telegram
    async with polling.product():
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("ann", 1)
    async with polling.product() as made:
        await made.rows("update channel_state set value = '999999999 1700000000' where key = 'offset'")
    async with polling.product():
        assert await telegram.say("ann", "hello again")
        await telegram.until_shown("ann", 2)


async def test_an_update_that_cannot_be_read_holds_nobody_up(polling: Place) -> None:
    telegram = polling.telegram
    async with polling.product():
        assert await telegram.deliver(telegram.chats.update(message={"text": "a message of nobody"}))
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("ann", 1)


async def test_a_second_program_with_the_same_token_is_named(polling: Place) -> None:
    telegram = polling.telegram
    async with polling.product() as made:
        await telegram.api._set_webhook({"url": "https://elsewhere.example/hook"})
        assert "webhook" in await until_health(made, ok=False)
        await telegram.api._delete_webhook({})
        await until_health(made, ok=True)
        assert await telegram.say("ann", "hello")
        await telegram.until_shown("ann", 1)


async def test_a_webhook_is_registered_once_and_found_taken_over(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        registered = (await calls(telegram, "setWebhook"))[-1]
        assert registered["url"] == f"{made.url}/channels/telegram/webhook"
        assert registered["secret_token"] == SECRET
        assert registered["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]
        telegram.api.webhook = {"url": "https://elsewhere.example/hook"}
        made.connector._watch.look_again()  # type: ignore[attr-defined]
        assert "elsewhere.example" in await until_health(made, ok=False)
        telegram.api.webhook = {}
        made.connector._watch.look_again()  # type: ignore[attr-defined]
        await until_health(made, ok=True)
        assert telegram.api.webhook["secret_token"] == SECRET


async def test_a_group_is_understood_although_telegram_was_never_reached(webhook: Place) -> None:
    """The name that others call us by is asked for when it is needed; until it is known nothing is acknowledged."""
    telegram = webhook.telegram
    port = int(telegram.url.rsplit(":", 1)[1])
    settings = telegram.channel()
    await telegram.stop()
    async with product(webhook.database_url, settings, webhook.port) as made:
        await telegram.connect(made.url)
        update = telegram.chats.said(telegram.chats.group("buyers"), "ann", f"{ME} hello", None)
        async with asyncio.timeout(30):
            await telegram.start(port)
            assert await telegram.deliver(update)
            await telegram.until_shown("buyers", 1)


async def test_a_wrong_secret_is_refused(webhook: Place) -> None:
    telegram = webhook.telegram
    async with webhook.product() as made:
        right = telegram.delivery("ann", "hello")
        for secret in ("", "wrong", SECRET + "x", "ключ"):
            forged = type(right)(headers={**right.headers, HEADER: secret}, body=right.body)
            answer = await telegram.post(forged)
            assert answer is not None
            assert answer[0] == 401
            assert SECRET not in json.dumps(answer[1].decode())
        assert await made.value("select count(*) from messages") == 0


async def test_the_token_is_in_no_log_and_no_error(webhook: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(10)
    telegram = webhook.telegram
    async with webhook.product() as made:
        for fault in ("500", "rubbish", "token", "drop"):
            telegram.faults.append(fault)
            assert await telegram.say("ann", "hello")
            await made.settled()
        errors = str(await made.rows("select error from messages"))
    said = errors + "".join(record.getMessage() + str(record.exc_text) for record in caplog.records)
    assert TOKEN not in said
    assert TOKEN.partition(":")[2] not in said
