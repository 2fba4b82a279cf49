"""The way out for channels that are called: one conversation's messages in their order, each accounted for.

A message goes out in as many parts as its channel's limits make of it; how many have arrived is stored between them.
`sending` is committed before each call. Found after a crash, such a message is sent again where the platform knows our
keys, and is otherwise `unknown`, for the agents to see: a duplicate or a loss is never hidden.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

import msgspec

from hub import metrics, render, retry
from hub.bus import Bus
from hub.connector import Channels, Connector, Part, Recipient
from hub.errors import Deferred, DeliveryError, Transient, Unreachable, Withheld
from hub.store import messages, outbox, people
from hub.store.db import AWAY, Connection, Database
from hub.store.outbox import Head
from hub.types import Delivery

log = logging.getLogger(__name__)

SENDING = 60.0
"""Seconds after which a message in `sending` was left behind by a crash; longer than any call's time-out."""

CALL_TIMEOUT = 30.0

SLOTS = 16
"""Calls at once to one platform. Each has its own, so that one that does not answer keeps nobody else waiting."""

_SETTLED: dict[Delivery, frozenset[Delivery]] = {
    "sent": frozenset({"sent", "delivered", "failed"}),
    "unknown": frozenset({"sent", "delivered", "failed"}),
    "delivered": frozenset({"failed"}),
}
"""What may still become of a message when the platform has later news about it."""


class Outbox:
    """Sends what is queued."""

    def __init__(self, db: Database, bus: Bus, channels: Channels) -> None:
        self._db = db
        self._bus = bus
        self._channels = channels
        self._slots: defaultdict[str | None, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(SLOTS))

    async def take(self, conversation: str) -> tuple[Head, Connector, Part] | None:
        """Takes the next part of a conversation's line in hand; None where there is nothing to send now."""
        while True:
            async with self._db.transaction() as conn:
                locked = await outbox.lock_head(conn, conversation)
                if locked is None:
                    return None
                head, due, lost = locked
                connector = self._channels.get(head.channel)
                if connector is None:
                    no_channel = f"no channel {head.channel} is configured"
                    await outbox.mark(conn, head.message.key, "failed", error=no_channel)
                elif not await self._ends_here(conn, head, lost, connector):
                    if not due and not lost:
                        return None
                    parts = render.parts(head.message, connector.limits)
                    part = parts[min(head.parts_sent, len(parts) - 1)]
                    await outbox.mark_sending(conn, head.message.key, SENDING)
                    return head, connector, msgspec.structs.replace(part, again=lost or head.attempts > 0)
            self._bus.signal("feed")

    async def _ends_here(self, conn: Connection, head: Head, lost: bool, connector: Connector) -> bool:
        """Whether the head of a line is not to be sent, or not again; then it is marked so."""
        key = head.message.key
        if lost and (head.stale or not connector.idempotent):
            await outbox.mark(conn, key, "unknown", error="interrupted while it was being sent")
        elif head.message.delivery == "queued" and head.stale:
            some = f"; the first {head.parts_sent} parts had been sent" if head.parts_sent else ""
            await outbox.mark(conn, key, "dropped", error="a human has taken over" + some)
        elif head.message.delivery == "queued" and head.unreachable is not None:
            await outbox.mark(conn, key, "failed", error=head.unreachable)
        else:
            return False
        return True

    async def deliver(self, head: Head, connector: Connector, part: Part) -> None:
        """Makes the call for a part in hand and writes down what came of it."""
        key = head.message.key
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                sent = await connector.send(Recipient(head.recipient, head.replies_to), part)
        except DeliveryError as error:
            await self._undelivered(head, error)
        except TimeoutError:
            # It may have arrived. Only a platform that knows our keys may be asked again.
            if connector.idempotent:
                await self._undelivered(head, Transient("the platform did not answer in time"))
            else:
                async with self._db.transaction() as conn:
                    await outbox.mark(conn, key, "unknown", error="the platform did not answer in time")
                metrics.DELIVERIES.labels(head.channel, "unknown").inc()
        except Exception:
            # A mistake of ours, after which nobody knows either; the line must not stand still for it.
            log.exception("%s: a message could not be sent", head.channel)
            async with self._db.transaction() as conn:
                await outbox.mark(conn, key, "unknown", error="an error of ours while it was being sent; see the log")
            metrics.DELIVERIES.labels(head.channel, "unknown").inc()
        else:
            async with self._db.transaction() as conn:
                await outbox.part_arrived(
                    conn, key, part.number, last=part.last, platform_id=sent.external_id, counts=True
                )
            metrics.DELIVERIES.labels(head.channel, "sent").inc()
        self._bus.signal("feed")

    async def look_again(self, part: Part) -> None:
        """For connectors that wait before their call: raises `Withheld` where a human has taken over meanwhile."""
        try:
            async with self._db.connection() as conn:
                overtaken = await messages.is_overtaken(conn, part.message.key)
        except AWAY as error:
            raise Transient(f"the database is away ({type(error).__name__})") from error
        if overtaken:
            some = f"; the first {part.number} parts had been sent" if part.number else ""
            raise Withheld("a human has taken over" + some)

    async def _undelivered(self, head: Head, error: DeliveryError) -> None:
        key = head.message.key
        verdict = retry.decide(error, head.attempts + 1)
        async with self._db.transaction() as conn:
            if isinstance(error, Unreachable):
                await people.set_unreachable(conn, head.channel, head.recipient, str(error))
            if isinstance(error, Deferred):
                await outbox.defer(conn, key, str(error))
            elif isinstance(error, Withheld):
                await outbox.mark(conn, key, "dropped", error=str(error))
            elif verdict.then == "again":
                await outbox.queue_again(conn, key, verdict.delay, str(error))
            else:
                await outbox.mark(conn, key, "failed", error=str(error))
        metrics.DELIVERIES.labels(head.channel, verdict.then).inc()

    async def drain(self, conversation: str) -> None:
        """Sends all that is due in one conversation's line."""
        async with self._db.connection() as conn:
            channel = await outbox.channel_of(conn, conversation)
        async with self._slots[channel]:
            while (taken := await self.take(conversation)) is not None:
                await self.deliver(*taken)

    async def due(self) -> list[str]:
        """Conversations in whose lines something is due."""
        async with self._db.connection() as conn:
            return await outbox.due(conn, 200)

    async def report(self, channel: str, platform_id: str, delivery: Delivery, error: str | None = None) -> bool:
        """Later news of the platform about a message that it knows under this id; False where it is no news.

        `sent` with an `error` is a message that is under way and late.
        """
        async with self._db.transaction() as conn:
            found = await outbox.by_platform_id(conn, channel, platform_id)
            if found is None or delivery not in _SETTLED.get(found[1], ()):
                return False
            await outbox.mark(conn, found[0], delivery, error=error)
        self._bus.signal("feed")
        return True
