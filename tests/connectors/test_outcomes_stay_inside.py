"""How sure we were of an answer, and what agents say of it, is nothing that customers or platforms are told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.webhook.messages import delivery
from handoff.desk import Desk
from hub.connector import Part
from hub.types import Agent
from tests.connectors.test_webchat import Client, serving, session_of
from tests.hub.house import HIT, House, open_house

WORDS = ("odds", "confidence", "score", "correct", "bea")
"""What would give it away; none of it stands in the answer itself."""


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with serving(house) as opened:
        yield opened


async def test_customers_and_platforms_are_not_told(house: House, client: Client) -> None:
    session, conversation = await session_of(client)
    headers = {"Authorization": f"Bearer {session}"}
    said = {"id": "9f8c9f3e-94f8-4f6b-8a51-c60a79a0d9a5", "text": "may I return this?"}
    assert (await client.post("/channels/web/messages", json=said, headers=headers)).status == 202

    told = ""
    while HIT.answer not in told:
        response = await client.get("/channels/web/messages", params={"after": "0", "wait": "5"}, headers=headers)
        told = await response.text()
    async with house.db.connection() as conn:
        answer = await conn.fetchval("select id from messages where author = 'bot'")
    corrected = await Desk(house.db, house.steps, house.channels).correct(
        Agent(await house.agent("bea"), "bea"), conversation, answer, False
    )
    assert corrected.correction is not None

    later = await (await client.get("/channels/web/messages", params={"after": "0"}, headers=headers)).text()
    rest = await client.post("/webhooks/rest/webhook", json={"sender": "ann", "message": "may I return this?"})
    delivered = delivery("ann", Part(message=corrected, number=0, last=True, text=corrected.text), ()).decode()
    for frame in (told, later, await rest.text(), delivered):
        assert HIT.answer in frame
        assert not [word for word in WORDS if word in frame.lower()], frame
