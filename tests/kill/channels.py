"""Customers of all platforms at once, each of whose messages is counted at the end, whatever happened in between."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import aiohttp
import asyncpg

from tests.contracts.kinds import KINDS
from tests.kill.stack import REST_TOKEN, Stack, running_stack
from tests.kill.storm import QUESTIONS, UNSETTLED
from tests.simulators.base import Fault, Simulator, running
from tests.simulators.wechat import UNAVAILABLE

MARKS = "🍎🍌🍒🍇🍉🍋🍍🍑🥕🌽🥦🍄🥜🍞🧀🍕🌭🍔🍟🍿🍩🍪🎂🍫🍭🍯🍵🍺🍷🥄🏀🏈"
"""Each message ends in a number written with these, so that it can be told from all others. The bot pays no heed."""

STORED = "select count(*) from messages where author = 'customer'"
ON_THE_WAY = """select count(*) from messages m where delivery in ('queued', 'sending') and not exists (
    select from messages h where h.conversation = m.conversation and h.delivery = 'queued' and h.due_at = 'infinity')"""
"""What waits for the customer's next message, or behind such a one, is on no way."""


def platforms(hurry: float = 1.0) -> list[Simulator]:
    """One platform for every kind of channel, under a name of its own.

    WeChat and WeCom are not hurried: they wait for acknowledgements and answers, which take what they take.
    """
    made = [kind.make(kind.id if kind.calls else None, 1.0 if kind.id.startswith("we") else hurry) for kind in KINDS]
    for one in made:
        if one.kind == "rest":
            one.token = REST_TOKEN  # type: ignore[attr-defined] # only these callers have one
    return made


@contextlib.asynccontextmanager
async def product(simulated: Sequence[Simulator]) -> AsyncIterator[Stack]:
    """The whole product with a channel for each of these platforms, which are started with it."""
    async with running(*simulated):
        channels = [one.channel() for one in simulated if one.kind not in ("webchat", "rest")]
        async with running_stack(channels=channels) as stack:
            for one in simulated:
                await one.connect(stack.url)
            yield stack


def marked(number: int, text: str) -> str:
    """The text with its number."""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, len(MARKS))
        digits = MARKS[digit] + digits
    return f"{text} {digits}"


def number_of(text: str) -> int:
    """The number of a text."""
    number = 0
    for digit in text.rsplit(" ", 1)[1]:
        number = number * len(MARKS) + MARKS.index(digit)
    return number


@dataclass
class Customer:
    """Somebody on one platform. They write on when a message is acknowledged, or the platform has given up."""

    platform: Simulator
    name: str
    dice: random.Random
    acknowledged: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)

    async def write(self, number: int, times: int) -> None:
        """Writes one message, which is delivered so many times at once."""
        text, id = marked(number, self.dice.choice(QUESTIONS)), self.platform.new_id()
        taken = await asyncio.gather(*(self.platform.say(self.name, text, id) for _ in range(times)))
        (self.acknowledged if any(taken) else self.given_up).append(number)


