"""The mail channel beside real servers, with the real core."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.contracts.product import Product, product
from tests.hub.house import HIT
from tests.kill.stack import free_port
from tests.simulators.mail import MailSimulator


@dataclass
class Post:
    """The servers, and the product beside them."""

    mail: MailSimulator
    database_url: str
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def product(self, **more: object) -> AsyncIterator[Product]:
        """One process of the product; `more` are settings."""
        async with product(self.database_url, {**self.mail.channel(), **more}, self.port) as made:
            yield made


@pytest.fixture
async def post(database_url: str) -> AsyncIterator[Post]:
    async with MailSimulator(hurry=20) as mail:
        yield Post(mail, database_url)


async def test_question_and_answer(post: Post) -> None:
    async with post.product() as made:
        await made.until("select count(*) from channel_state where key like 'place %'", is_=1)
        assert await post.mail.say("ann", "Can I return it?")
        shown = await post.mail.until_shown("ann", 1)
        assert HIT.answer in shown[0].text
