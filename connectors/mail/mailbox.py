"""A mailbox that is read for ever, by one process at a time, however often its server is away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from connectors.mail.imap import Session
from connectors.mail.oauth import AccessTokens
from connectors.mail.reading import Reading, Take
from connectors.mail.settings import Imap, MailSettings
from hub.alone import alone
from hub.errors import AuthFailed, DeliveryError
from hub.store import channel_state
from hub.store.db import AWAY, Database

log = logging.getLogger(__name__)

SOONEST, SLOWEST = 1.0, 30.0
"""Seconds until a mailbox that cannot be read is tried again."""


class Mailbox:
    """One mailbox, read by this process or by another. Why it cannot be read is written down for all of them."""

    def __init__(
        self,
        settings: MailSettings,
        imap: Imap,
        db: Database,
        tokens: AccessTokens,
        take: Take,
        changed: Callable[[], None],
    ) -> None:
        """`take` stores a mail; `changed` is called when there is trouble, and when it is over."""
        self._settings = settings
        self._db = db
        self._tokens = tokens
        self._take = take
        self._changed = changed
        self._failures: dict[int, int] = {}
        self._imap = imap
        self._here: str | None = None
        """Why this process cannot read it; nothing where it can, None while it does not try."""
        self._key = f"reading {imap.key}"
        self._was_well = False

    async def run(self) -> None:
        """Goes on until it is cancelled, whenever no other process does it."""
        await alone(self._db, self._settings.name, self._key, self._read)

    async def trouble(self) -> str:
        """Why it cannot be read, here or where it is read; nothing where all is well."""
        if self._here is not None:
            return self._here
        try:
            async with self._db.connection() as conn:
                said = await channel_state.get(conn, self._settings.name, self._key)
        except AWAY as error:
            return f"the database is away ({type(error).__name__})"
        return "IMAP: the mailbox has not been read yet" if said is None else said

    async def _read(self) -> None:
        wait = SOONEST
        try:
            while True:
                self._was_well = False
                await self._until_it_fails()
                wait = SOONEST if self._was_well else min(SLOWEST, wait * 2)
                await asyncio.sleep(wait)
        finally:
            self._here = None

    async def _until_it_fails(self) -> None:
        session, thread = Session(self._imap), ThreadPoolExecutor(1, f"mail-{self._settings.name}")
        reading = Reading(self._settings, self._imap, self._db, session, thread, self._take, self._failures)
        try:
            await reading.run(await self._access_token(), self._well)
        except DeliveryError as error:
            self._forget(error)
            await self._fails(str(error))
        except AWAY as error:
            await self._fails(f"the database is away ({type(error).__name__})")
        except Exception:
            log.exception("%s: reading %s has failed", self._settings.name, self._imap.host)
            await self._fails("an error of ours while reading; see the log")
        finally:
            session.end()
            thread.shutdown(wait=False, cancel_futures=True)

    async def _access_token(self) -> str | None:
        return await self._tokens.get(self._imap.oauth2) if self._imap.oauth2 is not None else None

    def _forget(self, error: DeliveryError) -> None:
        if isinstance(error, AuthFailed) and self._imap.oauth2 is not None:
            self._tokens.forget(self._imap.oauth2)

    async def _well(self) -> None:
        self._was_well = True
        if self._here != "":
            await self._write_down("")

    async def _fails(self, trouble: str) -> None:
        if trouble != self._here:
            log.warning("%s: %s: %s", self._settings.name, self._imap.host, trouble)
            with contextlib.suppress(*AWAY):
                await self._write_down(trouble)

    async def _write_down(self, trouble: str) -> None:
        """For all processes, beside the lease of the one that reads."""
        try:
            async with self._db.connection() as conn:
                await channel_state.put(conn, self._settings.name, self._key, trouble)
        finally:
            self._here = trouble
            self._changed()