@dataclass
class Tally:
    """What came of it."""

    seconds: float = 0
    deliveries: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    given_up: int = 0
    lost: int = 0
    stored_twice: int = 0
    out_of_order: int = 0
    unanswered: int = 0
    answered_twice: int = 0
    shown_twice: int = 0
    shown_twice_to: list[str] = field(default_factory=list)
    sent: int = 0
    undelivered: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or out of order."""
        return not any(
            (self.lost, self.stored_twice, self.out_of_order, self.unanswered, self.answered_twice, self.shown_twice)
        )

    def __str__(self) -> str:
        return (
            f"{self.deliveries:,} deliveries in {self.seconds:.0f} s ({self.deliveries / max(1, self.seconds):.0f} a "
            f"second) over {len(self.acknowledged)} channels; kill -9: {_listed(self.kills)}; faults: "
            f"{_listed(self.faults)}; {self.acknowledged.total():,} messages acknowledged, {self.given_up} that their "
            f"platform gave up on; {self.lost} lost, {self.stored_twice} stored twice, {self.out_of_order} out of "
            f"order, {self.unanswered} unanswered, {self.answered_twice} answered twice, {self.shown_twice} shown twice"
            f"{''.join(f' ({name})' for name in self.shown_twice_to)}; of our own {self.sent:,} sent, others: "
            f"{_listed(self.undelivered)}"
        )


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counted.items())) or "none"


Trouble = Callable[[Tally], Awaitable[None]]
"""What goes on beside it until it is cancelled: kills, faults."""


async def deliver(
    stack: Stack,
    simulated: Sequence[Simulator],
    deliveries: int,
    *,
    customers: int,
    seed: int,
    trouble: Trouble,
    longest: float = 120.0,
    until_sent: bool = True,
    said: Callable[[str], None] | None = None,
) -> Tally:
    """At least so many deliveries by so many customers of each platform, a fifth repeated; then all is counted.

    `until_sent`: only after all of ours is on no way any more. What was being sent in a crash is so for a minute.
    `said` is told from time to time how far it is.
    """
    dice, tally, began = random.Random(seed), Tally(), time.monotonic()
    crowd = [
        Customer(platform, f"{platform.name}{number}", random.Random(f"{seed}{platform.name}{number}"))
        for platform in simulated
        for number in range(customers)
    ]
    numbers = iter(range(deliveries))

    async def write(customer: Customer) -> None:
        # On a slow machine a platform may give up on each of its messages while the quick ones use up the deliveries:
        # everybody goes on until one of theirs was taken.
        while tally.deliveries < deliveries or (not customer.acknowledged and time.monotonic() - began < longest):
            times = max(1, min(1 + (dice.random() < 0.25), deliveries - tally.deliveries))
            tally.deliveries += times
            await customer.write(next(numbers), times)

    async def tell() -> None:
        while said is not None:
            await asyncio.sleep(15)
            taken = Counter({one.name: 0 for one in simulated})
            for customer in crowd:
                taken[customer.platform.name] += len(customer.acknowledged)
            said(f"  {tally.deliveries:,} deliveries after {time.monotonic() - began:.0f} s; taken: {_listed(taken)}")

    troubling = asyncio.gather(trouble(tally), tell())
    try:
        await asyncio.gather(*(write(customer) for customer in crowd))
    finally:
        troubling.cancel()
        await asyncio.gather(troubling, return_exceptions=True)
    tally.seconds = time.monotonic() - began
    await _settled(stack, sum(len(customer.acknowledged) for customer in crowd), longest, until_sent)
    await _count(stack, crowd, tally)
    return tally


def faults(simulated: Sequence[Simulator], seed: int, every: float, kinds: Sequence[str] = get_args(Fault)) -> Trouble:
    """Now and then one of the platforms fails one of our calls."""
    dice = random.Random(seed)
    calling = [one for one in simulated if one.kind not in ("webchat", "rest")]

    async def trouble(tally: Tally) -> None:
        while calling:
            await asyncio.sleep(every * 2 * dice.random())
            platform, fault = dice.choice(calling), dice.choice(kinds)
            if not platform.faults:
                platform.faults.append(fault)  # type: ignore[arg-type] # one of the words it is
                tally.faults[fault] += 1

    return trouble


def kills(stack: Stack, parts: Sequence[str], first: float, every: float) -> Trouble:
    """These parts are killed one after the other, and nothing after them."""

    async def trouble(tally: Tally) -> None:
        await asyncio.sleep(first)
        for part in parts:
            stack.kill(part)
            tally.kills[part] += 1
            await asyncio.sleep(every)

    return trouble


async def _settled(stack: Stack, acknowledged: int, longest: float, until_sent: bool) -> None:
    """Waits until all is up and stored, every turn has ended, and nothing is on its way out."""
    async with aiohttp.ClientSession() as http:
        await stack.until_ready(http)
    connection = await asyncpg.connect(stack.database_url)
    try:
        with contextlib.suppress(TimeoutError):  # whatever is still missing then is lost
            async with asyncio.timeout(longest):
                while await connection.fetchval(STORED) < acknowledged or await connection.fetchval(UNSETTLED):
                    await asyncio.sleep(0.5)
                while until_sent and await connection.fetchval(ON_THE_WAY):
                    await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def _count(stack: Stack, crowd: Sequence[Customer], tally: Tally) -> None:
    rows = await _rows(stack)
    stored: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows["in"]:
        stored[number_of(row["text"])].append(row)
    tally.stored_twice = sum(len(found) > 1 for found in stored.values())
    tally.answered_twice = sum(row["answers"] > 1 for row in rows["in"])
    tally.unanswered = sum(row["answers"] == 0 and not row["handed_over"] for row in rows["in"])
    said = {row["identity"]: row["said"] for row in rows["out"]}
    for row in rows["became"]:
        if row["delivery"] in ("sent", "delivered"):
            tally.sent += row["number"]
        else:
            tally.undelivered[row["delivery"]] += row["number"]
    for customer in crowd:
        tally.acknowledged[customer.platform.name] += len(customer.acknowledged)
        tally.given_up += len(customer.given_up)
        tally.lost += sum(number not in stored for number in customer.acknowledged)
        own = [stored[number][0] for number in customer.acknowledged if number in stored]
        tally.out_of_order += [row["seq"] for row in own] != sorted(row["seq"] for row in own)
        # What the platform gave up on may be stored and answered all the same.
        known = [*customer.acknowledged, *customer.given_up]
        identities = {stored[number][0]["identity"] for number in known if number in stored}
        if customer.platform.kind != "rest":  # who asks twice is told twice
            shown = [one for one in customer.platform.shown(customer.name) if one.text != UNAVAILABLE]
            if len(shown) > sum(said.get(i, 0) for i in identities):
                tally.shown_twice += 1
                tally.shown_twice_to.append(customer.name)


async def _rows(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    statements = {
        "in": """
            select m.text, m.identity, m.seq, coalesce(a.turns, 0) as answers,
                exists (select from status_changes s where s.conversation = m.conversation) as handed_over
            from messages m left join (
                select said.identity, answered.id, count(distinct said.turn) as turns
                from messages said, jsonb_array_elements_text(said.extra -> 'answers') as answered (id)
                where said.author <> 'customer' group by 1, 2
            ) a on a.identity = m.identity and a.id = m.id
            where m.author = 'customer'""",
        "out": """
            select identity, sum(greatest(1, parts_sent + (delivery in ('sending', 'unknown'))::int)) as said
            from messages where author <> 'customer' group by identity""",
        "became": "select delivery, count(*) as number from messages where author <> 'customer' group by delivery",
    }
    connection = await asyncpg.connect(stack.database_url)
    try:
        return {name: [dict(row) for row in await connection.fetch(query)] for name, query in statements.items()}
    finally:
        await connection.close()
