"""Follows all that happens and notes what of it belongs into the agents' threads: each once, in its order.

A conversation gets its thread with its first handoff and keeps it. Nothing here speaks to Slack, so nothing is missed
while Slack is away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors.slack.desk_blocks import pieces
from hub.store import channel_state, events, messages, overview, thread_lines, threads
from hub.store.db import Connection, Database
from hub.store.events import Event, Position
from hub.store.thread_lines import Draft
from hub.store.threads import Thread
from hub.types import Message

log = logging.getLogger(__name__)

BATCH = 500
_HELD = 0.05
_POSITION = "desk:position"


def said(id: str, number: int) -> list[str]:
    """The keys of the `number` lines for a message's words."""
    return [f"m:{id}:{piece}" for piece in range(number)]


def attached(file: str) -> str:
    """The key of the line for a file."""
    return f"file:{file}"


class Follower:
    """Reads the log of events from where it stood last. One process at a time."""

    def __init__(self, channel: str, db: Database) -> None:
        self._channel = channel
        self._db = db

    async def step(self) -> tuple[bool, float]:
        """Takes what is new; answers whether there was something to write, and after how long to look again."""
        async with self._db.transaction() as conn:
            position = await self._position(conn)
            batch = await events.after(conn, position, BATCH)
            if batch:
                await self._take(conn, batch)
                await self._stand_at(conn, batch[-1].position)
            held = not batch and await events.held_back(conn)
        return bool(batch), 0.0 if len(batch) == BATCH else _HELD if held else 1.0

    async def _position(self, conn: Connection) -> Position:
        stored = await channel_state.get(conn, self._channel, _POSITION)
        if stored is not None:
            xid, _, id = stored.partition("-")
            position = Position(int(xid), int(id))
            if await events.is_kept(conn, position):
                return position
        now = await events.now(conn)
        if stored is not None:
            log.warning("%s: the agents' threads stood still too long; what they miss is read up", self._channel)
            for thread in await threads.open_ones(conn, self._channel):
                await self._catch_up(conn, thread)
        await threads.begin_all_waiting(conn, self._channel)
        await self._stand_at(conn, now)
        return now

    async def _stand_at(self, conn: Connection, position: Position) -> None:
        await channel_state.put(conn, self._channel, _POSITION, f"{position.xid}-{position.id}")

    async def _take(self, conn: Connection, batch: Sequence[Event]) -> None:
        steps = [(e.conversation, e.entry) for e in batch if e.kind == "status" and e.conversation and e.entry]
        became = await thread_lines.statuses(conn, steps)
        for (conversation, seq), status in sorted(became.items(), key=lambda step: step[0][1]):
            if status in ("waiting", "human"):
                await threads.begin(conn, self._channel, conversation, seq)
        mirrored = await threads.of_conversations(
            conn, self._channel, {event.conversation for event in batch if event.conversation}
        )
        ours = [(event, mirrored[event.conversation]) for event in batch if event.conversation in mirrored]
        if not ours:
            return
        await self._add(conn, await self._drafts(conn, ours))
        await threads.touch(conn, {thread.id for _, thread in ours})

    async def _drafts(self, conn: Connection, ours: Sequence[tuple[Event, Thread]]) -> list[Draft]:
        last = {event.entry: event for event, _ in ours if event.kind in ("message", "note") and event.entry}
        found = await messages.by_keys(conn, list(last))
        deferred = await thread_lines.deferred(conn, list(last))
        drafts: list[Draft] = []
        for event, thread in ours:
            if event.kind == "status" and event.entry is not None and event.entry > thread.from_seq:
                drafts.append(Draft(thread.id, f"s:{event.entry}", "status", event.entry))
            elif event.kind in ("message", "note") and event.entry in found:
                message = found[event.entry]
                drafts += _words(thread, message)
                if last[event.entry] is event:  # its words stand where it was written, its fate where that was known
                    drafts += _fate(thread, message, message.key in deferred)
        return drafts

    async def _add(self, conn: Connection, drafts: Sequence[Draft]) -> None:
        """What came in the end after all is only said where it had been said that it did not."""
        late = [draft for draft in drafts if draft.what == "arrived"]
        told: set[str] = set()
        for draft in late:
            wanted = [f"{why}:{draft.key.partition(':')[2]}" for why in ("failed", "unknown", "waits")]
            told |= {draft.key} if await thread_lines.has(conn, draft.thread, wanted) else set()
        await thread_lines.add(conn, [draft for draft in drafts if draft.what != "arrived" or draft.key in told])

    async def _catch_up(self, conn: Connection, thread: Thread) -> None:
        """All that there should be in a thread, from what is stored; what is there already is not added again."""
        entries: list[tuple[datetime, list[Draft]]] = []
        after = thread.from_key
        while found := await overview.transcript(conn, thread.conversation, 0, after, BATCH):
            deferred = await thread_lines.deferred(conn, [message.key for message in found])
            for message in found:
                lines = [*_words(thread, message), *_fate(thread, message, message.key in deferred)]
                entries.append((message.created_at, lines))
            after = found[-1].key
        for seq, at in await thread_lines.steps_after(conn, thread.conversation, thread.from_seq):
            entries.append((at, [Draft(thread.id, f"s:{seq}", "status", seq)]))
        entries.sort(key=lambda entry: entry[0])
        await self._add(conn, [draft for _, drafts in entries for draft in drafts])
        await threads.touch(conn, [thread.id])


def _words(thread: Thread, message: Message) -> Iterator[Draft]:
    if message.key > thread.from_key:
        for number, key in enumerate(said(message.id, len(pieces(message.text)))):
            yield Draft(thread.id, key, "said", message.key, str(number))


def _fate(thread: Thread, message: Message, deferred: bool) -> Iterator[Draft]:
    """What became of a message of ours, and of any message's files."""
    at, id = thread.id, message.id
    for file in message.attachments if message.key > thread.from_key else ():
        if file.state != "awaited":
            yield Draft(at, attached(file.id), "file" if file.state == "stored" else "lost", message.key, file.id)
    if message.author == "customer" or message.kind == "note":
        return
    match message.delivery:
        case "failed" | "dropped" | "unknown" as what:
            yield Draft(at, f"{what}:{id}", what, message.key, message.error)
        case "queued" if deferred:
            yield Draft(at, f"waits:{id}", "waits", message.key, message.error)
        case "sent" | "delivered":
            yield Draft(at, f"arrived:{id}", "arrived", message.key)
        case _:
            pass  # whatever else keeps it for the moment, the next attempt shows
