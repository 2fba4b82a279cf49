"""Letters that came into the wrong conversation: agents merge, split, and undo both."""

from __future__ import annotations

from hub.connector import Channels
from hub.errors import InvalidRequest
from hub.http import Problem
from hub.lifecycle import Step
from hub.steps import Steps
from hub.store import case_changes, cases, conversations, overview, streams
from hub.store.case_changes import Change, Moved
from hub.store.db import Connection, Database
from hub.types import Agent, Conversation


class Cases:
    """Moves messages between conversations of one channel of letters. Nothing is copied, nothing is deleted."""

    def __init__(self, db: Database, steps: Steps, channels: Channels) -> None:
        self._db = db
        self._steps = steps
        self._channels = channels

    async def of(self, conversation: str) -> list[Change]:
        """The moves into and out of a conversation, the latest first."""
        async with self._db.connection() as conn:
            return await case_changes.of(conn, conversation)

    async def merge(self, agent: Agent, conversation: str, into: str) -> Change:
        """All messages of a conversation go into another one, which takes over what is still to be done there.

        The first is closed, and what is written to it from now on goes into the other. Raises `InvalidRequest`, or a
        `Problem` (409) where another agent has one of them, or something is on its way just now.
        """
        if conversation == into:
            raise InvalidRequest("into: a conversation cannot be merged into itself")
        async with self._db.transaction() as conn:
            now = await cases.merged(conn, into)
            into = into if now == conversation else now
            gone, kept = await self._both(conn, agent, conversation, into)
            first = gone
            await case_changes.bind(conn, (gone.id, kept.id))
            places = await case_changes.move(conn, await case_changes.messages_in(conn, gone.id), kept)
            known = await cases.participants(conn, kept.id)
            came = tuple(one for one in await cases.participants(conn, gone.id) if one not in known)
            await cases.take_part(conn, kept.id, came)
            kept = await self._taken_over(conn, agent, gone, kept)
            await case_changes.count_on(conn, places, first, kept)
            if gone.status != "closed":
                gone = await self._steps.apply(conn, gone, Step(action="close", actor=agent.id))
            await case_changes.merge_into(conn, gone.id, kept.id)
            if now == gone.id:
                await case_changes.merge_into(conn, kept.id, None)
            moved = Moved(messages=places, came=came, back=now == gone.id)
            number = await case_changes.write(conn, "merge", gone.id, kept.id, moved, agent.id)
            await case_changes.tell(conn, (gone.id, kept.id))
            change, _ = await case_changes.one(conn, number)
        self._tell(gone, kept)
        return change

    async def split(self, agent: Agent, conversation: str, message: str) -> Change:
        """A customer's letter becomes a conversation of its own, its sender's.

        It is the agent's where the other one is, and waits in the queue otherwise.
        """
        async with self._db.transaction() as conn:
            before = await self._free(conn, agent, await conversations.lock(conn, conversation))
            said = await overview.said(conn, before.stream, message)
            if said is None or said.conversation != before.id or said.letter is None:
                raise InvalidRequest("message: not a customer's letter in this conversation")
            address = said.letter.sender
            people = set(await cases.participants(conn, before.id))
            await case_changes.bind(conn, (before.id,))
            stream = await streams.lock_or_create(conn, before.channel, address, said.letter.name, address)
            started = await streams.start_conversation(conn, stream, before.language)
            after = await conversations.lock(conn, started)
            places = await case_changes.move(conn, (said.key,), after)
            came = people & await cases.named(conn, after.id)
            await cases.take_part(conn, after.id, (address, *came))
            went = tuple(sorted({*came, address} - await cases.named(conn, before.id)))
            await cases.leave(conn, before.id, went)
            mine = before.owner == agent.id
            after = await self._steps.apply(
                conn,
                after,
                Step(action="claim", actor=agent.id, owner=agent.id)
                if mine
                else Step(action="handoff", actor=agent.id, reason="transfer"),
            )
            moved = Moved(messages=places, went=went)
            number = await case_changes.write(conn, "split", before.id, after.id, moved, agent.id)
            await case_changes.tell(conn, (before.id, after.id))
            change, _ = await case_changes.one(conn, number)
        self._tell(before, after)
        return change

    async def decline(self, conversation: str, other: str) -> None:
        """The letters of a conversation do not belong into another one: nobody is asked about that again."""
        async with self._db.transaction() as conn:
            now = await conversations.lock(conn, conversation)
            await case_changes.decline(conn, now.id, other)
        self._tell(now)

    async def undo(self, agent: Agent, number: int) -> Change:
        """Puts the messages of a move back; whoever is still owed an answer there waits in the queue."""
        async with self._db.transaction() as conn:
            change, moved = await case_changes.one(conn, number)
            first, second = await self._both(conn, agent, change.from_case, change.to_case)
            if not await case_changes.still_in(conn, moved.messages, second.id):
                raise _conflict("its messages have been moved on since; undo that first")
            if not await case_changes.undo(conn, number):
                raise _conflict("that was undone before")
            await case_changes.bind(conn, (first.id, second.id))
            await case_changes.move_back(conn, moved.messages, first.id)
            await cases.leave(conn, second.id, sorted(set(moved.came) - await cases.named(conn, second.id)))
            await cases.take_part(conn, first.id, moved.went)
            if change.kind == "merge":
                await case_changes.merge_into(conn, first.id, None)
                if moved.back:
                    await case_changes.merge_into(conn, second.id, first.id)
                if first.status == "closed":
                    first = await self._steps.reopen(conn, first, "transfer")
                await case_changes.count_on(conn, moved.messages, second, first)
            elif not await case_changes.messages_in(conn, second.id):
                await case_changes.merge_into(conn, second.id, first.id)
                if second.status != "closed":
                    second = await self._steps.apply(conn, second, Step(action="close", actor=agent.id))
            await case_changes.tell(conn, (first.id, second.id))
            change, _ = await case_changes.one(conn, number)
        self._tell(first, second)
        return change

    async def _both(self, conn: Connection, agent: Agent, one: str, other: str) -> tuple[Conversation, Conversation]:
        """Both, locked in the order that everybody keeps."""
        found = [await conversations.get(conn, id) for id in (one, other)]
        locked = {
            id: await self._free(conn, agent, await conversations.lock(conn, id))
            for _, id in sorted((seen.stream, seen.id) for seen in found)
        }
        if locked[one].channel != locked[other].channel:
            raise InvalidRequest("into: a conversation of another channel")
        return locked[one], locked[other]

    async def _free(self, conn: Connection, agent: Agent, now: Conversation) -> Conversation:
        connector = self._channels.get(now.channel)
        if connector is None or not connector.limits.letters:
            raise InvalidRequest("only conversations of letters can be merged and split")
        if now.owner not in (None, agent.id):
            raise _conflict("another agent has one of these conversations")
        if await case_changes.busy(conn, now.id):
            raise _conflict("a message there is on its way just now; try again in a moment")
        return now

    async def _taken_over(self, conn: Connection, agent: Agent, gone: Conversation, kept: Conversation) -> Conversation:
        """What was still to be done in the one is to be done in the other."""
        if kept.status == "closed" and gone.status != "closed":
            kept = await self._steps.reopen(conn, kept)
        if gone.status == "human" and kept.status in ("bot", "waiting"):
            return await self._steps.apply(conn, kept, Step(action="claim", actor=agent.id, owner=agent.id))
        if gone.status == "waiting" and kept.status in ("bot", "waiting"):
            step = Step(action="handoff", actor=agent.id, reason=gone.reason or "transfer", priority=gone.priority)
            return await self._steps.apply(conn, kept, step)
        return kept

    def _tell(self, *changed: Conversation) -> None:
        for conversation in changed:
            self._steps.tell(conversation)


def _conflict(detail: str) -> Problem:
    return Problem(409, "Conflict", detail)
