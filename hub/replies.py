"""Answers that go back in the platform's own request, where it keeps that open for them.

While a message's `hold` lasts, the outbox sends nothing in its conversation. Whoever holds the request takes the first
message of the line as the outbox would, so that it has one sender. What is not carried back goes the usual way.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator

from hub import render
from hub.bus import Bus, Wake
from hub.connector import Limits, Part
from hub.outbox import SENDING
from hub.store import outbox
from hub.store.db import Connection, Database
from hub.types import Receipt

_MARGIN = 1.0
"""Seconds by which the hold outlasts the waiting, for the answer to be written."""


class Replies:
    """The hub's side of a request that is kept open."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._bus = bus

    @contextlib.asynccontextmanager
    async def reply(
        self, receipt: Receipt, limits: Limits, seconds: float, *, whatever: bool = False
    ) -> AsyncIterator[Part | None]:
        """Waits for the answer to a stored message, and yields the first part of it, to be carried back; None without.

        Waits no longer than the turn takes, and `seconds` at most. The block writes the part into the request: left
        in the usual way it has been sent, left by an error it has not, and is sent the usual way. A repeated delivery
        gets the same part again. `whatever`: also what waited in the line before, where the platform allows no other
        way to send it.
        """
        async with self._db.connection() as conn:
            await outbox.hold(conn, receipt.message, seconds + _MARGIN)
        carried: Part | None = None
        try:
            carried = await self._wait(receipt, limits, seconds, whatever)
            yield carried
        except BaseException:
            if carried is not None:
                async with self._db.connection() as conn:
                    await outbox.not_carried(conn, carried.message.key, carried.number, receipt.message)
            raise
        else:
            if carried is not None:
                async with self._db.connection() as conn:
                    await outbox.part_arrived(
                        conn, carried.message.key, carried.number, last=carried.last, platform_id=None, counts=False
                    )
        finally:
            async with self._db.connection() as conn:
                await outbox.let_go(conn, receipt.message)
            self._bus.signal("outbox", receipt.conversation)
            self._bus.signal("feed")

    async def _wait(self, receipt: Receipt, limits: Limits, seconds: float, whatever: bool) -> Part | None:
        deadline = time.monotonic() + seconds
        with Wake(self._bus, "stream", str(receipt.stream)) as wake:
            while True:
                left = deadline - time.monotonic()
                async with self._db.transaction() as conn:
                    turn = await outbox.ended_turn(conn, receipt.message)
                    if turn is not None or left <= 0:
                        return await _take(conn, receipt, limits, turn, whatever)
                await wake.wait(min(left, self._bus.sweep_interval))


async def _take(conn: Connection, receipt: Receipt, limits: Limits, turn: str | None, whatever: bool) -> Part | None:
    """Takes the part in hand that is to be carried back; None where there is none, or it has to go another way."""
    locked = await outbox.lock_head(conn, receipt.conversation, patient=True)  # the outbox looks here, too, and goes
    before = await outbox.carried_for(conn, receipt.message)
    if before is not None:
        message, number = before
        return render.parts(message, limits)[number]
    if locked is None:
        return None
    head = locked[0]
    fits = whatever or (turn is not None and head.turn == turn)
    if head.stale or head.message.delivery != "queued" or not fits:
        return None
    part = render.parts(head.message, limits)[head.parts_sent]
    if part.files:
        return None
    await outbox.mark_carried(conn, head.message.key, part.number, receipt.message, SENDING)
    return part
