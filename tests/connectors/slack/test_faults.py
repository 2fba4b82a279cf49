"""What goes wrong between Slack and us: nothing acknowledged is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import asyncpg
import pytest

from connectors.slack import pace, socket
from hub import outbox
from hub.connector import File
from hub.intake import Intake
from hub.store import conversations
from hub.types import InboundMessage, Receipt
from tests.connectors.slack.conftest import HURRY, Workplace
from tests.contracts.product import Product
from tests.simulators.base import Fault
from tests.simulators.slack_files import APP_TOKEN, Refused
from tests.simulators.slack_workspace import BOT_ID


async def said(made: Product) -> list[str]:
    """What customers have said, in the order in which it was stored."""
    return [row["text"] for row in await made.rows("select text from messages where author = 'customer' order by key")]


def ours(workplace: Workplace, sender: str = "ann") -> list[str]:
    """What somebody has seen of us."""
    return [shown.text for shown in workplace.slack.shown(sender)]


# In --------------------------------------------------------------------------------------------------------------


async def test_what_could_not_be_stored_is_not_acknowledged(either: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failed = Intake.receive, 0

    async def receive(self: Intake, message: InboundMessage) -> Receipt:
        nonlocal failed
        if failed < 2:
            failed += 1
            raise asyncpg.CannotConnectNowError("the database starts up")
        return await real(self, message)

    monkeypatch.setattr(Intake, "receive", receive)
    monkeypatch.setattr("tests.simulators.slack_socket.PATIENCE", 0.3)
    async with either.product() as made:
        assert await either.slack.say("ann", "hello")  # at the third attempt
        await either.slack.until_shown("ann", 1)

        assert failed == 2
        assert await said(made) == ["hello"]


async def test_a_delivery_that_is_not_stored_gets_no_200(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive(self: Intake, message: InboundMessage) -> Receipt:
        raise asyncpg.CannotConnectNowError("the database starts up")

    monkeypatch.setattr(Intake, "receive", receive)
    async with workplace.product() as made:
        answer = await workplace.slack.post(workplace.slack.delivery("ann", "hello"))

        assert answer is not None
        assert answer[0] == 503
        assert await said(made) == []


async def test_slack_delivers_again_while_the_product_is_away(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product():
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
    saying = asyncio.create_task(slack.say("ann", "hello again"))
    await asyncio.sleep(0)
    async with workplace.product() as made:
        assert await saying
        await slack.until_shown("ann", 2)

        assert await said(made) == ["hello", "hello again"]


async def test_what_was_acknowledged_is_answered_after_a_crash(either: Workplace) -> None:
    async with either.product(working=False) as made:
        assert await either.slack.say("ann", "hello")
        assert await said(made) == ["hello"]
    assert ours(either) == []
    async with either.product() as made:
        await either.slack.until_shown("ann", 1)
        await made.settled()

    assert ours(either) == ["Hello!"]


async def test_a_text_beyond_all_measure_is_kept_as_far_as_it_goes(workplace: Workplace) -> None:
    async with workplace.product() as made:
        assert await workplace.slack.say("ann", "hello " + "x" * 39_000)
        await workplace.slack.until_shown("ann", 1)
        [text] = await said(made)

    assert text.startswith("hello xxx")
    assert text.endswith(" …")
    assert len(text) == 20_000


async def test_the_address_is_confirmed(workplace: Workplace) -> None:
    payload = {
        "token": "old",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
        "type": "url_verification",
    }
    async with workplace.product():
        answer = await workplace.slack.post(workplace.slack.signed(payload))
        forged = await workplace.slack.post(workplace.slack.signed(payload, secret="another"))

    assert answer is not None
    assert answer[0] == 200
    assert payload["challenge"].encode() in answer[1]
    assert forged is not None
    assert forged[0] == 401
    assert payload["challenge"].encode() not in forged[1]


async def test_a_delivery_from_ten_minutes_ago_is_refused(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        for skew in (-600, 600):
            event = slack.workspace.event(
                {"type": "message", "channel": "D1", "user": "U1", "ts": "1.0", "event_ts": "1.0"}
            )
            answer = await slack.post(slack.signed(event, at=slack.now() + skew))
            assert answer is not None
            assert answer[0] == 401
        assert await said(made) == []


async def test_unknown_deliveries_are_acknowledged(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        assert await slack.tell({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1795300000})
        assert await slack.tell(
            {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": {}}, form=True
        )
        assert await slack.tell(
            {"type": "shortcut", "callback_id": "x", "team": {"id": "T1"}, "user": {"id": "U1"}}, form=True
        )
        assert await said(made) == []


# Out -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429", "500", "rubbish", "drop", "token"])
async def test_an_answer_arrives_once_whatever_goes_wrong(
    workplace: Workplace, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
        await made.settled()
        await made.until("select name is not null from customers")
        slack.faults.append(fault)
        await slack.say("ann", "hello again")
        await made.settled(60)
        await slack.until_shown("ann", 2)

        assert ours(workplace) == ["Hello!", "Hello!"]
        assert {row["delivery"] for row in await made.rows("select delivery from messages where author = 'bot'")} == {
            "sent"
        }


async def test_after_a_crash_our_own_message_is_found(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was posted, and the process died before it could write that down."""
    slack = workplace.slack
    monkeypatch.setattr(outbox, "SENDING", 0.5)
    async with workplace.product() as made:
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
        await made.settled()
        await made.rows(
            "update messages set delivery = 'sending', parts_sent = 0, platform_id = null where author = 'bot'"
        )
        await made.until("select delivery from messages where author = 'bot'", is_="sent")
        platform_id = await made.value("select platform_id from messages where author = 'bot'")

    assert ours(workplace) == ["Hello!"]
    [posted] = [m for m in slack.workspace.messages[slack.workspace.direct("ann")] if m.get("bot_id") == BOT_ID]
    assert platform_id.endswith(posted["ts"])


