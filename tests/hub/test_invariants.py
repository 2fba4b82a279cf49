"""What must hold whatever happens, in whatever order (`docs/architecture.md`, "What always holds").

The first test takes the steps of customers, workers, agents and senders in random order, with crashes and leases that
run out between any two of them. The second one lets them run against each other for real.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.connector import Connector, Part
from hub.errors import IllegalTransition, Transient
from hub.lifecycle import NEXT, Step
from hub.store import conversations, events, messages, streams
from hub.store.events import Event, Position
from hub.store.outbox import Head
from hub.store.turns import Claim
from hub.types import OutboundMessage, Receipt
from tests.hub.house import House

WORDS = (
    "can I return it?",
    "hello",
    "a human, please",
    "what is love?",
    "my phone",
    "",
    "nobody",
    "it smokes",
    "a complaint",
    "form",
    "useless",
)
ACTIONS = (
    *("say",) * 5,
    "repeat",
    *("claim turn",) * 4,
    *("finish turn",) * 4,
    "forget turns",
    "lease runs out",
    *("claim",) * 2,
    *("release",) * 2,
    "transfer",
    "requeue",
    "close",
    "want human",
    "take back",
    *("agent says",) * 2,
    *("take head",) * 3,
    *("deliver",) * 3,
    "fail to deliver",
    "sender dies",
    "read stream",
    "read feed",
)


@dataclass
class World:
    """One customer's world: what was acknowledged, what is in somebody's hands, what was read."""

    house: House
    agents: tuple[str, ...]
    sender: str = field(default_factory=lambda: f"c-{uuid.uuid4()}")
    channel: str = "tg"
    acknowledged: list[Receipt] = field(default_factory=list)
    turns: list[Claim] = field(default_factory=list)
    heads: list[tuple[Head, Connector, Part]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    place: Position = field(default_factory=lambda: Position(0, 0))
    told: list[Event] = field(default_factory=list)

    @property
    def conversation(self) -> str:
        return self.acknowledged[-1].conversation

    async def say(self, text: str) -> None:
        self.acknowledged.append(await self.house.say(text, sender=self.sender, channel=self.channel))

    async def repeat(self, number: int) -> None:
        receipt = self.acknowledged[number % len(self.acknowledged)]
        again = await self.house.say("whatever", sender=self.sender, channel=self.channel, id=receipt.id)
        assert (again.message, again.seq, again.duplicate) == (receipt.message, receipt.seq, True)

    async def claim_turn(self) -> None:
        claim = await self.house.turns.claim(self.conversation)
        if claim is not None:
            self.turns.append(claim)

    async def finish_turn(self, number: int) -> None:
        if self.turns:
            claim = self.turns.pop(number % len(self.turns))
            await self.house.turns.finish(claim, await self.house.turns.answer(claim))

    async def lease_runs_out(self) -> None:
        async with self.house.db.connection() as conn:
            await conn.execute(
                "update conversations set lease_until = now() where id = $1 and turn is not null", self.conversation
            )

    async def step(self, action: str, number: int) -> None:
        agent, other = self.agents[number % 2], self.agents[1 - number % 2]
        steps = {
            "claim": Step(action="claim", actor=agent, owner=agent),
            "release": Step(action="release", actor=agent),
            "transfer": Step(action="transfer", actor=agent, owner=other),
            "requeue": Step(action="requeue", actor=agent, team="returns", reason="transfer"),
            "close": Step(action="close", actor=agent),
        }
        with contextlib.suppress(IllegalTransition):
            await self.house.steps.take(self.conversation, lambda _: steps[action])

    async def agent_says(self, number: int) -> None:
        agent = self.agents[number % 2]
        async with self.house.db.transaction() as conn:
            now = await conversations.lock(conn, self.conversation)
            if now.owner == agent:
                await messages.add_outbound(
                    conn,
                    now.stream,
                    now.id,
                    now.channel,
                    [OutboundMessage(author="agent", text="Here I am.", agent=agent)],
                    delivery="queued",
                    owner_epoch=now.owner_epoch,
                )

    async def take_head(self) -> None:
        taken = await self.house.outbox.take(self.conversation)
        if taken is not None:
            head = taken[0]
            async with self.house.db.connection() as conn:
                status = await conn.fetchval("select status from conversations where id = $1", self.conversation)
            assert head.message.author != "bot" or status != "human", "the bot talks over a human"
            self.heads.append(taken)

    async def deliver(self, number: int, fails: bool) -> None:
        if self.heads:
            taken = self.heads.pop(number % len(self.heads))
            if fails:
                self.house.push.errors.append(Transient("busy", 0.1))
            await self.house.outbox.deliver(*taken)

    async def sender_dies(self) -> None:
        self.heads.clear()
        async with self.house.db.connection() as conn:
            await conn.execute(
                "update messages set due_at = now() where conversation = $1 and delivery in ('queued', 'sending')",
                self.conversation,
            )

    async def read_stream(self) -> None:
        async with self.house.db.connection() as conn:
            stream = self.acknowledged[0].stream
            after, end = len(self.read), await streams.last_entry(conn, stream)
            entries = [message.seq for message in await messages.in_stream(conn, stream, after, end)]
            entries += [change.seq for change in await streams.status_changes(conn, stream, after, end)]
        self.read += sorted(seq for seq in entries if seq is not None)
        assert self.read == list(range(1, end + 1)), "an entry was missed, or appeared before an earlier one"

    async def read_feed(self) -> None:
        async with self.house.db.connection() as conn:
            while batch := await events.after(conn, self.place, 50):
                self.place = batch[-1].position
                self.told += [event for event in batch if event.conversation == self.conversation]

    async def do(self, action: str, number: int) -> None:
        """One step of somebody."""
        if action == "say" or not self.acknowledged:
            await self.say(WORDS[number % len(WORDS)])
        elif action == "repeat":
            await self.repeat(number)
        elif action == "claim turn":
            await self.claim_turn()
        elif action == "finish turn":
            await self.finish_turn(number)
        elif action == "forget turns":
            self.turns.clear()
        elif action == "lease runs out":
            await self.lease_runs_out()
        elif action == "want human":
            await self.house.steps.customer_wants_human(self.conversation)
        elif action == "take back":
            await self.house.steps.customer_takes_back(self.conversation)
        elif action == "agent says":
            await self.agent_says(number)
        elif action == "take head":
            await self.take_head()
        elif action in ("deliver", "fail to deliver"):
            await self.deliver(number, fails=action == "fail to deliver")
        elif action == "sender dies":
            await self.sender_dies()
        elif action == "read stream":
            await self.read_stream()
        elif action == "read feed":
            await self.read_feed()
        else:
            await self.step(action, number)

    async def settle(self) -> None:
        """All that was left behind is taken up and brought to its end."""
        for _ in range(2 + len(self.acknowledged)):
            await self.lease_runs_out()
            await self.house.turns.take(self.conversation)
        await self.sender_dies()
        await self.house.outbox.drain(self.conversation)
        await self.read_stream()
        await self.read_feed()


async def check(world: World) -> None:
    """The invariants, read from the database."""
    async with world.house.db.connection() as conn:
        stored = await conn.fetch(
            "select * from messages where identity = $1 order by seq", world.acknowledged[0].stream
        )
        turns = await conn.fetch(
            "select t.* from turns t join conversations c on c.id = t.conversation where c.identity = $1",
            world.acknowledged[0].stream,
        )
        said = {
            message.id: message for message in await messages.in_stream(conn, world.acknowledged[0].stream, 0, 10**6)
        }
        changes = await conn.fetch(
            "select * from status_changes where identity = $1 order by seq", world.acknowledged[0].stream
        )
        happened = await conn.fetch("select id from events where conversation = $1", world.conversation)
    assert Counter(event.position.id for event in world.told) == Counter(row["id"] for row in happened), "the feed"
    assert {event.entry for event in world.told if event.kind == "message"} == {row["key"] for row in stored}
    assert [event.entry for event in world.told if event.kind == "status"] == [row["seq"] for row in changes]
    acknowledged = {receipt.id for receipt in world.acknowledged}
    inbound = [row for row in stored if row["author"] == "customer"]
    assert Counter(row["id"] for row in inbound) == Counter(acknowledged), "lost, or stored twice"
    assert all(row["turn"] for row in inbound), "not in a turn"
    assert {row["id"] for row in turns} == {row["turn"] for row in inbound}
    assert all(row["state"] in ("done", "dropped") for row in turns)
    answered_by: dict[str, set[str]] = {}
    for row in stored:
        for answered in said[row["id"]].answers:
            answered_by.setdefault(answered, set()).add(row["turn"])
    turn_of = {row["id"]: row["turn"] for row in inbound}
    assert all(by == {turn_of[id]} for id, by in answered_by.items()), "answered by another turn than its own"
    dropped = {row["id"] for row in turns if row["state"] == "dropped"}
    assert not dropped & {row["turn"] for row in stored if row["author"] == "bot"}, "a dropped turn spoke"
    _check_life(stored, changes)


def _check_life(stored: list[Any], changes: list[Any]) -> None:
    status: Any = "bot"
    epoch = 0
    for row in sorted([*stored, *changes], key=lambda row: int(row["seq"])):
        entry = dict(row)
        if "action" in entry:
            action, then = entry["action"], entry["status"]
            allowed = ("waiting", "bot") if (status, action) == ("closed", "reopen") else (NEXT.get((status, action)),)
            assert then in allowed, f"{status} --{action}--> {then}"
            assert entry["owner_epoch"] >= epoch
            assert (entry["owner"] is not None) == (then == "human")
            status, epoch = then, entry["owner_epoch"]
        elif entry["author"] != "customer":
            assert entry["author"] != "bot" or status in ("bot", "waiting"), f"the bot speaks while it is {status}"
            assert entry["author"] != "agent" or status == "human", f"an agent speaks while it is {status}"
            assert entry["owner_epoch"] == epoch


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1000)), min_size=5, max_size=60))
async def test_whatever_the_order(house: House, actions: list[tuple[str, int]]) -> None:
    world = World(house, (await house.agent("li"), await house.agent("wu")))
    await world.say("hello")
    for action, number in actions:
        await world.do(action, number)
    await world.settle()
    await check(world)


@pytest.mark.parametrize("seed", range(3))
async def test_all_at_once(house: House, seed: int) -> None:
    agents = (await house.agent("li"), await house.agent("wu"))
    dice = random.Random(seed)
    worlds = [World(house, agents) for _ in range(4)]
    for world in worlds:
        await world.say("hello")

    async def actor(world: World, seed: int) -> None:
        hand = World(house, agents, world.sender, acknowledged=world.acknowledged)
        own = random.Random(seed)
        for _ in range(60):
            action = own.choice(
                [action for action in ACTIONS if action not in ("read stream", "read feed", "take head")]
            )
            await hand.do(action, own.randrange(1000))
            await asyncio.sleep(own.random() * 0.002)

    await asyncio.gather(*(actor(world, dice.randrange(10**9)) for world in worlds for _ in range(4)))
    for world in worlds:
        await world.settle()
        await check(world)
