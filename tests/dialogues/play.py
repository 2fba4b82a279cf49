"""Plays dialogues through the web chat against the whole product, several at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from app.setup.step import Programs
from app.setup.steps import Steps
from connectors.webchat.frames import MessageFrame, StatusFrame
from hub.language import detect
from hub.store.conversations import queue_position
from hub.types import Language, Reason, Status
from tests.dialogues.checks import Seen, faults
from tests.dialogues.customer import Agent, Customer, Refused, customer, log_in
from tests.dialogues.script import AgentSays, Dialogue, Turn
from tests.kill.stack import LONGEST_START, ROOT, Stack, running_stack

AT_A_TIME = 8
LONGEST_STEP = 40.0
"""Seconds: longer than a turn that is tried again."""
_LOOK = 0.03

# Where a stream stands, and whether something of it is still to be seen to.
_STANDING = """select i.seq, c.status, c.reason, c.turn is not null or exists (
        select from messages m where m.conversation = c.id and m.author = 'customer' and m.turn is null) as busy
    from conversations c join identities i on i.id = c.identity where c.id = $1"""


class Failed(Exception):
    """A dialogue did not go as it should; the message says where, and what came instead."""


def model(folder: Path) -> Path:
    """The folder with the model of this checkout's bot: the one that stands there, or one trained in `folder`."""
    var = Path(os.environ.get("PARLEY_VAR") or ROOT / "var")
    if Steps(ROOT, var, Programs()).trained_bot().is_done():
        return var / "models"
    Steps(ROOT, folder, Programs()).trained_bot().do(lambda _: None)
    return folder / "models"


async def play_all(dialogues: Iterable[tuple[str, Dialogue]], folder: Path) -> dict[str, str | None]:
    """What went wrong in each dialogue, by its key; None where all went well."""
    slots = asyncio.Semaphore(AT_A_TIME)

    async def one(stage: Stage, dialogue: Dialogue) -> str | None:
        async with slots:
            try:
                await stage.play(dialogue)
            except Failed as error:
                return str(error)
            return None

    async with _stage(model(folder)) as stage, asyncio.TaskGroup() as group:
        playing = {key: group.create_task(one(stage, dialogue)) for key, dialogue in dialogues}
    return {key: task.result() for key, task in playing.items()}


@contextlib.asynccontextmanager
async def _stage(models: Path) -> AsyncIterator[Stage]:
    async with (
        running_stack(models) as stack,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        asyncpg.create_pool(stack.database_url, min_size=1, max_size=4) as pool,
        customer(stack.url, http, "en") as first,
    ):
        async with asyncio.timeout(LONGEST_START):
            agent = await log_in(stack.url, http, stack.password)
            await agent.until_articles_are_found()
            await stack.until_encoded(http)
            await first.want_human(True)  # somebody waits from the beginning, so that others can be put in front
        yield Stage(stack, http, pool, agent, first.conversation)