async def test_our_own_message_is_found_where_the_customer_has_gone_on_elsewhere_since(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        written = slack.workspace.messages[slack.workspace.direct("ann")]
        for number, root in enumerate((None, None, 2, 0), 1):
            await slack.say("ann", f"hello {number}", thread=None if root is None else written[root]["ts"])
            await slack.until_shown("ann", number)
        await made.settled()
        removed = written[2]["ts"]
        written[:] = [message for message in written if removed not in (message["ts"], message.get("thread_ts"))]
        await made.rows(
            "update messages set delivery = 'sending', parts_sent = 0 where author = 'bot' and key = "
            "(select min(key) from messages where author = 'bot')"
        )
        await made.settled()
        deliveries = await made.rows("select delivery from messages where author = 'bot'")

    assert len(ours(workplace)) == 4
    assert {row["delivery"] for row in deliveries} == {"sent"}


async def test_after_a_crash_a_file_of_ours_is_found(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    slack = workplace.slack
    monkeypatch.setattr(outbox, "SENDING", 0.5)
    async with workplace.product() as made:
        await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)
        agent, conversation = await made.agent(), await made.conversation()
        await made.desk.claim(agent, conversation)
        async with made.db.connection() as conn:
            file = await made.desk.attach(
                await conversations.get(conn, conversation), File("a.pdf", "application/pdf", b"%PDF")
            )
        await made.desk.say(agent, conversation, "", None, (file.id,))
        await slack.until_shown("ann", 2)
        await made.settled()
        made.connector.identity.own = None  # type: ignore[attr-defined] # as in a process that has just begun
        made.connector.identity._remembered = False  # type: ignore[attr-defined]
        await made.rows("update messages set delivery = 'sending', parts_sent = 0 where author = 'agent'")
        await made.until("select delivery from messages where author = 'agent'", is_="sent")

    assert [shown.file for shown in slack.shown("ann")] == [None, "a.pdf"]


async def test_the_pace_is_kept(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers for one channel, from three conversations, and Slack has not once had to say no."""
    monkeypatch.setattr(pace, "INTERVAL", 4 / HURRY)  # what is sent so far apart does not arrive together
    slack = workplace.slack
    async with workplace.product() as made:
        threads = {name: await slack.mention(name, "hello") for name in ("ann", "ben", "carl")}
        for number in range(9):
            for name, thread in threads.items():
                await slack.write(name, f"hello {number}", thread=thread)
        await made.settled()

    assert slack.api.limited == 0
    assert len(slack.posts("general")) >= 3


async def test_who_would_wait_too_long_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "INTERVAL", 0.01)
    monkeypatch.setattr(pace, "PATIENCE", 0.015)
    kept = pace.Pace()
    await kept.turn("C1")
    await kept.turn("C1")
    kept.pause("C1", 0.1)
    with pytest.raises(Exception, match="many messages wait") as raised:
        await kept.turn("C1")
    assert 0.05 < raised.value.retry_after <= 0.1  # type: ignore[attr-defined] # it is a Transient
    await kept.turn("C2")


async def test_an_archived_channel_is_reached_no_more(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        thread = await slack.mention("ben", "hello")
        await slack.until(lambda: len(slack.posts("general")) == 1)
        slack.workspace.channels[slack.workspace.room("general")]["is_archived"] = True
        await slack.write("ben", "hello again", thread=thread)
        await made.settled()

        assert "archived" in await made.value("select unreachable from identities")
        assert (
            await made.value("select delivery from messages where author = 'bot' order by key desc limit 1") == "failed"
        )


# Slack is away, or refuses us ------------------------------------------------------------------------------------


async def test_slack_may_be_away_at_the_start(workplace: Workplace) -> None:
    slack = workplace.slack
    slack.faults.extend(["500"] * 2)
    async with workplace.product() as made:
        assert await slack.say("ann", "hello")  # we may be called before we have called
        await slack.until_shown("ann", 1, longest=30)
        async with asyncio.timeout(20):
            while not (await made.connector.health()).ok:
                await asyncio.sleep(0.05)


async def test_before_slack_could_be_asked_the_event_says_who_we_are(either: Workplace) -> None:
    slack = either.slack
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slack.api, "do_auth_test", _refused)
        async with either.product() as made:
            thread = await slack.mention("ben", "hello")
            await slack.until(lambda: len(slack.posts("general")) == 1)

            assert thread
            assert await said(made) == ["hello"]
            assert not (await made.connector.health()).ok


async def _refused(_: object) -> dict[str, object]:
    raise Refused("fatal_error")


async def test_who_we_are_is_remembered(workplace: Workplace) -> None:
    slack = workplace.slack
    async with workplace.product() as made:
        await made.until("select count(*) from channel_state where key = 'own'", is_=1)
    slack.faults.extend(["500"] * 100)
    async with workplace.product() as made:
        event = slack.delivery("ann", "hello").body.decode()
        assert "authorizations" in event
        thread = await slack.mention("ben", "where is it?")

        assert thread
        assert await said(made) == ["where is it?"]
        slack.faults.clear()


async def test_a_token_that_is_not_valid_is_said_and_does_not_run_hot(
    socketed: Workplace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("tests.simulators.slack_api.APP_TOKEN", "xapp-another")
    async with socketed.process() as made:
        async with asyncio.timeout(15):
            while "invalid_auth" not in (await made.connector.health()).detail:
                await asyncio.sleep(0.05)
        assert not (await made.connector.health()).ok
        assert len([1 for method, _ in socketed.slack.calls if method == "apps.connections.open"]) == 1

    assert APP_TOKEN not in caplog.text


# Socket Mode -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def connected(socketed: Workplace) -> AsyncIterator[tuple[Workplace, Product]]:
    """A product with an open socket, of which one message has been answered."""
    async with socketed.product() as made:
        await socketed.slack.say("ann", "hello")
        await socketed.slack.until_shown("ann", 1)
        yield socketed, made


async def test_a_connection_that_ends_is_opened_again(connected: tuple[Workplace, Product]) -> None:
    workplace, made = connected
    await workplace.slack.sockets.cut()
    assert await workplace.slack.say("ann", "hello again")
    await workplace.slack.until_shown("ann", 2)

    assert await said(made) == ["hello", "hello again"]


@pytest.mark.parametrize("word", ["warn", "renew"])
async def test_a_connection_that_is_told_to_go_has_a_successor(
    connected: tuple[Workplace, Product], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "LINGER", 0.5)
    workplace, made = connected
    sockets = workplace.slack.sockets
    await getattr(sockets, word)()
    await sockets.until_open(opened=2)
    assert await workplace.slack.say("ann", "hello again")
    await workplace.slack.until_shown("ann", 2)

    assert await said(made) == ["hello", "hello again"]
    await sockets.until(lambda: sockets.open == 1)


async def test_where_each_connection_is_told_to_go_at_once_none_follows_in_haste(
    socketed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = 0

    async def told_to_go(self: socket.Socket, session: object) -> None:
        nonlocal opened
        opened += 1

    monkeypatch.setattr(socket.Socket, "_until_over", told_to_go)
    monkeypatch.setattr(socket, "SOONEST", 3600.0)
    async with socketed.process():
        async with asyncio.timeout(10):
            while not opened:
                await asyncio.sleep(0.01)
        for _ in range(100):
            await asyncio.sleep(0)

    assert opened == 1


async def test_a_connection_that_falls_silent_is_given_up(socketed: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "HEARTBEAT", 0.2)
    slack = socketed.slack
    async with socketed.product() as made:
        slack.sockets.fall_silent()
        await slack.sockets.until_open(opened=2)
        assert await slack.say("ann", "hello")
        await slack.until_shown("ann", 1)

        assert await said(made) == ["hello"]


async def test_a_connection_is_replaced_when_it_is_old(socketed: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "OLDEST", 0.2)
    async with socketed.product() as made:
        await socketed.slack.sockets.until_open(opened=4)
        assert await socketed.slack.say("ann", "hello")
        await socketed.slack.until_shown("ann", 1)

        assert await said(made) == ["hello"]


async def test_quick_messages_keep_their_order(connected: tuple[Workplace, Product]) -> None:
    workplace, made = connected
    wanted = [f"hello {number}" for number in range(20)]
    events = [workplace.slack._direct("ann", text) for text in wanted]
    await asyncio.gather(*(workplace.slack.tell(event) for event in events))

    assert await said(made) == ["hello", *wanted]


async def test_health_says_that_there_is_no_connection(
    connected: tuple[Workplace, Product], monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace, made = connected
    async with asyncio.timeout(10):
        while not (await made.connector.health()).ok:
            await asyncio.sleep(0.05)
    monkeypatch.setattr("tests.simulators.slack_api.APP_TOKEN", "xapp-another")
    await workplace.slack.sockets.cut()
    async with asyncio.timeout(10):
        while (await made.connector.health()).ok:
            await asyncio.sleep(0.05)

    assert "Socket Mode" in (await made.connector.health()).detail


async def test_one_process_at_a_time_has_the_connection(connected: tuple[Workplace, Product]) -> None:
    workplace, _ = connected
    other = Workplace(workplace.slack, workplace.database_url)
    async with other.process() as second:
        async with asyncio.timeout(10):
            while not (await second.connector.health()).ok:
                await asyncio.sleep(0.05)

        assert workplace.slack.sockets.opened == 1
