"""Fetches the files that platforms keep for us, as soon as the messages that name them are stored."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from hub import retry
from hub.bus import Bus
from hub.connector import Channels, File
from hub.errors import DeliveryError, Rejected, Transient, Unsupported
from hub.store import attachments, messages
from hub.store.attachments import Awaited
from hub.store.db import AWAY, Database, storable
from hub.types import Attachment

log = logging.getLogger(__name__)

MAX_FILE = 25 * 2**20
"""Bytes; what platforms deliver to bots is smaller."""

TIMEOUT = 60.0
LEASE = 90.0
"""Seconds after which another worker takes up what one that died had in hand."""


class Fetching:
    """Works through the files that are awaited."""

    def __init__(self, db: Database, bus: Bus, channels: Channels) -> None:
        self._db = db
        self._bus = bus
        self._channels = channels

    async def due(self) -> list[str]:
        """Files to be fetched now."""
        async with self._db.connection() as conn:
            return await attachments.due(conn, 200)

    async def fetch(self, id: str) -> None:
        """Fetches one file, if it is due."""
        async with self._db.connection() as conn:
            wanted = await attachments.take(conn, id, LEASE)
        if wanted is None:
            return
        try:
            file = await self._from_platform(wanted)
        except DeliveryError as error:
            await self._missed(wanted, error)
        except TimeoutError:
            await self._missed(wanted, Transient("the platform did not answer in time"))
        except AWAY as error:
            await self._missed(wanted, Transient(f"it could not be fetched ({type(error).__name__})"))
        except Exception:  # a mistake of ours; it is not to be made again and again for ever
            log.exception("%s: a file could not be fetched", wanted.channel)
            await self._missed(wanted, Transient("an error of ours while it was being fetched; see the log"))
        else:
            await self._store(wanted, file)

    async def _from_platform(self, wanted: Awaited) -> File:
        connector = self._channels.get(wanted.channel)
        if connector is None:
            raise Unsupported(f"no channel {wanted.channel} is configured")
        async with asyncio.timeout(TIMEOUT):
            file = await connector.fetch(wanted.handle)
        if len(file.data) > MAX_FILE:
            raise Rejected(f"larger than {MAX_FILE // 2**20} MB")
        return file

    async def _store(self, wanted: Awaited, file: File) -> None:
        name, type = storable(file.name or wanted.file.name), storable(file.type or wanted.file.type)
        now = Attachment(wanted.file.id, name, type, len(file.data), "stored")
        async with self._db.transaction() as conn:
            if await attachments.came(conn, now, file.data):
                await messages.replace_files(conn, wanted.message, {now.id: now})
        self._tell(wanted)

    async def _missed(self, wanted: Awaited, error: DeliveryError) -> None:
        verdict = retry.decide(error, wanted.attempt)
        async with self._db.transaction() as conn:
            if verdict.then == "again":
                await attachments.put_off(conn, wanted.file.id, verdict.delay, str(error))
            elif await attachments.lose(conn, wanted.file.id, str(error)):
                gone = msgspec.structs.replace(wanted.file, state="lost", error=str(error))
                await messages.replace_files(conn, wanted.message, {gone.id: gone})
        log.warning("%s: a file could not be fetched at attempt %d: %s", wanted.channel, wanted.attempt, error)
        self._tell(wanted)

    def _tell(self, wanted: Awaited) -> None:
        self._bus.signal("stream", str(wanted.stream))
        self._bus.signal("feed")
