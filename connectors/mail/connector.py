"""The mail channel: mailboxes read over IMAP, answers sent over SMTP, cases kept together."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from aiohttp import web

from connectors.mail.compose import Draft, compose, wire
from connectors.mail.incoming import Incoming
from connectors.mail.mailbox import Mailbox
from connectors.mail.oauth import AccessTokens
from connectors.mail.outgoing import Outgoing
from connectors.mail.page import page
from connectors.mail.rating import Rating
from connectors.mail.reading import left
from connectors.mail.settings import Closeness, MailSettings
from connectors.mail.smtp import Sender
from connectors.mail.sorting import ALIAS, REWRITTEN
from connectors.mail.tokens import Tokens
from connectors.watch import Watch
from hub.connector import File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.ending import end
from hub.errors import AuthFailed, Rejected, Transient, Unreachable
from hub.store import channel_state, outbox
from hub.store.db import AWAY
from hub.types import Channel

log = logging.getLogger(__name__)

LIMITS = Limits(text=1_000_000, buttons=1000, button_title=10_000, files_with_text=True, letters=True)
"""Choices come to us as buttons, so that those that are of no use in a mail can be left out."""


class Mail:
    """One mail channel: any number of mailboxes, one server to send by."""

    delivery: Literal["pull", "push"] = "push"
    idempotent = False  # a server takes the same Message-ID twice, and cannot be asked whether it has one
    limits: Limits = LIMITS

    def __init__(
        self, settings: MailSettings, core: Core, public_url: str | None, closeness: Closeness | None = None
    ) -> None:
        """`public_url`: what links to rate us begin with; without it there are none. `closeness`: see `threading`."""
        self.channel = Channel(settings.name, "mail", tuple(sorted(settings.own)))
        self._settings = settings
        self._core = core
        self._made: Tokens | None = None
        self._access = AccessTokens()
        self._sender = Sender(settings.smtp, self._access)
        self._incoming = Incoming(settings, core, closeness)
        self._rating = Rating(settings.name, core.db, public_url, self._tokens)
        self._outgoing = Outgoing(settings, core.db, self._rating.link)
        self._watch = Watch(settings.name, self._check)
        self._mailboxes = [
            Mailbox(settings, imap, core.db, self._access, self._take, self._watch.look_again)
            for imap in settings.mailboxes
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._logged_in = False

    def routes(self) -> Iterable[web.RouteDef]:
        """The page on which customers rate us."""
        return self._rating.routes()

    async def start(self) -> None:
        """Begins to read the mailboxes, and to look whether the servers are there."""
        self._watch.start()
        self._tasks = [asyncio.create_task(mailbox.run()) for mailbox in self._mailboxes]

    async def stop(self) -> None:
        """Ends both."""
        await self._watch.stop()
        await end(*self._tasks)

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Sends one mail into the case; to whom, the case's letters say."""
        draft = await self._written(part)
        mail = await asyncio.to_thread(compose, draft)
        recipients = [wire(each) for each in (draft.to, *draft.cc)]
        try:
            said, refused = await self._sender.send(self._settings.address, recipients, mail)
        except (AuthFailed, Transient, TimeoutError):
            self._logged_in = False
            self._watch.look_again()
            raise
        except Unreachable as error:
            if draft.to == to.id:
                raise
            raise Rejected(str(error)) from None  # it is somebody else of the case who cannot be reached
        await self._note(part, draft.message_id, said, refused)
        return Sent(draft.message_id)

    async def _written(self, part: Part) -> Draft:
        """The mail, whose id is known before anybody has it: reports come of what nobody knows was sent, too."""
        try:
            draft = await self._outgoing.draft(part, await self._tokens())
            async with self._core.db.connection() as conn:
                await outbox.name(conn, part.message.key, draft.message_id)
        except AWAY as error:
            raise Transient(f"the database is away ({type(error).__name__})") from error
        return draft

    async def _note(self, part: Part, message_id: str, said: str, refused: list[str]) -> None:
        """Keeps what the server said beside its yes: another id, recipients that it did not take."""
        try:
            if found := REWRITTEN.search(said):
                async with self._core.db.connection() as conn:
                    await channel_state.put(conn, self.channel.name, ALIAS + found[0], message_id)
            if refused:
                text = "Not sent to further recipients:\n" + "\n".join(refused)
                name, case = self.channel.name, part.message.conversation
                await self._core.intake.remark(name, "", f"refused-{part.key}", text, case)
        except Exception:  # the mail is on its way, and that is what has to be written down now
            log.exception("%s: something about a sent mail could not be noted", self.channel.name)

    async def fetch(self, handle: str) -> File:
        """A file of a mail; it lies in the database since the mail came."""
        return await self._incoming.fetch(handle)

    def page(self, raw: bytes, *, images: bool) -> str:
        """A mail as it was sent, safe to look at."""
        return page(raw, images=images)

    async def health(self) -> Health:
        """As it was found last."""
        return self._watch.health

    async def _take(self, raw: bytes, arrived: datetime) -> None:
        await self._incoming.take(raw, arrived, await self._tokens())

    async def _check(self) -> str:
        for mailbox in self._mailboxes:
            if trouble := await mailbox.trouble():
                raise Transient(trouble)
        await self._sender.check(login=not self._logged_in)
        self._logged_in = True
        async with self._core.db.connection() as conn:
            return await left(conn, self._settings)

    async def _tokens(self) -> Tokens:
        """What signs our words; a secret that nobody has named is made once, for all processes."""
        if self._made is None:
            secret = self._settings.secret
            if secret is None:
                async with self._core.db.connection() as conn:
                    secret = await channel_state.settle(conn, self.channel.name, "secret", secrets.token_urlsafe(32))
            self._made = Tokens(secret, self._settings.address)
        return self._made
