"""Writes the agents' threads: opens them, adds what has happened, keeps the first posts and their buttons right.

A post is named before it is sent, and one that was interrupted is looked for by its name before it is sent again. So
each line stands there once. What has piled up goes into as few posts as will hold it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.slack import desk_blocks, markup
from connectors.slack.api import SlackApi
from connectors.slack.desk_blocks import Frame, Json, Shown
from connectors.slack.desk_files import Files
from connectors.slack.desk_texts import say
from connectors.slack.identity import Identity
from hub.errors import Rejected, Unreachable
from hub.store import messages, overview, thread_lines, threads
from hub.store.db import Database
from hub.store.thread_lines import Written
from hub.store.threads import Thread

log = logging.getLogger(__name__)

BEFORE = 12
"""Messages that the first post shows."""

LINES = 40
POST = 6000
"""The most lines, and the most room for them, of one post."""

_CLOCKS = timedelta(minutes=5)
"""By how much Slack's clock and ours may differ."""

_NAME = "desk:"
"""What the names of posts begin with; a file has one of Slack's instead."""

_THREAD_GONE = ("thread_not_found", "cannot_reply_to_message", "thread_locked", "restricted_action_thread_locked")


class Writer:
    """The only one who writes into the threads, one process at a time."""

    def __init__(self, channel: str, db: Database, api: SlackApi, identity: Identity, frame: Frame) -> None:
        self._channel = channel
        self._db = db
        self._api = api
        self._identity = identity
        self._frame = frame
        self._files = Files(db, api)
        self._opened_last = False
        self._place: str | None = None

    async def step(self) -> bool:
        """Opens one thread, or writes one post into one, in turn; answers whether there was anything to do.

        Raises a `DeliveryError` where Slack does not take it.
        """
        place = self._identity.agents
        if place is None:
            return False
        async with self._db.connection() as conn:
            if self._place != place:
                await threads.move(conn, self._channel, place)
                self._place = place
            new = await threads.unopened(conn, self._channel)
            old = await threads.unwritten_thread(conn, self._channel)
            if old is not None and old.place != place:  # closed when the agents moved, and open again
                await threads.lost(conn, old.id)
                return True
        if new is not None and (old is None or not self._opened_last):
            self._opened_last = True
            await self._open(new, place)
        elif old is not None:
            self._opened_last = False
            await self._write(old)
        return new is not None or old is not None

    async def show(self) -> bool:
        """Puts right what first posts show; answers whether there was any to look at."""
        async with self._db.connection() as conn:
            found = await threads.to_show(conn, self._channel, 20)
        for thread in found:
            await self._show(thread)
        return bool(found)

    # The first post ----------------------------------------------------------------------------------------------

    async def _open(self, thread: Thread, place: str) -> None:
        since, ts, face = thread.opening_at, None, None
        if since is not None:
            ts = await self._api.find(place, None, _first_name(thread, since), (since - _CLOCKS).timestamp())
        if ts is None:
            async with self._db.connection() as conn:
                since = await threads.opening(conn, thread.id)
            name = _first_name(thread, since)
            full, least = await self._first_post(thread)
            face = full.face
            try:
                ts = (await self._api.post(place, full.text, blocks=full.blocks, key=name)).ts
            except Rejected as error:
                if isinstance(error, Unreachable):
                    raise
                log.error("%s: a first post was shortened: %s", self._channel, error)
                ts = (await self._api.post(place, least.text, blocks=least.blocks, key=name)).ts
        async with self._db.transaction() as conn:
            await threads.opened(conn, thread.id, place, ts)
            if face is not None:
                await threads.shows(conn, thread, face)

    async def _first_post(self, thread: Thread) -> tuple[Shown, Shown]:
        """The first post, and the least of it."""
        async with self._db.connection() as conn:
            seen = await overview.one(conn, thread.conversation)
            before, earlier = await thread_lines.before(conn, thread, BEFORE)
        return desk_blocks.first_post(seen, before, earlier, self._frame), desk_blocks.least(seen, self._frame)

    async def _show(self, thread: Thread) -> None:
        full, least = await self._first_post(thread)
        if full.face != thread.face:
            place, ts = thread.place or "", thread.thread or ""
            try:
                try:
                    await self._api.update(place, ts, full.text, full.blocks)
                except Rejected:
                    await self._api.update(place, ts, least.text, least.blocks)
            except Rejected as error:
                if isinstance(error, Unreachable) and place == self._identity.agents:
                    raise
                log.warning("%s: a first post can no longer be changed: %s", self._channel, error)
        async with self._db.connection() as conn:
            await threads.shows(conn, thread, full.face)

    # Lines -------------------------------------------------------------------------------------------------------

    async def _write(self, thread: Thread) -> None:
        async with self._db.connection() as conn:
            waiting = await thread_lines.unwritten(conn, thread.id, LINES)
        if not waiting:
            return
        assert thread.place is not None
        assert thread.thread is not None
        try:
            if (waiting[0].post or "").startswith(_NAME):
                await self._write_again(thread, waiting)
            elif waiting[0].what != "file":
                await self._send(thread, await self._fitting(thread, waiting))
            elif not await self._files.post(thread, waiting[0]):
                await self._send(thread, waiting[:1])  # a line in its place
        except Unreachable as error:
            if not any(code in str(error) for code in _THREAD_GONE):
                raise  # the whole channel
            await self._lose(thread, error)
        except Rejected as error:
            if any(code in str(error) for code in _THREAD_GONE):
                await self._lose(thread, error)
                return
            await self._leave_out(thread, waiting, error)

    async def _leave_out(self, thread: Thread, waiting: Sequence[Written], error: Rejected) -> None:
        """Slack will never show this: it is said that there is something, and it goes on."""
        log.error("%s: lines of a thread were left out: %s", self._channel, error)
        async with self._db.connection() as conn:
            now = await thread_lines.unwritten(conn, thread.id, LINES)  # with the name of the post that was refused
            await thread_lines.written(conn, _same_post(now), "")
        text = say("unshowable", self._frame.language)
        await self._api.post(thread.place or "", markup.plain(text), thread=thread.thread)

    async def _lose(self, thread: Thread, error: Rejected) -> None:
        log.warning("%s: a thread is no longer there and is begun anew: %s", self._channel, error)
        async with self._db.connection() as conn:
            await threads.lost(conn, thread.id)

    async def _write_again(self, thread: Thread, waiting: Sequence[Written]) -> None:
        """The post was begun before: it is looked for, and only otherwise sent again, with the same lines."""
        first = waiting[0]
        lines = [line for line in waiting if line.post == first.post]
        since = (first.tried_at or datetime.now(UTC)) - _CLOCKS
        ts = await self._api.find(thread.place or "", thread.thread, first.post or "", since.timestamp())
        if ts is None:
            await self._post(thread, lines, first.post or "")
        else:
            await self._written(lines, ts)

    async def _fitting(self, thread: Thread, waiting: Sequence[Written]) -> list[Written]:
        """As many lines as one post holds."""
        lines = [line for line in _until(waiting) if line.post is None]
        length = 0
        for number, line in enumerate(await self._elements(thread, lines)):
            length += desk_blocks.size(line)
            if number and length > POST:
                return lines[:number]
        return lines

    async def _send(self, thread: Thread, lines: Sequence[Written]) -> None:
        name = f"{_NAME}{thread.id}:{lines[0].number}"
        async with self._db.connection() as conn:
            await thread_lines.put_into(conn, [line.number for line in lines], name)
        await self._post(thread, lines, name)

    async def _post(self, thread: Thread, lines: Sequence[Written], name: str) -> None:
        shown = desk_blocks.post(await self._elements(thread, lines))
        posted = await self._api.post(
            thread.place or "",
            shown.text,
            thread=thread.thread,
            blocks=shown.blocks,
            key=name,
            broadcast=await self._calls(thread, lines),
        )
        await self._written(lines, posted.ts)

    async def _written(self, lines: Sequence[Written], ts: str) -> None:
        async with self._db.connection() as conn:
            await thread_lines.written(conn, [line.number for line in lines], ts)

    async def _elements(self, thread: Thread, lines: Sequence[Written]) -> list[list[Json]]:
        language = self._frame.language
        async with self._db.connection() as conn:
            found = await messages.by_keys(conn, [line.entry for line in lines if line.what != "status" and line.entry])
            steps = await thread_lines.steps(
                conn, thread.conversation, [line.entry for line in lines if line.what == "status" and line.entry]
            )
            seen = await overview.many(conn, [thread.conversation])
        who = desk_blocks.name_of(seen[thread.conversation], language)
        made: list[list[Json]] = []
        for line in lines:
            if line.what == "status":
                made.append(desk_blocks.about_step(steps[line.entry or 0], language))
            else:
                made.append(desk_blocks.about_message(line, found[line.entry or 0], who, language))
        return made

    async def _calls(self, thread: Thread, lines: Sequence[Written]) -> bool:
        """Whether the whole channel is to see this post: somebody waits again, and still does."""
        seqs = [line.entry for line in lines if line.what == "status" and line.entry]
        if not seqs:
            return False
        async with self._db.connection() as conn:
            steps = await thread_lines.steps(conn, thread.conversation, seqs)
        return desk_blocks.calls_for_somebody(steps[max(seqs)])


def _first_name(thread: Thread, since: datetime) -> str:
    """The name of a first post; one that is opened anew has another."""
    return f"{_NAME}{thread.id}:{since.timestamp():.3f}"


def _until(waiting: Sequence[Written]) -> list[Written]:
    """What comes before the next file, which needs a post of its own."""
    end = next((n for n, line in enumerate(waiting) if line.what == "file"), len(waiting))
    return list(waiting[:end])


def _same_post(waiting: Sequence[Written]) -> list[int]:
    """The lines that are in one post with the first."""
    name = waiting[0].post
    return [line.number for line in waiting if name is not None and line.post == name] or [waiting[0].number]
