"""Pulls messages from WeCom. A callback only says that there are some: that is remembered, and acknowledged.

Of all processes one pulls an account, the one that holds its lease. It looks every second whether something is
remembered, and without that once a minute, in case a callback was lost. Where it goes on, the cursor, is stored after
the messages: what was pulled before a crash is pulled again, and known again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from functools import partial

import msgspec
from msgspec import Struct

from connectors.wecom.api import Api, Page
from connectors.wecom.errors import StaleToken
from connectors.wecom.settings import WeComSettings
from connectors.wecom.taking import Taking
from hub.alone import alone
from hub.ending import end
from hub.errors import DeliveryError, Transient
from hub.store import channel_state
from hub.store.db import AWAY, Connection, Database

log = logging.getLogger(__name__)

LOOK = 1.0
EVERY = 60.0
"""Seconds between two looks for callbacks, and after which messages are pulled without one."""

FRESH = 540.0
"""Seconds for which a callback's token is used; WeCom says ten minutes."""

LEEWAY = 60.0
"""Seconds by which the first message may be older than the callback that tells of it, and clocks may differ."""

_LONGEST_PAUSE = 30.0
_DUE, _CURSOR, _SINCE, _PULL = "due:", "cursor:", "since:", "pull:"


class Mark(Struct, frozen=True):
    """A callback: its token, and when it came. `key` tells it from any other."""

    token: str
    at: float
    key: str


class Pulling:
    """The accounts of one channel: those of the settings, or all that callbacks have named."""

    def __init__(self, settings: WeComSettings, db: Database, api: Api, taking: Taking) -> None:
        self._channel = settings.name
        self._accounts = settings.accounts
        self._db = db
        self._api = api
        self._taking = taking
        self._marks: dict[str, str] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._look = asyncio.Event()

    def serves(self, account: str) -> bool:
        """Whether an account is among those to be served."""
        return not self._accounts or account in self._accounts

    async def remember(self, account: str, token: str, created: float) -> None:
        """Remembers that there is something to pull; `created` is the callback's own time.

        The first one about an account says from when on its messages are ours: nobody is answered who has written to
        others before.
        """
        mark = msgspec.json.encode(Mark(token, time.time(), secrets.token_hex(8))).decode()
        async with self._db.transaction() as conn:
            await self._begin_at(conn, account, created)
            await channel_state.put(conn, self._channel, _DUE + account, mark)
        self._look.set()

    async def _begin_at(self, conn: Connection, account: str, now: float) -> None:
        if await channel_state.get(conn, self._channel, _CURSOR + account) is None:
            known = await channel_state.get(conn, self._channel, _SINCE + account)
            since = min(now - LEEWAY, float(known)) if known is not None else now - LEEWAY
            await channel_state.put(conn, self._channel, _SINCE + account, str(since))

    async def run(self) -> None:
        """Pulls, until it is cancelled."""
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                self._look.clear()
                with contextlib.suppress(*AWAY):
                    await self._see()
                for account in (*self._accounts, *self._marks):
                    if self.serves(account) and account not in tasks:
                        tasks[account] = asyncio.create_task(
                            alone(self._db, self._channel, _PULL + account, partial(self._keep_pulling, account))
                        )
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await self._look.wait()
        finally:
            await end(*tasks.values())

    async def _see(self) -> None:
        """Looks at what is remembered, and wakes whom it concerns."""
        async with self._db.connection() as conn:
            marks = await channel_state.beginning(conn, self._channel, _DUE)
        for account, mark in marks.items():
            if self._marks.get(account) != mark:
                self._marks[account] = mark
                self._wake(account).set()

    def _wake(self, account: str) -> asyncio.Event:
        return self._wakes.setdefault(account, asyncio.Event())

    async def _keep_pulling(self, account: str) -> None:
        wake, failures = self._wake(account), 0
        while True:
            wake.clear()
            pause = EVERY
            try:
                await self.pull(account)
                failures = 0
            except (DeliveryError, TimeoutError) as error:
                pause = min(_LONGEST_PAUSE, 2.0**failures)
                if isinstance(error, Transient) and error.retry_after is not None:
                    pause = error.retry_after
                failures += 1
                log.log(
                    logging.WARNING if failures == 1 else logging.INFO,
                    "%s: nothing could be pulled: %s",
                    self._channel,
                    error,
                )
                await asyncio.sleep(min(LOOK, pause))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await wake.wait()

    async def pull(self, account: str) -> None:
        """Pulls all that there is in an account."""
        async with self._db.transaction() as conn:
            mark = await channel_state.get(conn, self._channel, _DUE + account)
            await self._begin_at(conn, account, time.time())
            since = await channel_state.get(conn, self._channel, _SINCE + account)
            cursor = await channel_state.get(conn, self._channel, _CURSOR + account) or ""
        token = _fresh(mark)
        while True:
            page, token = await self._page(account, cursor, token)
            await self._taking.take(account, page.messages, float(since or 0))
            goes_on = page.more and page.cursor != cursor
            if page.cursor:
                cursor = page.cursor
                async with self._db.connection() as conn:
                    await channel_state.put(conn, self._channel, _CURSOR + account, cursor)
            if not goes_on:
                break
        if since is not None and cursor:  # what comes from now on is behind the cursor
            async with self._db.connection() as conn:
                await channel_state.put(conn, self._channel, _SINCE + account, None)
        await self._taking.introduce()

    async def _page(self, account: str, cursor: str, token: str) -> tuple[Page, str]:
        try:
            return await self._api.pull(account, cursor, token), token
        except StaleToken:
            if not token:
                raise
            return await self._api.pull(account, cursor, ""), ""


def _fresh(mark: str | None) -> str:
    """The token of a callback that came lately; empty without."""
    if mark is None:
        return ""
    known = msgspec.json.decode(mark, type=Mark)
    return known.token if time.time() - known.at < FRESH else ""
