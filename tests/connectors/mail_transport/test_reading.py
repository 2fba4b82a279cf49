"""How mailboxes are read: once, in order, whatever the server and the process do."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.mail import incoming, reading
from connectors.mail import parse as parsing
from hub.store import channel_state
from hub.store.db import Connection
from tests.connectors.mail_transport.post import Post
from tests.contracts.product import Product
from tests.simulators.mail import MailSimulator
from tests.simulators.mail_imap import ImapServer


async def until_health(made: Product, *, ok: bool, says: str = "", exactly: str | None = None) -> str:
    async with asyncio.timeout(40):
        while (
            (health := await made.connector.health()).ok is not ok
            or says not in health.detail
            or exactly not in (None, health.detail)
        ):
            made.connector._watch.look_again()  # type: ignore[attr-defined]
            await asyncio.sleep(0.05)
    return health.detail


async def test_the_first_connection_takes_only_what_comes_from_then_on(post: Post) -> None:
    await post.mail.imap.deliver(post.mail.write("old", "Can I return it, asked last year?"))
    async with post.open() as office:
        await office.says("ann", "Can I return it?")
        assert await office.cases() == [["Can I return it?"]]
        assert not office.sent("old")
        assert await office.mail.imap.flags() == set(), "nothing is marked, and nothing deleted"


async def test_or_what_came_since_a_day(post: Post) -> None:
    mail, now = post.mail, datetime.now(UTC)
    for days, who in ((9, "too-old"), (3, "monday"), (2, "tuesday")):
        await mail.imap.deliver(mail.write(who, f"Can I return it? {who}"), now - timedelta(days=days))
    async with post.open(import_since=(now - timedelta(days=4)).date()) as office:
        await office.stored(2)
        await office.says("ann", "Can I return it?")
        assert [case[0] for case in await office.cases()] == [
            "Can I return it? monday",
            "Can I return it? tuesday",
            "Can I return it?",
        ]
    async with post.open(import_since=date(2000, 1, 1)) as office:
        await office.says("bob", "Can I return it?")
        assert len(await office.cases()) == 4, "only the first connection asks for the day"


async def test_servers_that_want_to_know_who_is_there(post: Post) -> None:
    post.mail.imap.demands_id = True
    async with post.open() as office:
        await office.says("ann", "Can I return it?")
        assert len(office.sent("ann")) == 1


async def test_a_server_without_idle_is_asked_again_and_again(database_url: str) -> None:
    async with MailSimulator(hurry=100, idle=False) as mail, Post(mail, database_url).open() as office:
        await office.says("ann", "Can I return it?")
        await office.says("bob", "Can I return it?")
        assert "IDLE" not in mail.imap.commands


async def test_new_numbers_bring_nothing_twice_and_lose_nothing(post: Post) -> None:
    async with post.open() as office:
        await office.says("ann", "Can I return it?")
        await office.says("bob", "Can I return it?")
        await office.mail.imap.stop()
        await office.mail.imap.deliver(office.mail.write("eve", "Can I return it, while you were away?"))
        await office.mail.imap.renumber()
        await office.mail.imap.start()
        await office.stored(3)
        await office.says("joe", "Can I return it?")
        assert [len(office.sent(who)) for who in ("ann", "bob", "eve", "joe")] == [1, 1, 1, 1]
        assert len(await office.cases()) == 4


async def test_what_is_stored_but_not_noted_is_known_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies between the mail and the number."""
    real, failed = channel_state.put, list[str]()

    async def put(conn: Connection, channel: str, key: str, value: str | None) -> None:
        if key.startswith("place") and len(failed) < 2 and await conn.fetchval("select count(*) from messages") > 0:
            failed.append(key)
            raise OSError("gone")
        await real(conn, channel, key, value)

    async with post.open() as office:
        monkeypatch.setattr(channel_state, "put", put)
        await office.says("ann", "Can I return it?")
        async with asyncio.timeout(30):
            while len(failed) < 2 or office.mail.imap.commands.count("UID FETCH") < 6:
                await asyncio.sleep(0.05)
        await office.says("bob", "Can I return it?")
        assert [len(office.sent(who)) for who in ("ann", "bob")] == [1, 1]
        assert len(await office.cases()) == 2


