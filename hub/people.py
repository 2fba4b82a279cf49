"""What platforms say about people beside their messages: gone, back again, moved, to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping

from hub.bus import Bus
from hub.store import people
from hub.store.db import Database, storable
from hub.types import Window


class People:
    """Each call may come twice and for somebody who never wrote; then it changes nothing."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._bus = bus

    async def unreachable(self, channel: str, external_id: str, reason: str) -> None:
        """Nothing can be sent to them until they write again; `reason` is for the agents: blocked, unsubscribed."""
        async with self._db.transaction() as conn:
            await people.set_unreachable(conn, channel, external_id, reason)
        self._bus.signal("feed")

    async def reachable(self, channel: str, external_id: str, window: Window | None = None) -> None:
        """They can be written to (again), and within `window` where the platform sets one."""
        async with self._db.transaction() as conn:
            await people.set_reachable(conn, channel, external_id, window)
        self._bus.signal("feed")

    async def wants_erasure(self, channel: str, external_id: str) -> None:
        """The platform asks that what is known about them be deleted."""
        async with self._db.transaction() as conn:
            await people.ask_erasure(conn, channel, external_id)
        self._bus.signal("feed")

    async def moved(self, channel: str, before: str, after: str) -> None:
        """The platform has given somebody another id; what was theirs stays theirs."""
        async with self._db.transaction() as conn:
            await people.rename(conn, channel, before, after)

    async def within(self, channel: str, place: str) -> list[str]:
        """The ids of all who are known at a place that several people share: those that begin with `place:`."""
        async with self._db.connection() as conn:
            return await people.within(conn, channel, place)

    async def describe(self, channel: str, external_id: str, facts: Mapping[str, str]) -> None:
        """What the platform says about them (how they found us, their user name), for the agents to see.

        Somebody who never wrote becomes known by it.
        """
        known = {name: storable(fact) for name, fact in facts.items()}
        async with self._db.transaction() as conn:
            await people.describe(conn, channel, external_id, known)
        self._bus.signal("feed")
