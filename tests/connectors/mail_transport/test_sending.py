"""How mails go out: what a server's no means, and that nobody's words become headers."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from app.settings import ChannelSettings
from connectors.mail import smtp
from connectors.mail.compose import Draft, compose, wire
from connectors.mail.oauth import AccessTokens
from connectors.mail.settings import MailSettings, OAuth2, Server
from connectors.mail.smtp import Sender
from handoff.cases import Cases
from hub.connector import File
from hub.errors import AuthFailed, Rejected, Transient, Unreachable
from hub.http import Problem
from tests.connectors.mail_transport.post import Office
from tests.simulators.mail import PASSWORD, USERNAME, MailSimulator, text_of

SIMPLE = Draft(
    sender="help@shop.example",
    sender_name="Support",
    to="ann@customer.example",
    subject="Re: A lamp",
    message_id="<token.part@shop.example>",
    date=datetime(2026, 1, 2, tzinfo=UTC),
    text="Hello",
    html="<p>Hello</p>",
)
ALLOWED = {
    "message-id", "in-reply-to", "references", "from", "to", "cc", "reply-to", "subject", "date", "auto-submitted",
    "x-auto-response-suppress", "x-loop", "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip
EVIL = st.text(st.sampled_from('ab\r\n\x0b\x0c\x1c\x85\u2028\x00: <>"=?;,@退é\ud800Bcc'), max_size=120) | st.text(
    max_size=200
)


@given(subject=EVIL, name=EVIL, ours=EVIL, text=EVIL, file=EVIL, id=EVIL, references=st.lists(EVIL, max_size=3))
def test_nothing_that_anybody_wrote_becomes_a_header(
    subject: str, name: str, ours: str, text: str, file: str, id: str, references: list[str]
) -> None:
    draft = msgspec.structs.replace(
        SIMPLE,
        subject=subject,
        to_name=name,
        sender_name=ours,
        text=text,
        in_reply_to=id,
        references=[*references, "<good@x.example>"],
        files=[File(file, "text/plain", b"x")],
        automatic=True,
    )
    raw = compose(draft)
    head, _, _ = raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0].decode().lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert set(names) <= ALLOWED
    assert len(names) == len(set(names))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert [each.addr_spec for each in parsed["To"].addresses] == ["ann@customer.example"]
    assert parsed["Bcc"] is None
    assert b"<good@x.example>" in head


@pytest.mark.parametrize(
    "evil",
    [
        "=?utf-8?q?x=0D=0ABcc:_eve=40evil.example?=",
        "=?utf-8?b?DQpCY2M6IGV2ZUBldmls?=",
        "==??utf-8?q?x=0D=0ABcc:_eve=40evil.example?=",
        "=\x00?utf-8?q?=0D=0ABcc:_eve?=",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3F=0D=0ABcc:_eve=3F=3D?=",
    ],
)
def test_an_encoded_word_in_a_word_becomes_no_header(evil: str) -> None:
    """Whoever writes encodes twice: what is left after the first decoding is an encoded word again."""
    file = File(evil, "text/plain", b"x")
    draft = msgspec.structs.replace(SIMPLE, subject=f"Re: {evil}", to_name=evil, sender_name=evil, files=[file])
    raw = compose(draft)
    parsed = email.message_from_bytes(raw)
    assert {name.lower() for name, _ in parsed.items()} <= ALLOWED
    assert b"\nBcc" not in raw
    assert b"eve@evil" not in raw


@given(address=EVIL)
def test_an_address_is_one_or_is_refused(address: str) -> None:
    try:
        raw = compose(msgspec.structs.replace(SIMPLE, to=address, cc=(f"a{address}@x.example",)))
    except Rejected:
        return
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert len(parsed["To"].addresses) == len(parsed["Cc"].addresses) == 1
    assert parsed["Bcc"] is None


def test_long_ids_and_chinese_names_arrive_as_they_are() -> None:
    long = [f"<{'x' * 150}{n}@customer.example>" for n in range(9)]
    draft = msgspec.structs.replace(
        SIMPLE,
        subject="Re: " + "关于订单的咨询" * 20,
        to_name="王 小明",
        to="ann@例子.example",
        in_reply_to=long[-1],
        references=long,
        text="您好",
    )
    raw = compose(draft)
    assert b"<token.part@shop.example>" in raw
    assert all(id.encode() in raw for id in long)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed["Subject"] == draft.subject
    assert parsed["To"].addresses[0].display_name == "王 小明"
    assert parsed["To"].addresses[0].domain.startswith("xn--")
    assert isinstance(parsed, email.message.EmailMessage)
    assert text_of(parsed) == "您好"


async def test_whose_address_is_not_in_ascii_is_answered_too() -> None:
    raw = compose(msgspec.structs.replace(SIMPLE, to="用户.名@例子.example", to_name="王", cc=("bob@x.example",)))
    assert "\r\nTo: 王 <用户.名@xn--fsqu00a.example>\r\n".encode() in raw
    async with MailSimulator() as mail:
        await sender(mail).send("", [wire("用户.名@例子.example"), "bob@x.example"], raw)
        assert mail.smtp.posted[0].recipients == ("用户.名@xn--fsqu00a.example", "bob@x.example")


def sender(mail: MailSimulator, **more: object) -> Sender:
    given = {
        "host": "127.0.0.1",
        "port": mail.smtp.port,
        "security": "none",
        "username": USERNAME,
        "password": PASSWORD,
    }
    return Sender(msgspec.convert({**given, **more}, Server), AccessTokens())


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("429", Transient, "450 4.7.1 Too much mail"),
        ("500", Transient, "451 4.3.0"),
        ("token", AuthFailed, "username and password are refused"),
        ("drop", TimeoutError, "handed over"),
        ("rubbish", TimeoutError, "makes no sense"),
    ],
)
async def test_what_a_servers_no_means(fault: str, error: type[Exception], words: str) -> None:
    async with MailSimulator() as mail:
        mail.faults.append(fault)  # type: ignore[arg-type]
        with pytest.raises(error, match=words) as raised:
            await sender(mail).send("help@shop.example", ["ann@customer.example"], compose(SIMPLE))
        assert PASSWORD not in str(raised.value)
        await sender(mail).send("help@shop.example", ["ann@customer.example"], compose(SIMPLE))
        assert len(mail.smtp.posted) == (2 if fault in ("drop", "rubbish") else 1)


async def test_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "DATA", 0.3)
    async with MailSimulator() as mail:
        mail.faults.append("never")
        with pytest.raises(TimeoutError):
            await sender(mail).send("", ["ann@customer.example"], compose(SIMPLE))


async def test_access_tokens() -> None:
    """One is fetched, kept, and fetched anew once it was refused; no error has a secret in it."""
    answers: list[tuple[int, str]] = [(200, '{"access_token":"one","expires_in":3600}')]
    asked: list[dict[str, str]] = []

    async def grant(request: web.Request) -> web.Response:
        asked.append({name: str(value) for name, value in (await request.post()).items()})
        status, text = answers[-1]
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_post("/token", grant)
    async with TestServer(app) as server:
        login = OAuth2("id", "s3cret", "r3fresh", str(server.make_url("/token")))
        tokens = AccessTokens()
        assert await tokens.get(login) == await tokens.get(login) == "one"
        assert len(asked) == 1
        assert (asked[0]["grant_type"], asked[0]["refresh_token"]) == ("refresh_token", "r3fresh")
        tokens.forget(login)
        for status, text, error in ((401, "r3fresh", AuthFailed), (503, "s3cret", Transient), (200, "[]", Transient)):
            answers.append((status, text))
            with pytest.raises(error) as raised:
                await tokens.get(login)
            assert "3" not in str(raised.value).replace("503", "")
        answers.append((200, '{"access_token":"two"}'))
        assert await tokens.get(login) == "two"


async def test_recipients_that_are_refused() -> None:
    async with MailSimulator() as mail:
        mail.smtp.unknown, mail.smtp.full = {"no@customer.example"}, {"full@customer.example"}
        with pytest.raises(Unreachable, match=r"there is no mailbox no@customer\.example"):
            await sender(mail).send("", ["no@customer.example"], compose(SIMPLE))
        with pytest.raises(Transient, match="mailbox is full"):
            await sender(mail).send("", ["full@customer.example"], compose(SIMPLE))
        ends = ["ann@customer.example", "no@customer.example", "full@customer.example"]
        _, refused = await sender(mail).send("", ends, compose(SIMPLE))
        assert [each.partition(":")[0] for each in refused] == ends[1:]
        assert mail.smtp.posted[0].recipients == ("ann@customer.example",)


async def test_servers_that_are_not_there() -> None:
    async with MailSimulator() as mail:
        pass
    with pytest.raises(Transient, match="refuses the connection"):
        await sender(mail).send("", ["ann@customer.example"], compose(SIMPLE))
    async with MailSimulator() as mail:
        with pytest.raises(Transient, match="SMTP"):
            await sender(mail, security="tls").send("", ["ann@customer.example"], compose(SIMPLE))
        with pytest.raises(Rejected, match="40 MB at most"):
            await sender(mail).send("", ["ann@customer.example"], b"x" * 50 * 2**20)


async def test_who_cannot_be_reached_is_shown_and_a_lost_answer_is_unknown(office: Office) -> None:
    office.mail.smtp.unknown = {"ann@customer.example"}
    await office.says("ann", "Can I return it?")
    row = (await office.made.rows("select delivery, error from messages where author = 'bot'"))[0]
    assert row["delivery"] == "failed"
    assert "there is no mailbox" in row["error"]
    office.mail.faults.append("drop")
    await office.says("bob", "Can I return it?")
    assert await office.made.value("select delivery from messages where author = 'bot' order by key desc") == "unknown"
    assert len(office.sent("bob")) == 1
    await office.says("bob", "And the box, can I return it?")
    assert await office.rules() == ["new", "new", "token"], "its Message-ID names the case all the same"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"address": "not an address"}, "address: 'not an address' is no mail address"),
        ({"addresses": ["x"]}, "addresses: 'x'"),
        ({"imap": {"host": "h", "port": 1, "security": "tls"}}, "username: a mailbox needs one"),
        ({"imap": {"host": "h", "port": 0, "security": "tls"}}, "port"),
        ({"imap": {"host": "h", "port": 1, "security": "ssl"}}, "security"),
        ({"imap": []}, "at least one mailbox"),
        ({"smtp": {"host": "h", "port": 1, "security": "tls", "username": "u"}}, "needs a password"),
        ({"secret": "short"}, "secret"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_wrong_settings_are_found_when_they_are_read(change: dict[str, object], words: str) -> None:
    login = {"host": "h", "port": 993, "security": "tls", "username": "u", "password": "p"}
    right = {"name": "mail", "kind": "mail", "address": "help@shop.example", "imap": login, "smtp": login}
    assert isinstance(msgspec.convert(right, ChannelSettings), MailSettings)
    assert len(msgspec.convert({**right, "imap": [login, {**login, "folder": "Old"}]}, MailSettings).mailboxes) == 2
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({**right, **change}, ChannelSettings)


async def test_an_answer_goes_to_whom_it_answers_whatever_comes_meanwhile(office: Office) -> None:
    """While the server is away somebody else writes, and an agent puts both cases together."""
    both = {"Cc": "bob@customer.example"}
    await office.delivers(office.mail.write("ann", "I want a human", id="one", headers=both))
    await office.delivers(office.mail.write("eve", "I want a human", subject="My hat"))
    cases = {each["address"]: each["conversation"] for each in await office.made.rows("select * from participants")}
    agent, desk = await office.agent(), office.made.desk
    for conversation in set(cases.values()):
        await desk.claim(agent, conversation)
    await office.mail.smtp.stop()
    await desk.say(agent, cases["ann@customer.example"], "For Ann.")
    await desk.say(agent, cases["eve@customer.example"], "For Eve.")
    await office.made.until("select count(*) from messages where delivery = 'queued' and error is not null", is_=2)
    headers = {"In-Reply-To": "<one@customer.example>"}
    await office.mail.deliver(office.mail.write("bob", "So do I", subject="Re: I want a human", headers=headers))
    await office.made.until("select count(*) from messages where author = 'customer'", is_=3)
    sorting = Cases(office.made.db, office.made.core.steps, office.made.core.outbox._channels)
    for _ in range(100):
        with contextlib.suppress(Problem):  # where it tries to send one of them just then
            await sorting.merge(agent, cases["eve@customer.example"], cases["ann@customer.example"])
            break
        await asyncio.sleep(0.05)
    await office.mail.smtp.start()
    await office.made.settled()
    said = {
        text_of(mail).partition("\n")[0]: str(mail["To"]) for who in ("ann", "eve") for mail in office.sent(who)[1:]
    }
    assert {words: to.partition("<")[2] for words, to in said.items()} == {
        "For Ann.": "ann@customer.example>",
        "For Eve.": "eve@customer.example>",
    }
