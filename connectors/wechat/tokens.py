"""The access token: got by one process, shared by all through the database, and got anew before it expires."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from hub.errors import Transient
from hub.store import channel_state
from hub.store.db import AWAY, Database

_KEY = "access_token"
_LEASE = 20.0
"""Seconds after which another process gets the token, should this one die over it."""

_PATIENCE = 8.0
_MARGIN = 300.0
"""Seconds by which a token is got anew before it expires; less where it lives shortly."""


class Token(Struct, frozen=True):
    """A token, for whom it is, and until when it is to be used."""

    account: str
    token: str
    until: float


Fetch = Callable[[bool], Awaitable[tuple[str, float]]]
"""Asks the platform for a token and its seconds; True: for another one than it gave last."""


class Tokens:
    """The token of one account."""

    def __init__(self, db: Database, channel: str, account: str, fetch: Fetch) -> None:
        self._db = db
        self._channel = channel
        self._account = account
        self._fetch = fetch
        self._holder = uuid.uuid4().hex
        self._lock = asyncio.Lock()
        self._known: Token | None = None

    async def get(self, refused: str | None = None) -> str:
        """A token that can be used: not `refused`, which the platform has just called wrong.

        Raises `Transient` where another process takes too long over it, or the database is away.
        """
        if (token := self._usable(self._known, refused)) is not None:
            return token
        try:
            async with asyncio.timeout(_PATIENCE), self._lock:
                while (token := await self._shared(refused)) is None:
                    await asyncio.sleep(0.1)
                return token
        except AWAY as error:
            raise Transient(f"no access token could be got in time ({type(error).__name__})") from error

    async def _shared(self, refused: str | None) -> str | None:
        """The token that all processes use; None while another one is getting it."""
        async with self._db.connection() as conn:
            self._known = _read(await channel_state.get(conn, self._channel, _KEY))
            if (token := self._usable(self._known, refused)) is not None:
                return token
            if not await channel_state.acquire(conn, self._channel, _KEY, self._holder, _LEASE):
                return None
        try:
            async with self._db.connection() as conn:  # somebody may have got it just before
                self._known = _read(await channel_state.get(conn, self._channel, _KEY))
            return self._usable(self._known, refused) or await self._renew(refused)
        finally:
            with contextlib.suppress(*AWAY):
                async with self._db.connection() as conn:
                    await channel_state.give_up(conn, self._channel, _KEY, self._holder)

    async def _renew(self, refused: str | None) -> str:
        token, seconds = await self._fetch(False)
        if token == refused:
            token, seconds = await self._fetch(True)
        self._known = Token(self._account, token, time.time() + seconds - min(_MARGIN, seconds / 10))
        async with self._db.connection() as conn:
            await channel_state.put(conn, self._channel, _KEY, msgspec.json.encode(self._known).decode())
        return token

    def _usable(self, known: Token | None, refused: str | None) -> str | None:
        if known is None or known.account != self._account or known.token == refused or known.until <= time.time():
            return None
        return known.token


def _read(value: str | None) -> Token | None:
    try:
        return msgspec.json.decode(value, type=Token) if value else None
    except msgspec.MsgspecError:  # of another version
        return None
