"""The way out for channels that are called: one conversation's messages in their order, each accounted for.

`sending` is committed before the call. Found after a crash, such a message is sent again where the platform takes our
id as a key, and is otherwise `unknown`, for the agents to see: a duplicate or a loss is never hidden.
"""

from __future__ import annotations

import asyncio

from hub import metrics, retry
from hub.bus import Bus
from hub.connector import Channels, Connector
from hub.errors import DeliveryError, Transient
from hub.store import outbox
from hub.store.db import Database
from hub.store.outbox import Head

SENDING = 60.0
"""Seconds after which a message in `sending` was left behind by a crash; longer than any call's time-out."""

CALL_TIMEOUT = 30.0


class Outbox:
    """Sends what is queued."""

    def __init__(self, db: Database, bus: Bus, channels: Channels) -> None:
        self._db = db
        self._bus = bus
        self._channels = channels

    async def take(self, conversation: str) -> tuple[Head, Connector] | None:
        """Takes the head of a conversation's line in hand; None where there is nothing to send now."""
        while True:
            async with self._db.transaction() as conn:
                locked = await outbox.lock_head(conn, conversation)
                if locked is None:
                    return None
                head, due, lost = locked
                connector = self._channels.get(head.channel)
                again = connector is not None and connector.idempotent and not head.stale
                if lost and not again:
                    await outbox.mark(conn, head.message.key, "unknown", error="interrupted while it was being sent")
                elif head.stale and head.message.delivery == "queued":
                    await outbox.mark(conn, head.message.key, "dropped", error="a human has taken over")
                elif connector is None:
                    await outbox.mark(
                        conn, head.message.key, "failed", error=f"no channel {head.channel} is configured"
                    )
                elif due or lost:
                    await outbox.mark_sending(conn, head.message.key, SENDING)
                    return head, connector
                else:
                    return None
            self._bus.signal("feed")

    async def deliver(self, head: Head, connector: Connector) -> None:
        """Makes the call for a message in hand and writes down what came of it."""
        key = head.message.key
        try:
            sent = await asyncio.wait_for(connector.send(head.recipient, head.message), CALL_TIMEOUT)
        except DeliveryError as error:
            await self._undelivered(head.channel, key, error, head.attempts + 1)
        except TimeoutError:
            # It may have arrived. Only a platform that knows our ids may be asked again.
            if connector.idempotent:
                await self._undelivered(
                    head.channel, key, Transient("the platform did not answer in time"), head.attempts + 1
                )
            else:
                async with self._db.transaction() as conn:
                    await outbox.mark(conn, key, "unknown", error="the platform did not answer in time")
        else:
            async with self._db.transaction() as conn:
                await outbox.mark(conn, key, "sent", sent.external_id)
            metrics.DELIVERIES.labels(head.channel, "sent").inc()
        self._bus.signal("feed")

    async def _undelivered(self, channel: str, key: int, error: DeliveryError, attempt: int) -> None:
        verdict = retry.decide(error, attempt)
        async with self._db.transaction() as conn:
            if verdict.then == "again":
                await outbox.queue_again(conn, key, verdict.delay, str(error))
            else:
                await outbox.mark(conn, key, "failed", error=str(error))
        metrics.DELIVERIES.labels(channel, verdict.then).inc()

    async def drain(self, conversation: str) -> None:
        """Sends all that is due in one conversation's line."""
        while (taken := await self.take(conversation)) is not None:
            await self.deliver(*taken)

    async def due(self) -> list[str]:
        """Conversations in whose lines something is due."""
        async with self._db.connection() as conn:
            return await outbox.due(conn, 200)
