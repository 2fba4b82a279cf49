"""The servers, and the product beside them."""

from __future__ import annotations

import contextlib
import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

from hub.types import Agent
from tests.contracts.product import Product, product
from tests.kill.stack import free_port
from tests.simulators.mail import MailSimulator, address


@dataclass
class Office:
    """One process of the product, with what people do to it."""

    mail: MailSimulator
    made: Product

    async def stored(self, count: int) -> None:
        """Waits until so many messages of customers are stored, and seen to."""
        await self.made.until("select count(*) from messages where author = 'customer'", is_=count)
        await self.made.settled()

    async def says(self, sender: str, text: str) -> None:
        """Somebody mails us, and all that follows of it has come to rest."""
        before = await self.made.value("select count(*) from messages where author = 'customer'")
        assert await self.mail.say(sender, text)
        await self.stored(before + 1)

    async def delivers(self, raw: bytes) -> None:
        """A mail comes, and all that follows of it has come to rest."""
        before = await self.made.value("select count(*) from messages where author = 'customer'")
        assert await self.mail.deliver(raw)
        await self.stored(before + 1)

    async def cases(self) -> list[list[str]]:
        """The customers' messages, by their cases, in order."""
        rows = await self.made.rows(
            "select conversation, text from messages where author = 'customer' order by key",
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["conversation"], []).append(row["text"])
        return list(found.values())

    async def rules(self) -> list[str]:
        """By which rules the customers' messages were sorted."""
        rows = await self.made.rows(
            "select extra->'case'->>'rule' as rule from messages where author = 'customer' order by key"
        )
        return [row["rule"] for row in rows]

    async def answer(self, conversation: str, text: str, **more: object) -> None:
        """An agent claims the case and writes."""
        agent = await self.agent()
        await self.made.desk.claim(agent, conversation)
        await self.made.desk.say(agent, conversation, text, **more)  # type: ignore[arg-type]
        await self.made.settled()

    async def agent(self) -> Agent:
        """Somebody who works here."""
        return await self.made.agent()

    def sent(self, sender: str) -> list[EmailMessage]:
        """Our mails to somebody."""
        return self.mail.mails.get(address(sender), [])

    def raw(self, number: int = -1) -> EmailMessage:
        """A mail of ours as it went over the wire."""
        mail = email.message_from_bytes(self.mail.smtp.posted[number].data, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail


@dataclass
class Post:
    """The servers, which live on when the product is started anew."""

    mail: MailSimulator
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def open(self, *, working: bool = True, **more: object) -> AsyncIterator[Office]:
        """One process of the product, once it reads the mailbox; `more` are settings."""
        settings = {**self.mail.channel(), **more}
        async with product(self.database_url, settings, self.port, working=working) as made:
            await made.until("select count(*) > 0 from channel_state where key like 'place %'")
            yield Office(self.mail, made)
