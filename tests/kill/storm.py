"""`kill -9` of every part, again and again, while customers write; then what was acknowledged is counted.

`make soak` lets it go on for as long as one likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import msgspec

from tests.kill.stack import Stack

PARTS = ("hub", "hub", "rasa", "redis", "postgres")
QUESTIONS = (
    "How long do I have to return an item?",
    "Hello!",
    "Thank you very much",
    "退货的期限是多少天？",
    "你好",
    "谢谢",
)
UNSETTLED = """select (select count(*) from messages where author = 'customer' and turn is null)
    + (select count(*) from turns where state = 'open')"""
AWAY = (aiohttp.ClientError, asyncio.TimeoutError, ConnectionError)


@dataclass
class Visitor:
    """A customer whose browser sends until it is acknowledged. Half of them by socket, half by requests."""

    url: str
    http: aiohttp.ClientSession
    dice: random.Random
    by_socket: bool
    session: str = ""
    sent: list[str] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    repeated_acks_differ: int = 0

    async def open(self) -> None:
        """Gets a session, however long that takes."""
        while not self.session:
            with contextlib.suppress(*AWAY):
                async with self.http.post(f"{self.url}/channels/web/sessions", json={"locale": "zh"}) as response:
                    if response.status == 201:
                        self.session = (await response.json())["session"]
            await asyncio.sleep(0.1)

    async def write(self, until: float) -> None:
        """Writes one message after the other until the time is up; each is sent again until it is acknowledged."""
        await self.open()
        while time.monotonic() < until:
            message = str(uuid.uuid4())
            self.sent.append(message)
            text = self.dice.choice(QUESTIONS)
            while message not in self.acknowledged:
                with contextlib.suppress(*AWAY):
                    await (self._over_socket(message, text) if self.by_socket else self._over_http(message, text))
                await asyncio.sleep(0.05)
            await asyncio.sleep(self.dice.random() * 0.2)

    async def _over_http(self, message: str, text: str) -> None:
        body = {"id": message, "text": text}
        headers = {"Authorization": f"Bearer {self.session}"}
        for _ in range(1 + (self.dice.random() < 0.2)):  # an impatient browser sends some twice
            async with self.http.post(f"{self.url}/channels/web/messages", json=body, headers=headers) as response:
                if response.status == 202:
                    self._note(message, (await response.json())["seq"])

    async def _over_socket(self, message: str, text: str) -> None:
        async with self.http.ws_connect(f"{self.url}/channels/web/socket") as socket:
            await socket.send_json({"type": "hello", "session": self.session, "after": 10**12})
            await socket.send_json({"type": "message", "id": message, "text": text})
            async with asyncio.timeout(5):
                async for frame in socket:
                    if frame.type is not aiohttp.WSMsgType.TEXT:
                        return
                    said = msgspec.json.decode(frame.data)
                    if said["type"] == "ack" and said["id"] == message:
                        self._note(message, said["seq"])
                        return

    def _note(self, message: str, seq: int) -> None:
        if self.acknowledged.setdefault(message, seq) != seq:
            self.repeated_acks_differ += 1

    async def stream(self) -> list[dict[str, Any]]:
        """Everything that the customer sees, read from the beginning."""
        entries: list[dict[str, Any]] = []
        headers = {"Authorization": f"Bearer {self.session}"}
        while True:
            after = entries[-1]["seq"] if entries else 0
            async with self.http.get(f"{self.url}/channels/web/messages?after={after}", headers=headers) as response:
                page = (await response.json())["messages"]
            if not page:
                return entries
            entries += page


@dataclass
class Count:
    """What came of it."""

    seconds: float = 0
    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: int = 0
    stored_twice: int = 0
    unanswered: int = 0
    handed_over: int = 0
    answered_twice: int = 0
    gaps: int = 0
    acks_that_differ: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or out of order."""
        wrong = (self.lost, self.stored_twice, self.unanswered, self.answered_twice, self.gaps, self.acks_that_differ)
        return not any(wrong)

    def __str__(self) -> str:
        kills = ", ".join(f"{part} {number}" for part, number in sorted(self.kills.items()))
        return (
            f"{self.seconds:.0f} s, kill -9: {kills}; {self.acknowledged} messages acknowledged, {self.lost} lost, "
            f"{self.stored_twice} stored twice, {self.unanswered} unanswered, "
            f"{self.handed_over} left to a human, {self.answered_twice} answered twice, "
            f"{self.gaps} gaps, {self.acks_that_differ} acknowledgements that differ"
        )


async def storm(stack: Stack, seconds: float, visitors: int, seed: int) -> Count:
    """Customers write for so many seconds while parts are killed; then everything settles and is counted."""
    dice, count = random.Random(seed), Count()
    began = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        crowd = [Visitor(stack.url, http, random.Random(seed + n), by_socket=n % 2 == 0) for n in range(visitors)]
        writing = [asyncio.create_task(visitor.write(began + seconds)) for visitor in crowd]
        killing = asyncio.create_task(_kill(stack, dice, count, began + seconds))
        await asyncio.gather(killing, *writing)
        await settle_and_count(stack, http, crowd, count)
    count.seconds = time.monotonic() - began
    return count


async def settle_and_count(stack: Stack, http: aiohttp.ClientSession, crowd: list[Visitor], count: Count) -> Count:
    """Waits until everything is up and every turn has ended, then reads each visitor's stream from its beginning."""
    await stack.until_ready(http)
    await _settle(stack)
    for visitor in crowd:
        _count(visitor, await visitor.stream(), count)
    return count


async def _kill(stack: Stack, dice: random.Random, count: Count, until: float) -> None:
    while True:
        for part in dice.sample(PARTS, len(PARTS)):
            await asyncio.sleep(2 + dice.random() * 4)
            if time.monotonic() > until:
                return
            stack.kill(part)
            count.kills[part] += 1


async def _settle(stack: Stack) -> None:
    """Waits until every turn that was left behind has been taken up: leases run for half a minute."""
    connection = await asyncpg.connect(stack.database_url)
    try:
        async with asyncio.timeout(120):
            while await connection.fetchval(UNSETTLED):
                await asyncio.sleep(0.5)
    finally:
        await connection.close()


def _count(visitor: Visitor, stream: list[dict[str, Any]], count: Count) -> None:
    own = Counter(str(entry["id"]) for entry in stream if entry.get("author") == "customer")
    answers: Counter[str] = Counter()
    for entry in stream:
        if entry.get("author") == "bot":
            answers.update(entry.get("answers", ()))
    count.acknowledged += len(visitor.acknowledged)
    count.lost += sum(own[message] == 0 for message in visitor.acknowledged)
    count.stored_twice += sum(number > 1 for number in own.values())
    unanswered = sum(answers[message] == 0 for message in own)
    # What piles up while the hub is away is read as one, and may be missed twice: then a human is waited for.
    if any(entry.get("status") == "waiting" for entry in stream):
        count.handed_over += unanswered
    else:
        count.unanswered += unanswered
    count.answered_twice += sum(number > 1 for number in answers.values())
    count.gaps += [entry["seq"] for entry in stream] != list(range(1, len(stream) + 1))
    count.acks_that_differ += visitor.repeated_acks_differ
