"""What the tests of mail share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.mail import mailbox
from tests.connectors.mail_transport.post import Office, Post
from tests.simulators.mail import MailSimulator


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that were away are tried again sooner."""
    monkeypatch.setattr(mailbox, "SOONEST", 0.1)
    monkeypatch.setattr(mailbox, "SLOWEST", 0.5)


@pytest.fixture
async def post(database_url: str) -> AsyncIterator[Post]:
    async with MailSimulator(hurry=20) as mail:
        yield Post(mail, database_url)


@pytest.fixture
async def office(post: Post) -> AsyncIterator[Office]:
    async with post.open() as office:
        yield office
