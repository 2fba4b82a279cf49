"""Asking Telegram for what has come in, again and again; one process does it for all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from connectors.telegram.client import Api, words
from connectors.telegram.updates import KINDS, Raw
from hub.alone import alone
from hub.errors import DeliveryError, InvalidRequest, Transient
from hub.store import channel_state
from hub.store.db import Database

log = logging.getLogger(__name__)

LONGEST = 25
"""Seconds that Telegram holds a question open while there is nothing to say."""

KEPT = 24 * 3600
"""Seconds for which Telegram keeps an update that nobody has taken."""


class Polling:
    """Reads a bot's updates one after the other. `trouble` is why that does not succeed now.

    The number of the next update (`offset`) is Telegram's receipt for all before it. It is stored once they are, given
    once, and then forgotten: after a quiet week the numbers begin anew anywhere, and none may be taken for an old one.
    What comes twice, the hub knows by the message's own number.
    """

    def __init__(
        self,
        channel: str,
        api: Api,
        db: Database,
        take: Callable[[Raw], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        """`take` stores an update; `changed` is called when there is trouble, and when it is over."""
        self._channel = channel
        self._api = api
        self._db = db
        self._take = take
        self._changed = changed
        self.trouble: str | None = None

    async def run(self) -> None:
        """Goes on until it is cancelled, whenever no other process does it."""
        await alone(self._db, self._channel, "polling", self._poll)

    async def _poll(self) -> None:
        await self._without_webhook()
        offset = await self._recall()
        while True:
            try:
                # After trouble a short question shows soonest that it is over.
                updates = await self._api.updates(offset, LONGEST if self.trouble is None else 1, KINDS)
            except (DeliveryError, TimeoutError) as error:
                await self._pause(error)
                continue
            self._say(None)
            if not updates and offset is not None:
                offset = None
                await self._remember(None)
            for update in updates:
                offset = await self._stored(update, offset)

    async def _stored(self, update: Raw, offset: int | None) -> int | None:
        """Takes one update in; answers the receipt for it, and for all before it."""
        number = update.get("update_id")
        try:
            await self._take(update)
        except InvalidRequest as error:
            log.warning("%s: an update was left out: %s", self._channel, error)
        if not isinstance(number, int):
            return offset
        await self._remember(number + 1)
        return number + 1

    async def _remember(self, offset: int | None) -> None:
        value = None if offset is None else f"{offset} {int(time.time())}"
        async with self._db.connection() as conn:
            await channel_state.put(conn, self._channel, "offset", value)

    async def _recall(self) -> int | None:
        """The receipt that has perhaps not been given; after a day there is nothing left to be received."""
        async with self._db.connection() as conn:
            stored = await channel_state.get(conn, self._channel, "offset")
        offset, _, at = (stored or "").partition(" ")
        return int(offset) if at and time.time() - int(at) < KEPT else None

    async def _without_webhook(self) -> None:
        """Telegram answers no question while it has a webhook to call."""
        try:
            await self._api.call("deleteWebhook", bool, {"drop_pending_updates": False})
        except (DeliveryError, TimeoutError) as error:
            await self._pause(error)  # if that matters, the questions say so, too

    async def _pause(self, error: DeliveryError | TimeoutError) -> None:
        if self.trouble is None:
            log.warning("%s: %s", self._channel, words(error))
        self._say(words(error))
        wait = error.retry_after if isinstance(error, Transient) else None
        await asyncio.sleep(min(30.0, wait if wait is not None else 3.0))

    def _say(self, trouble: str | None) -> None:
        if (trouble is None) != (self.trouble is None):
            self.trouble = trouble
            self._changed()
        self.trouble = trouble
