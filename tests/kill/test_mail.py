"""A case by mail from its first question to a bounce, with the whole product, and `kill -9` of its hub in between."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from tests.connectors.mail_transport.test_loops import report
from tests.kill.channels import ON_THE_WAY
from tests.kill.stack import Stack, running_stack
from tests.kill.storm import UNSETTLED
from tests.simulators.certificates import Authority
from tests.simulators.mail import ADDRESS, MailSimulator, address, text_of

LONGEST = 120.0
"""Seconds; whoever reads the mailbox after a kill waits for the lease of the one that died."""

AGENTS = "select delivery from messages where author = 'agent' and kind = 'message'"


@dataclass
class Case:
    """The running product, its mail servers, and somebody who works there."""

    stack: Stack
    mail: MailSimulator
    db: asyncpg.Connection
    http: aiohttp.ClientSession

    async def until(self, query: str, wanted: object) -> None:
        """Waits until the database answers this."""
        found = None
        try:
            async with asyncio.timeout(LONGEST):
                while (found := await self.db.fetchval(query)) != wanted:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{query} is still {found!r}, not {wanted!r}") from None

    async def settled(self, mails: int) -> None:
        """Waits until so many mails of customers have been seen to, and nothing is on its way out."""
        await self.until("select count(*) from messages where author = 'customer'", mails)
        await self.until(UNSETTLED, 0)
        await self.until(ON_THE_WAY, 0)

    async def kill(self) -> None:
        """`kill -9` for the hub; waits until another one has been started."""
        before = self.stack.state().parts["hub"].pid
        self.stack.kill("hub")
        async with asyncio.timeout(LONGEST):
            while self.stack.state().parts["hub"].pid in (before, None):
                await asyncio.sleep(0.05)

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """A call of the agents' API, again and again while there is no hub."""
        async with asyncio.timeout(LONGEST):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with self.http.request(method, f"{self.stack.url}/api/v1{path}", json=body) as answer:
                        if answer.status < 500:
                            assert answer.status < 300, await answer.text()
                            return await answer.json()
                await asyncio.sleep(0.1)

    def got(self) -> list[EmailMessage]:
        """Our mails to Ann."""
        return self.mail.mails.get(address("ann"), [])


@pytest.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    authority = Authority(tmp_path)
    mail = MailSimulator(hurry=20, imap_tls=authority.server("tls"), smtp_tls=authority.server("starttls"))
    async with mail, running_stack(channels=[mail.channel()]) as stack, aiohttp.ClientSession() as http:
        await mail.connect(stack.url)
        db = await asyncpg.connect(stack.database_url)
        case = Case(stack, mail, db, http)
        login = await case.call("POST", "/login", {"email": "agent@example.com", "password": stack.password})
        http.headers["Authorization"] = f"Bearer {login['token']}"
        yield case
        await db.close()


@pytest.mark.slow
async def test_a_case_from_question_to_bounce(case: Case) -> None:
    mail = case.mail

    # A question, and the bot's answer.
    assert await mail.say("ann", "How long do I have to return an item?")
    await case.settled(1)
    [first] = case.got()
    assert first["Auto-Submitted"] == "auto-replied"
    assert first["Subject"] == "Re: How long do I have to return an item?"
    assert "return" in text_of(first).lower(), "an answer, or a choice of articles"

    # A second mail is stored, and then the hub is killed: it is answered once, in the same case.
    await mail.imap.deliver(mail.answer("ann", "退货的期限是多少天？"))
    await case.until("select count(*) from messages where author = 'customer'", 2)
    await case.kill()
    await case.settled(2)
    assert len(case.got()) == 2
    assert "您好" in text_of(case.got()[1])

    # A third one wants a person; it comes in while there is no hub.
    wish = asyncio.create_task(mail.say("ann", "I want to talk to a human, please"))
    await case.kill()
    assert await wish
    await case.settled(3)
    waiting = (await case.call("GET", "/conversations?status=waiting"))["items"]
    assert len(waiting) == 1
    assert len(case.got()) == 3, "that somebody will come"
    at = f"/conversations/{waiting[0]['id']}"

    # An agent's answer is accepted while the server is away, and the hub is killed: it goes out once, from a person.
    await mail.smtp.stop()
    await case.call("POST", f"{at}/claim")
    saying = {"id": str(uuid.uuid4()), "text": "Dear Ann,\n\nyou may: 可以退。"}
    await case.call("POST", f"{at}/messages", saying)
    # Killed within an attempt nobody could know whether the server had taken it: it would be `unknown`, rightly.
    await case.until(f"select exists ({AGENTS} and delivery = 'queued' and attempts > 0)", True)
    await case.kill()
    await mail.smtp.start()
    await case.call("POST", f"{at}/messages", saying)  # nobody can know whether it was accepted, and asks again
    await case.until(AGENTS, "sent")
    theirs = case.got()[3]
    assert text_of(theirs).startswith("Dear Ann,\n\nyou may: 可以退。\n\n-- \n")
    assert theirs["Auto-Submitted"] is None
    assert "Demo agent" in str(theirs["From"])
    assert mail.smtp.posted[-1].sender == ADDRESS

    # It comes back; that is read by the next hub, and shown at the message.
    await mail.imap.deliver(report(theirs, address("ann"), "5.1.1", "failed"))
    await case.kill()
    await case.until(AGENTS, "failed")
    transcript = (await case.call("GET", f"{at}/messages"))["items"]
    shown = [each for each in transcript if each["author"] == "agent"]
    assert [each["delivery"] for each in shown] == ["failed"]
    assert "came back" in shown[0]["error"]

    # She writes once more, into the case that she is in; the bot does not talk over the agent.
    assert await mail.say("ann", "Thank you!")
    await case.settled(4)
    transcript = (await case.call("GET", f"{at}/messages"))["items"]
    hers = [each for each in transcript if each["author"] == "customer"]
    assert [each["text"] for each in hers] == [
        "How long do I have to return an item?",
        "退货的期限是多少天？",
        "I want to talk to a human, please",
        "Thank you!",
    ]
    assert [each["case"]["rule"] for each in hers] == ["new", "token", "token", "token"]
    assert len(mail.smtp.posted) == 4, "nothing twice, and nothing to anybody else"