async def test_a_second_process_goes_on_where_the_first_stopped(post: Post) -> None:
    async with post.open() as office:
        await office.says("ann", "Can I return it?")
    await post.mail.imap.deliver(post.mail.write("bob", "Can I return it, with nobody there?"))
    async with post.open() as office:
        await office.stored(2)
        assert [len(office.sent(who)) for who in ("ann", "bob")] == [1, 1]


async def test_a_mail_that_cannot_be_read_is_kept_and_stops_nobody(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    real = parsing.parse

    def parse(raw: bytes, *more: object) -> object:
        if b"poison" in raw:
            raise RecursionError("too deep")
        return real(raw, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(incoming, "parse", parse)
    async with post.open() as office:
        await office.delivers(office.mail.write("eve", "poison"))
        await office.says("ann", "Can I return it?")
        assert len(office.sent("ann")) == 1
        await office.made.until("select count(*) from attachments where state = 'stored'", is_=1)
        assert b"poison" in await office.made.value("select data from attachments")
        unknown = (
            "select status from conversations c join identities i on i.id = c.identity where i.external_id like $1"
        )
        await office.made.until(unknown, "unknown%", is_="waiting")


async def test_a_mail_that_cannot_be_stored_is_put_aside(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    real = incoming.Incoming._store

    async def store(self: incoming.Incoming, mail: object, raw: bytes, *more: object) -> None:
        if b"poison" in raw:
            raise ValueError("cannot be")
        await real(self, mail, raw, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(incoming.Incoming, "_store", store)
    async with post.open() as office:
        await office.mail.imap.deliver(office.mail.write("eve", "poison"))
        assert await office.mail.say("ann", "Can I return it?")
        await office.stored(1)
        assert await office.made.value("select count(*) from channel_state where key like 'aside %'") == 1
    async with post.open() as office:
        assert "could not be stored: 1; see operations.md" in await until_health(office.made, ok=True, says="aside")
        await office.made.rows("delete from channel_state where key like 'aside %'")
        await until_health(office.made, ok=True, exactly="")


async def test_a_mail_that_the_server_does_not_give_us_stops_nobody(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post.open() as office:
        uid = await office.mail.imap.deliver(office.mail.write("eve", "Can I return it, from a broken disk?"))
        office.mail.imap.refused.add(uid + 1)
        await office.mail.imap.deliver(office.mail.write("ann", "Can I return it?"))
        assert await office.mail.say("bob", "Can I return it?")
        await office.stored(2)
        detail = await until_health(office.made, ok=True, says="not given")
        assert f"127.0.0.1: 1 (in INBOX, UID {uid + 1})" in detail
        office.mail.imap.refused.clear()
        monkeypatch.setattr(reading, "LATER", timedelta())
        await office.stored(3)
        assert [len(office.sent(who)) for who in ("eve", "ann", "bob")] == [1, 1, 1]
        assert await until_health(office.made, ok=True, exactly="") == ""


async def test_what_is_not_wanted_is_not_deleted_either(post: Post) -> None:
    mail, now = post.mail, datetime.now(UTC)
    kept = await mail.imap.deliver(mail.write("old", "Can I return it, too early?"), now - timedelta(days=2))
    await mail.imap.deliver(mail.write("ann", "Can I return it?"), now - timedelta(days=1))
    async with post.open(delete_after_import=True, import_since=(now - timedelta(days=1)).date()) as office:
        await office.stored(1)
        async with asyncio.timeout(10):
            while len(uids := await office.mail.imap.uids()) > 1:
                await asyncio.sleep(0.05)
        assert uids == [kept]


async def test_mails_are_deleted_only_where_that_is_wanted(post: Post) -> None:
    async with post.open(delete_after_import=True) as office:
        await office.says("ann", "Can I return it?")
        async with asyncio.timeout(10):
            while await office.mail.imap.uids():
                await asyncio.sleep(0.05)


async def test_what_others_have_flagged_is_theirs_to_delete(post: Post) -> None:
    imap = post.mail.imap
    imap.uid_plus = False
    others = await imap.deliver(post.mail.write("old", "Can I return it, asked last year?"))
    await imap.flag_as_deleted(others)
    async with post.open(delete_after_import=True) as office:
        await office.says("ann", "Can I return it?")
        async with asyncio.timeout(10):
            while len(flagged := await imap.flagged_as_deleted()) < 2:
                await asyncio.sleep(0.05)
        await office.says("bob", "Can I return it?")
        assert flagged == (await imap.uids())[:2], "ours is flagged, too, and nothing is gone"
    assert not [each for each in imap.commands if "EXPUNGE" in each]


@pytest.mark.parametrize("fault", ["429", "token", "rubbish", "drop"])
async def test_a_server_that_fails_is_found_again(post: Post, fault: str) -> None:
    async with post.open() as office:
        await until_health(office.made, ok=True)
        post.mail.imap.faults += [fault] * 3  # type: ignore[list-item]
        await post.mail.imap.cut()
        await office.says("ann", "Can I return it?")
        assert len(office.sent("ann")) == 1
        await until_health(office.made, ok=True)


async def test_health_says_which_server_is_away(post: Post) -> None:
    async with post.open() as office:
        await until_health(office.made, ok=True)
        await post.mail.imap.stop()
        assert "IMAP" in await until_health(office.made, ok=False)
        await post.mail.imap.start()
        await until_health(office.made, ok=True)
        await post.mail.smtp.stop()
        assert "SMTP: refuses the connection" in await until_health(office.made, ok=False)


async def test_wrong_passwords_are_said_without_the_password(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    settings = post.mail.channel()
    wrong = {**settings["imap"], "password": "wr0ng-secret"}  # type: ignore[dict-item]
    async with post.open() as office:
        pass
    post_two = Post(post.mail, post.database_url)
    async with post_two.open(imap=wrong, smtp={**settings["smtp"], "password": "wr0ng-secret"}) as office:  # type: ignore[dict-item]
        detail = await until_health(office.made, ok=False, says="password")
    assert "username and password are refused" in detail
    assert "wr0ng" not in caplog.text


async def test_every_process_says_what_the_one_that_reads_has_found(post: Post) -> None:
    async with post.open():
        pass
    wrong = {**post.mail.channel()["imap"], "password": "wr0ng-secret"}  # type: ignore[dict-item]
    beside = Post(post.mail, post.database_url)
    for imap, ok, says in ((wrong, False, "password"), (post.mail.channel()["imap"], True, "")):
        async with post.open(imap=imap) as one, beside.open(imap=imap) as other:
            for office in (one, other):
                await until_health(office.made, ok=ok, says=says)
            reading = [office.made.connector._mailboxes[0]._here for office in (one, other)]  # type: ignore[attr-defined]
            assert reading.count(None) == 1, "only one of them reads"


async def test_several_mailboxes_and_one_mail_in_both(post: Post) -> None:
    other = ImapServer("sales", "an0ther-password")
    await other.start()
    try:
        settings = post.mail.channel()
        second = {**settings["imap"], "port": other.port, "username": "sales", "password": "an0ther-password"}  # type: ignore[dict-item]
        async with post.open(imap=[settings["imap"], second]) as office:
            await office.made.until("select count(*) from channel_state where key like 'place %'", is_=2)
            raw = office.mail.write("ann", "Can I return it?", to="help@shop.example, sales@shop.example")
            first = await office.mail.imap.deliver(b"Delivered-To: help@shop.example\r\n" + raw)
            again = await other.deliver(b"Delivered-To: sales@shop.example\r\nReceived: by other\r\n" + raw)
            assert await office.mail.imap.until_fetched(first)
            assert await other.until_fetched(again)
            alone = await other.deliver(office.mail.write("bob", "Can I return it?", to="sales@shop.example"))
            assert await other.until_fetched(alone)
            await office.stored(2)
            assert [len(office.sent(who)) for who in ("ann", "bob")] == [1, 1]
            assert len(await office.cases()) == 2
    finally:
        await other.stop()


async def test_access_tokens_in_the_place_of_passwords(post: Post) -> None:
    def login(name: str) -> dict[str, object]:
        account = post.mail.channel()[name]
        assert isinstance(account, dict)
        return {**{key: value for key, value in account.items() if key != "password"}, "oauth2": post.mail.oauth2()}

    async with post.open(imap=login("imap"), smtp=login("smtp")) as office:
        await office.says("ann", "Can I return it?")
        assert len(office.sent("ann")) == 1
        post.mail.imap.access_tokens.clear()  # it is no longer good, before its time
        await post.mail.imap.cut()
        await office.says("bob", "Can I return it?")
        await until_health(office.made, ok=True)
        assert len(office.sent("bob")) == 1
