"""A complaint is half told when Rasa, and then the hub, is killed: nothing of it has to be said again."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

import aiohttp
import asyncpg
import msgspec
import pytest

from tests.kill.stack import Stack, running_stack
from tests.kill.storm import AWAY

LONGEST = 60.0
"""Seconds for an answer while parts of the product start again."""


class Customer:
    """Writes over HTTP until it is acknowledged, and waits for what answers it."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession, session: str) -> None:
        self._at = f"{stack.url}/channels/web/messages"
        self._http = http
        self._headers = {"Authorization": f"Bearer {session}"}

    async def send(self, text: str) -> str:
        """Sends until the message is stored; its id."""
        id = str(uuid.uuid4())
        async with asyncio.timeout(LONGEST):
            while True:
                with contextlib.suppress(*AWAY):
                    async with self._http.post(
                        self._at, json={"id": id, "text": text}, headers=self._headers
                    ) as response:
                        if response.status == 202:
                            return id
                await asyncio.sleep(0.1)

    async def answer(self, id: str) -> str:
        """All that is said to a message."""
        async with asyncio.timeout(LONGEST):
            while True:
                with contextlib.suppress(*AWAY):
                    async with self._http.get(f"{self._at}?after=0", headers=self._headers) as response:
                        entries = (await response.json())["messages"]
                        said = [entry["text"] for entry in entries if id in entry.get("answers", ())]
                        if said:
                            return "\n".join(said)
                await asyncio.sleep(0.1)

    async def say(self, text: str) -> str:
        """Sends and waits for the answer."""
        return await self.answer(await self.send(text))


@pytest.mark.slow
async def test_a_half_told_complaint_survives() -> None:
    async with running_stack() as stack, aiohttp.ClientSession() as http:
        async with http.post(f"{stack.url}/channels/web/sessions", json={"locale": "zh"}) as response:
            customer = Customer(stack, http, (await response.json())["session"])
        assert "订单" in await customer.say("我要投诉")
        stack.kill("rasa")
        assert "发生了什么" in await customer.say("PL20418835")
        told = await customer.send("屏幕上个礼拜碎了一条缝，维修点拖了十天没人管")
        stack.kill("hub")
        stack.kill("rasa")
        assert "怎样解决" in await customer.answer(told)
        assert "联系" in await customer.say("退款")
        summary = await customer.say("13812345678")
        assert all(word in summary for word in ("PL20418835", "拖了十天", "退款", "13812345678"))
        filed = await customer.say("提交")
        conn = await asyncpg.connect(stack.database_url)
        rows = await conn.fetch(
            "select c.reference, c.record, v.status from complaints c join conversations v on v.id = c.conversation"
        )
        await conn.close()
        assert len(rows) == 1
        assert rows[0]["reference"] in filed
        assert rows[0]["status"] == "waiting"
        record = msgspec.json.decode(rows[0]["record"], type=dict[str, object])
        assert record["order_number"] == "PL20418835"
        assert "拖了十天" in str(record["complaint_account"])
