"""Answers that go back in the platform's own request, where it keeps that open for them.

While a message's `hold` lasts, the outbox sends nothing in its conversation. Whoever holds the request takes the first
message of the line as the outbox would, so that it has one sender. What is not carried back goes the usual way.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator

import msgspec

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
        self, receipt: Receipt, limits: Limits, seconds: float, *, whatever: bool = False, together: bool = False
    ) -> AsyncIterator[Part | None]:
        """Waits for the answer to a stored message, and yields the first part of it, to be carried back; None without.

        Waits no longer than the turn takes, and `seconds` at most. The block writes the part into the request: left
        in the usual way it has been sent, left by an error it has not, and is sent the usual way. A repeated delivery
        gets the same part again. `whatever`: also what waited in the line before, where the platform allows no other
        way to send it; `together`: as much of the line as one part can hold, not only the first of it.
        """
        async with self._db.connection() as conn:
            held = await outbox.hold(conn, receipt.message, seconds + _MARGIN)
        carried: tuple[Part, ...] = ()
        try:
            carried = await self._wait(receipt, limits, seconds, whatever, together)
            yield _joined(carried)
        except BaseException:
            async with self._db.transaction() as conn:
                for part in carried:
                    await outbox.not_carried(conn, part.message.key, part.number, receipt.message, held)
            raise
        else:
            async with self._db.transaction() as conn:
                for part in carried:
                    await outbox.part_arrived(
                        conn, part.message.key, part.number, last=part.last, platform_id=None, counts=False
                    )
        finally:
            async with self._db.connection() as conn:
                await outbox.let_go(conn, receipt.message, held)
            self._bus.signal("outbox", receipt.conversation)
            self._bus.signal("feed")

    async def _wait(
        self, receipt: Receipt, limits: Limits, seconds: float, whatever: bool, together: bool
    ) -> tuple[Part, ...]:
        deadline = time.monotonic() + seconds
        with Wake(self._bus, "stream", str(receipt.stream)) as wake:
            while True:
                left = deadline - time.monotonic()
                async with self._db.transaction() as conn:
                    turn = await outbox.ended_turn(conn, receipt.message)
                    if turn is not None or left <= 0:
                        return await _take(conn, receipt, limits, turn, whatever=whatever, together=together)
                await wake.wait(min(left, self._bus.sweep_interval))


async def _take(
    conn: Connection, receipt: Receipt, limits: Limits, turn: str | None, *, whatever: bool, together: bool = False
) -> tuple[Part, ...]:
    """Takes in hand what is to be carried back; nothing where there is nothing, or it has to go another way."""
    locked = await outbox.lock_head(conn, receipt.conversation, patient=True)  # the outbox looks here, too, and goes
    if before := await outbox.carried_for(conn, receipt.message):
        return tuple(render.parts(message, limits)[number] for message, number in before)
    taken: list[Part] = []
    while locked is not None:
        head = locked[0]
        fits = whatever or (turn is not None and head.turn == turn)
        if head.stale or head.message.delivery != "queued" or not fits:
            break
        part = render.parts(head.message, limits)[head.parts_sent]
        if part.files or limits.measure(_text((*taken, part))) > limits.text:
            break
        await outbox.mark_carried(conn, head.message.key, part.number, receipt.message, SENDING)
        taken.append(part)
        if not together or not part.last:
            break
        locked = await outbox.lock_head(conn, receipt.conversation, behind=head.message.key, patient=True)
    return tuple(taken)


def _joined(parts: tuple[Part, ...]) -> Part | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return msgspec.structs.replace(parts[0], text=_text(parts))


def _text(parts: tuple[Part, ...]) -> str:
    return "\n\n".join(part.text for part in parts)
