"""A mailbox that is read for ever, by one process at a time, however often its server is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from connectors.mail.imap import Session
from connectors.mail.oauth import AccessTokens
from connectors.mail.reading import Reading, Take
from connectors.mail.settings import Imap, MailSettings
from hub.alone import alone
from hub.errors import AuthFailed, DeliveryError
from hub.store.db import AWAY, Database

log = logging.getLogger(__name__)

SOONEST, SLOWEST = 1.0, 30.0
"""Seconds until a mailbox that cannot be read is tried again."""


class Mailbox:
    """One mailbox. `trouble` is why it cannot be read now; `reading`: this process reads it."""

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
        self.imap = imap
        self.trouble: str | None = None
        self.reading = False

    async def run(self) -> None:
        """Goes on until it is cancelled, whenever no other process does it."""
        await alone(self._db, self._settings.name, f"reading {self.imap.key}", self._read)

    async def _read(self) -> None:
        wait = SOONEST
        try:
            while True:
                await self._until_it_fails()
                wait = SOONEST if self.reading else min(SLOWEST, wait * 2)
                self.reading = False
                await asyncio.sleep(wait)
        finally:
            self.reading, self.trouble = False, None

    async def _until_it_fails(self) -> None:
        session, thread = Session(self.imap), ThreadPoolExecutor(1, f"mail-{self._settings.name}")
        reading = Reading(self._settings, self.imap, self._db, session, thread, self._take, self._failures)
        try:
            await reading.run(await self._access_token(), self._fine)
        except DeliveryError as error:
            self._forget(error)
            self._fails(str(error))
        except AWAY as error:
            self._fails(f"the database is away ({type(error).__name__})")
        except Exception:
            log.exception("%s: reading %s has failed", self._settings.name, self.imap.host)
            self._fails("an error of ours while reading; see the log")
        finally:
            session.end()
            thread.shutdown(wait=False, cancel_futures=True)

    async def _access_token(self) -> str | None:
        return await self._tokens.get(self.imap.oauth2) if self.imap.oauth2 is not None else None

    def _forget(self, error: DeliveryError) -> None:
        if isinstance(error, AuthFailed) and self.imap.oauth2 is not None:
            self._tokens.forget(self.imap.oauth2)

    def _fine(self) -> None:
        changed, self.trouble, self.reading = not self.reading or self.trouble is not None, None, True
        if changed:
            self._changed()

    def _fails(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("%s: %s: %s", self._settings.name, self.imap.host, trouble)
        self.trouble = trouble
        self._changed()