class Stage:
    """The running product with all that the players need. `waits` is the conversation of somebody in the queue."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession, pool: Any, agent: Agent, waits: str) -> None:
        self._url = stack.url
        self._http = http
        self._pool = pool
        self._agent = agent
        self._waits = waits

    async def play(self, dialogue: Dialogue) -> None:
        """Plays a dialogue to its end; raises `Failed` at the first turn that goes wrong."""
        spoken: frozenset[Language] = frozenset({dialogue.language})
        status: Status = "bot"
        async with customer(self._url, self._http, dialogue.language) as one:
            for n, turn in enumerate(dialogue.turns, 1):
                spoken = _languages(turn) or spoken
                before = len(one.entries)
                try:
                    async with asyncio.timeout(LONGEST_STEP):
                        seen = await self._step(one, turn, status, spoken)
                except TimeoutError:
                    raise Failed(_report(dialogue, n, [f"no end after {LONGEST_STEP:.0f} s"], one, before)) from None
                except Refused as error:
                    raise Failed(_report(dialogue, n, [str(error)], one, before)) from None
                if wrong := faults(turn, seen):
                    raise Failed(_report(dialogue, n, wrong, one, before))
                status = seen.status
            if status != "closed":  # nobody else is to stand behind them in the queue
                await self._agent.do(one.conversation, "close")
            await self._whole(dialogue, one)

    async def _step(self, one: Customer, turn: Turn, before: Status, spoken: frozenset[Language]) -> Seen:
        start, errors = len(one.entries), len(one.errors)
        sent = await self._do(one, turn)
        await one.until(lambda: one.acks.keys() >= set(sent) or len(one.errors) > errors)
        seq, status, reason = await self._standing(one)
        await one.until(lambda: bool(not seq or (one.entries and one.entries[-1].seq >= seq)))
        turns = await self._pool.fetch("select id, turn from messages where conversation = $1", one.conversation)
        return Seen(
            entries=tuple(one.entries[start:]),
            before=before,
            status=status,
            sent=sent,
            turns={row["id"]: row["turn"] for row in turns},
            spoken=spoken,
            reason=reason,
            ahead=await self._ahead(one.conversation),
            errors=tuple(one.errors[errors:]),
        )

    async def _do(self, one: Customer, turn: Turn) -> tuple[str, ...]:
        match turn.agent:
            case AgentSays(says):
                await self._agent.say(one.conversation, says)
            case str():
                await self._agent.do(one.conversation, turn.agent.removesuffix("s"))
        if turn.human_button is not None:
            await one.want_human(turn.human_button)
        if turn.presses is not None:
            button = one.find(turn.presses)
            if button is None:
                raise Refused(f"there is no button {turn.presses}")
            return (await one.say(button.title, button.payload),)
        words = ("",) if turn.sends and not turn.texts else turn.texts
        return tuple([await one.say(text, file=turn.sends) for text in words])

    async def _standing(self, one: Customer) -> tuple[int, Status, Reason | None]:
        """The number of the last entry, once all that the customer said has been seen to."""
        while True:
            row = await self._pool.fetchrow(_STANDING, one.conversation)
            if not row["busy"]:
                return row["seq"], row["status"], row["reason"]
            await asyncio.sleep(_LOOK)

    async def _ahead(self, conversation: str) -> bool:
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            own, other = [await queue_position(conn, which) for which in (conversation, self._waits)]
        return own is not None and other is not None and own < other

    async def _whole(self, dialogue: Dialogue, one: Customer) -> None:
        """The socket brought the whole stream, each entry once and in its order."""
        numbers = await one.stream()
        async with asyncio.timeout(LONGEST_STEP):
            await one.until(lambda: len(one.entries) >= len(numbers))
        came = [entry.seq for entry in one.entries]
        if not came == numbers == list(range(1, len(numbers) + 1)):
            raise Failed(f"{dialogue.name}: the stream has gaps or doubles: {came} by socket, {numbers} by request")


def _languages(turn: Turn) -> frozenset[Language]:
    return frozenset(filter(None, map(detect, turn.texts)))


def _report(dialogue: Dialogue, n: int, wrong: list[str], one: Customer, before: int) -> str:
    lines = [f"{dialogue.name} ({dialogue.language}), turn {n}: {dialogue.turns[n - 1]}"]
    lines += [f"  {fault}" for fault in wrong]
    lines += ["  what came:", *(f"    {line}" for entry in one.entries[before:] for line in _lines(entry))]
    return "\n".join(lines)


def _lines(entry: MessageFrame | StatusFrame) -> list[str]:
    if isinstance(entry, StatusFrame):
        return [f"[{entry.status}]"]
    if entry.author == "customer":
        return []
    more = [f"article {source.article}" for source in entry.sources] + [f"[{button.title}]" for button in entry.buttons]
    return [f"{entry.author}: {' '.join([entry.text.replace(chr(10), ' / '), *more])}"]
