"""A real SMTP server (aiosmtpd) on loopback: it wants a password, and keeps what it is given."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec import Struct

from tests.simulators.base import Fault
from tests.simulators.certificates import Secured

logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of a password without TLS at every connection


class Posted(Struct, frozen=True):
    """A mail as it was handed over."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


class SmtpServer:
    """Takes mails for everybody but `unknown`, `full` and `refused`. `faults` are used up one a mail."""

    def __init__(
        self, username: str, password: str, took: Callable[[Posted], Awaitable[None]], tls: Secured | None = None
    ) -> None:
        self.username, self.password = username, password
        self.tls = tls
        self.faults: list[Fault] = []
        self.unknown: set[str] = set()
        self.full: set[str] = set()
        self.posted: list[Posted] = []
        self.refused: set[str] = set()
        self.access_tokens: set[str] = set()
        self.answer = "250 OK"
        self.logins = 0
        self.port = 0
        self._took = took
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begins to listen; `port` then says where."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", self.port, ssl=self._context("tls"))
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends it."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _context(self, security: str) -> ssl.SSLContext | None:
        return self.tls.context if self.tls is not None and self.tls.security == security else None

    def _connection(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a password without TLS: it is loopback
            return SMTP(
                self,
                hostname="mail.example",
                enable_SMTPUTF8=True,
                auth_required=True,
                auth_require_tls=False,
                authenticator=self._authenticate,
                data_size_limit=40 * 2**20,
                tls_context=self._context("starttls"),
                require_starttls=self._context("starttls") is not None,
                loop=asyncio.get_running_loop(),
            )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.username.encode(),
            self.password.encode(),
        )
        if self.faults[:1] == ["token"]:
            self.faults.pop(0)
            session.__dict__["refused"] = True  # whatever else it tries
        return AuthResult(success=right and not session.__dict__.get("refused"), handled=False)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """An access token in the place of a password."""
        said = base64.b64decode(args[1]).decode()
        token = said.partition("auth=Bearer ")[2].strip("\x01")
        right = said.startswith(f"user={self.username}\x01") and token in self.access_tokens
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Who sends."""
        envelope.mail_from = address
        match self.faults[0] if self.faults else None:
            case "429":
                self.faults.pop(0)
                return "450 4.7.1 Too much mail; try again later"
            case "500":
                self.faults.pop(0)
                return "451 4.3.0 Local error"
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """To whom."""
        if address in self.unknown:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if address.partition("@")[0] in self.refused:
            return f"550 5.7.1 <{address}>: Recipient does not want your mail"
        if address in self.full:
            return f"452 4.2.2 <{address}>: mailbox is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail; with some faults it is taken, and nobody hears of it."""
        assert isinstance(envelope.content, bytes)
        posted = Posted((envelope.mail_from or "").strip("<>"), tuple(envelope.rcpt_tos), envelope.content)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "never":
            await asyncio.sleep(3600)
        self.posted.append(posted)
        await self._took(posted)
        if fault == "rubbish":
            return "well, perhaps"
        if fault == "drop" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return self.answer
