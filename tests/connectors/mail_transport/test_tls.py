"""TLS and STARTTLS: with whom we speak, whom we do not believe, and that nothing is said in plain text instead."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from connectors.mail.compose import compose
from connectors.mail.imap import Session
from connectors.mail.oauth import AccessTokens
from connectors.mail.settings import Imap, Server
from connectors.mail.smtp import Sender
from hub.errors import Transient
from tests.connectors.mail_transport.post import Post
from tests.connectors.mail_transport.test_reading import until_health
from tests.connectors.mail_transport.test_sending import SIMPLE
from tests.simulators.certificates import Authority, Secured
from tests.simulators.mail import PASSWORD, MailSimulator

Security = Literal["starttls", "tls"]
SECURITIES: tuple[Security, ...] = ("starttls", "tls")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def read(mail: MailSimulator, **more: object) -> None:
    """Opens the mailbox with these settings."""
    session = Session(msgspec.convert({**_login(mail, "imap"), **more}, Imap))
    try:
        await asyncio.to_thread(session.open, None, writing=False)
    finally:
        await asyncio.to_thread(session.end)


async def send(mail: MailSimulator, **more: object) -> None:
    """Sends a mail with these settings."""
    sender = Sender(msgspec.convert({**_login(mail, "smtp"), **more}, Server), AccessTokens())
    await sender.send("help@shop.example", ["ann@customer.example"], compose(SIMPLE))


def _login(mail: MailSimulator, server: str) -> dict[str, Any]:
    login = mail.channel()[server]
    assert isinstance(login, dict)
    return {name: value for name, value in login.items() if value is not None}


@pytest.mark.parametrize("imap", ["none", *SECURITIES])
@pytest.mark.parametrize("smtp", ["none", *SECURITIES])
async def test_question_and_answer(database_url: str, authority: Authority, imap: str, smtp: str) -> None:
    def secured(wanted: str) -> Secured | None:
        return None if wanted == "none" else authority.server(msgspec.convert(wanted, Security))

    async with MailSimulator(hurry=20, imap_tls=secured(imap), smtp_tls=secured(smtp)) as mail:
        async with Post(mail, database_url).open() as office:
            await office.says("ann", "Can I return it?")
            await office.says("ann", "And the box, can I return it?")
            assert len(office.sent("ann")) == 2
            await until_health(office.made, ok=True)
        assert ("STARTTLS" in mail.imap.commands) is (imap == "starttls")


@pytest.mark.parametrize("security", SECURITIES)
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("authority", "from an authority that we do not know; name that authority's own in ca_file"),
        ("name", "for another name; host has to be the name that stands in it"),
        ("date", "not valid today; whoever runs it has to renew that"),
    ],
)
async def test_a_certificate_that_is_not_trusted(
    tmp_path: Path, authority: Authority, security: Security, trouble: str, words: str
) -> None:
    tls = {
        "authority": lambda: authority.server(security),
        "name": lambda: authority.server(security, "127.0.0.2"),
        "date": lambda: authority.server(security, days=-1),
    }[trouble]()
    more = {"ca_file": Authority(tmp_path, "Somebody else's").ca_file if trouble == "authority" else tls.ca_file}
    async with MailSimulator(imap_tls=tls, smtp_tls=tls) as mail:
        for speak in (read, send):
            with pytest.raises(Transient, match=words):
                await speak(mail, **more)
        assert not mail.smtp.logins
        assert not {"LOGIN", "AUTHENTICATE"} & set(mail.imap.commands)


async def test_the_machines_own_authorities_are_trusted_where_no_file_is_named(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = authority.server("tls")
    async with MailSimulator(imap_tls=tls, smtp_tls=tls) as mail:
        for speak in (read, send):
            with pytest.raises(Transient, match="name that authority's own in ca_file"):
                await speak(mail, ca_file=None)
        monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)  # where OpenSSL looks for the machine's
        for speak in (read, send):
            await speak(mail, ca_file=None)


async def test_a_server_without_starttls_is_told_nothing() -> None:
    """Nor is one that somebody between us makes look so."""
    async with MailSimulator() as mail:
        for speak in (read, send):
            with pytest.raises(Transient, match="offers no STARTTLS, and is told nothing without") as raised:
                await speak(mail, security="starttls")
            assert PASSWORD not in str(raised.value)
        assert set(mail.imap.commands) <= {"CAPABILITY", "LOGOUT"}
        assert not mail.smtp.logins
        assert not mail.smtp.posted


async def test_nothing_is_said_before_tls_to_a_server_that_demands_it(authority: Authority) -> None:
    tls = authority.server("starttls")
    async with MailSimulator(imap_tls=tls, smtp_tls=tls) as mail:
        with pytest.raises(Transient, match="TLS comes about"):
            await read(mail, security="tls")
        with pytest.raises(Transient, match="TLS comes about"):
            await send(mail, security="tls")
        await read(mail)
        assert mail.imap.commands.index("STARTTLS") < mail.imap.commands.index("LOGIN")


async def test_ready_says_what_to_do(post: Post, tmp_path: Path, authority: Authority) -> None:
    tls, strange = authority.server("tls"), Authority(tmp_path, "Somebody else's").ca_file
    async with post.open() as office:
        await until_health(office.made, ok=True)
    async with MailSimulator(hurry=20, imap_tls=tls, smtp_tls=tls) as mail:
        async with Post(mail, post.database_url).open(imap={**_login(mail, "imap"), "ca_file": strange}) as office:
            detail = await until_health(office.made, ok=False, says="certificate")
            assert detail.startswith("IMAP: its certificate is from an authority that we do not know")
        smtp = {**_login(mail, "smtp"), "ca_file": strange}
        async with Post(mail, post.database_url).open(smtp=smtp) as office:
            detail = await until_health(office.made, ok=False, says="SMTP")
            assert detail.startswith("SMTP: its certificate is from an authority that we do not know")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ca_file": "/nowhere/ca.pem"}, r"ca_file: /nowhere/ca\.pem cannot be read \(No such file or directory\)"),
        ({"ca_file": str(Path(__file__))}, r"ca_file: .*test_tls\.py holds no certificate; name a file in PEM"),
        ({"ca_file": "/etc"}, "ca_file: /etc cannot be read"),
        ({"security": "none", "ca_file": "/nowhere/ca.pem"}, "ca_file: is of no use with security: none"),
        ({"security": "starttls", "port": 993}, "security: at port 993 TLS is there from the first word; take tls"),
    ],
)
def test_wrong_settings_are_found_when_they_are_read(change: dict[str, object], words: str) -> None:
    login = {"host": "h", "port": 994, "security": "tls", "username": "u", "password": "p"}
    for server in (Imap, Server):
        assert msgspec.convert(login, server).ca_file is None
        with pytest.raises(msgspec.ValidationError, match=words):
            msgspec.convert({**login, **change}, server)
