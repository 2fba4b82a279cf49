"""Which agents are there, and what becomes of conversations whose agent or customer is not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.bus import Bus
from hub.errors import HubError
from hub.lifecycle import Step
from hub.steps import Decide, Steps
from hub.store import events, overview, users
from hub.store.db import AWAY, Database
from hub.types import Conversation

log = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two signs of life that are written down."""

_BATCH = 200
_PRUNED_AT_ONCE = 10_000
_SETTLING = 60.0
"""Seconds of uninterrupted contact with the database before an agent counts as gone: until then consoles reconnect."""


class Presence:
    """Notes that somebody is there. Nobody has to say that they leave: they are no longer seen."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._bus = bus
        self._noted: dict[str, float] = {}

    async def seen(self, agent: str) -> None:
        """A sign of life; cheap, so it may be given with every request."""
        now = time.monotonic()
        if now - self._noted.get(agent, -EVERY) < EVERY:
            return
        self._noted[agent] = now
        async with self._db.connection() as conn:
            came = await users.seen(conn, agent)
        if came:
            self._bus.signal("presence", agent, "online")


class Caretaker:
    """Gives back what vanished agents leave, closes what has fallen silent, prunes the feed's log.

    Runs in every process; the steps are decided under the conversation's lock, so that one of them acts.
    """

    def __init__(
        self,
        db: Database,
        steps: Steps,
        *,
        vanish_after: timedelta = timedelta(minutes=15),
        close_after: timedelta = timedelta(hours=24),
        keep_events: timedelta = timedelta(days=7),
        letters: Sequence[str] = (),
    ) -> None:
        """`letters`: the channels on which people write letters, and nothing ends or changes hands within a day."""
        self._db = db
        self._steps = steps
        self._vanish_after = vanish_after
        self._close_after = close_after
        self._keep_events = keep_events
        self._letters = letters

    async def run(self, every: float = 30.0) -> None:
        """Looks around every so many seconds, until it is cancelled."""
        since: float | None = None
        while True:
            try:
                await self.close_silent()
                since = time.monotonic() if since is None else since
                if time.monotonic() - since >= _SETTLING:
                    await self.requeue_abandoned()
                await self.prune()
            except AWAY as error:
                since = None
                log.warning("caretaker: the database is away (%s)", type(error).__name__)
            except Exception:
                log.exception("caretaker: failed; looks again later")
            await asyncio.sleep(every)

    async def requeue_abandoned(self) -> int:
        """Conversations whose agent vanished go back to the queue; answers how many."""
        async with self._db.connection() as conn:
            found = await overview.abandoned(conn, self._vanish_after.total_seconds(), _BATCH, self._letters)
        return sum([await self._take(id, self._vanished(owner)) for id, owner in found])

    async def close_silent(self) -> int:
        """Conversations in which nothing happened for long are closed; answers how many."""
        async with self._db.connection() as conn:
            found = await overview.silent(conn, self._close_after.total_seconds(), _BATCH, self._letters)
        return sum([await self._take(id, self._expired) for id in found])

    async def prune(self) -> int:
        """Forgets old entries of the feed's log; answers how many."""
        gone = 0
        while True:
            async with self._db.transaction() as conn:
                went = await events.prune(conn, self._keep_events, _PRUNED_AT_ONCE)
            gone += went
            if went < _PRUNED_AT_ONCE:
                return gone

    def _vanished(self, owner: str) -> Decide:
        def decide(now: Conversation) -> Step | None:
            return Step(action="vanish", reason="agent_vanished") if now.owner == owner else None

        return decide

    def _expired(self, now: Conversation) -> Step | None:
        silent = datetime.now(UTC) - now.updated_at >= self._close_after
        stays = "bot" if now.channel in self._letters else now.status
        return Step(action="expire") if silent and now.status != "closed" and now.status == stays else None

    async def _take(self, conversation: str, decide: Decide) -> bool:
        try:
            after = await self._steps.take(conversation, decide)
        except HubError as error:  # it moved on in the meantime
            log.info("caretaker: conversation %s was left alone: %s", conversation, error)
            return False
        return after.status in ("waiting", "closed")
