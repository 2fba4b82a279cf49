"""Mail as a platform: a mailbox that the hub reads, a server that it sends by, and people who write and read.

`python -m tests.simulators.mail` is a terminal in which what is typed is mailed.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from aiohttp import web

from tests.simulators import terminal
from tests.simulators.base import Delivery, Shown, Simulator
from tests.simulators.certificates import Secured
from tests.simulators.mail_imap import ImapServer
from tests.simulators.mail_smtp import Posted, SmtpServer

ADDRESS, SECOND = "help@shop.example", "sales@shop.example"
USERNAME, PASSWORD = "help", "p4ss-w0rd-of-the-mailbox"
CLIENT_SECRET, REFRESH_TOKEN = "cl1ent-secret", "r3fresh-token"
_CHOICE = re.compile(r"^(\d{1,2})\. (.+)$", re.MULTILINE)


class MailSimulator(Simulator):
    """One mailbox and one server. People are `ann` (at customer.example) or whole addresses."""

    kind = "mail"

    def __init__(
        self,
        name: str | None = None,
        *,
        hurry: float = 1.0,
        idle: bool = True,
        imap_tls: Secured | None = None,
        smtp_tls: Secured | None = None,
    ) -> None:
        super().__init__(name, hurry=hurry)
        self.imap = ImapServer(USERNAME, PASSWORD, idle=idle, tls=imap_tls)
        self.smtp = SmtpServer(USERNAME, PASSWORD, self._took, tls=smtp_tls)
        self.smtp.faults = self.faults
        self.smtp.refused = self.blocked
        self.smtp.access_tokens = self.imap.access_tokens
        self.mails: dict[str, list[EmailMessage]] = {}
        self._written: dict[tuple[str, str], bytes] = {}

    async def start(self, port: int = 0) -> None:
        """Begins to listen on both ports, and on one for HTTP."""
        await super().start(port)
        await self.imap.start()
        await self.smtp.start()

    async def stop(self) -> None:
        """Ends it."""
        await self.smtp.stop()
        await self.imap.stop()
        await super().stop()

    def routes(self) -> Iterable[web.RouteDef]:
        """The provider's access tokens; only the last one is good."""
        yield web.post("/token", self._token)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_secret"), form.get("refresh_token")) != (CLIENT_SECRET, REFRESH_TOKEN):
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.imap.access_tokens.clear()
        self.imap.access_tokens.add(token := self.new_id())
        return web.json_response({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def oauth2(self) -> dict[str, str]:
        """What stands in the settings in the place of a password."""
        return {
            "client_id": "parley",
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "token_url": f"{self.url}/token",
        }

    async def connect(self, hub: str) -> None:
        """Waits until the hub reads the mailbox: of what comes before its first visit it takes no notice."""
        await super().connect(hub)
        async with asyncio.timeout(30):
            while self.imap.runs and not self.imap.looked:
                await asyncio.sleep(0.05)

    def channel(self) -> dict[str, object]:
        """The entry in `hub.yml`."""
        account = {"host": "127.0.0.1", "username": USERNAME, "password": PASSWORD}
        return {
            "name": self.name,
            "kind": self.kind,
            "address": ADDRESS,
            "addresses": [SECOND],
            "sender_name": "PARLEY 客服 Support",
            "imap": {**account, "port": self.imap.port, **_secured(self.imap.tls)},
            "smtp": {**account, "port": self.smtp.port, **_secured(self.smtp.tls)},
            "poll_seconds": 20 / self.hurry,
        }

    # The customers' side ---------------------------------------------------------------------------------------------

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """The nearest thing to a request: the mail itself."""
        return Delivery(body=self.write(sender, text, id=id))

    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        """Somebody mails us: in answer to our last mail to them, if there is one."""
        id = id or self.new_id()
        if (sender, id) not in self._written:
            write = self.answer if self.mails.get(address(sender)) else self.write
            self._written[sender, id] = write(sender, text, id=id)
        return await self.deliver(self._written[sender, id])

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """Buttons are numbers: somebody writes back the one in front of this title."""
        return await self.say(sender, payload)

    async def deliver(self, raw: bytes, when: datetime | None = None) -> bool:
        """Puts a mail into the mailbox, where it stays, and waits until the hub has read it."""
        return await self.imap.until_fetched(await self.imap.deliver(raw, when), longest=60)

    def write(
        self,
        sender: str,
        text: str,
        *,
        subject: str | None = None,
        id: str | None = None,
        to: str = ADDRESS,
        headers: dict[str, str] | None = None,
        files: Iterable[tuple[str, str, bytes]] = (),
    ) -> bytes:
        """A mail as somebody's program writes it."""
        mail = EmailMessage(email.policy.SMTP.clone(max_line_length=900))  # no ids as encoded words
        mail["From"] = formataddr((sender.partition("@")[0].title(), address(sender)))
        mail["To"] = to
        mail["Subject"] = text.strip().partition("\n")[0][:60] if subject is None else subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(self.now(), UTC))
        mail["Message-ID"] = f"<{id or self.new_id()}@customer.example>"
        for name, value in (headers or {}).items():
            mail[name] = value
        mail.set_content(text)
        for name, type, data in files:
            main, _, sub = type.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
        return mail.as_bytes()

    def answer(self, sender: str, text: str, *, id: str | None = None, **more: str) -> bytes:
        """An answer to our last mail to somebody, with that below it."""
        ours = self.mails[address(sender)][-1]
        quoted = "\n".join(f"> {line}" for line in text_of(ours).splitlines())
        references = f"{ours['References'] or ''} {ours['Message-ID']}".split()
        headers = {"In-Reply-To": str(ours["Message-ID"]), "References": " ".join(references), **more}
        subject = str(ours["Subject"])
        to = str(ours["Reply-To"] or ours["From"])
        body = f"{text}\n\nOn Mon, 23 Nov 2026 at 10:00, PARLEY Support <{ADDRESS}> wrote:\n\n{quoted}\n"
        return self.write(sender, body, subject=subject, id=id, headers=headers, to=to)

    async def _took(self, posted: Posted) -> None:
        mail = email.message_from_bytes(posted.data, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        for recipient in posted.recipients:
            self.mails.setdefault(recipient, []).append(mail)
            text = text_of(mail)
            files = [part for part in mail.iter_attachments() if part.get_filename()]
            buttons = tuple((found[2], found[1]) for found in _CHOICE.finditer(text))
            who = recipient.removesuffix("@customer.example")
            first = files[0] if files else None
            await self.show(
                who,
                Shown(
                    text=text,
                    buttons=buttons,
                    file=first.get_filename() if first else None,
                    data=first.get_content() if first else None,
                    at=self.now(),
                ),
            )


def _secured(tls: Secured | None) -> dict[str, str]:
    return {"security": "none"} if tls is None else {"security": tls.security, "ca_file": tls.ca_file}


def address(sender: str) -> str:
    """Somebody's address."""
    return sender if "@" in sender else f"{sender}@customer.example"


def text_of(mail: EmailMessage) -> str:
    """The plain words of a mail."""
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n").strip()


if __name__ == "__main__":
    sys.exit(terminal.main(MailSimulator))
