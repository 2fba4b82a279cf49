"""Log-ins of the people who work here: passwords, tokens, and how often somebody may guess."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import ceil

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.errors import Unauthenticated
from hub.http import Problem
from hub.store import users
from hub.store.db import Database
from hub.types import Agent

LASTS = timedelta(days=14)
_REMEMBERED = 3.0  # seconds for which a token is not looked up again
_MANY = 10_000


class Passwords:
    """Hashes and checks passwords in threads of its own: each takes tens of milliseconds and 64 MiB, so few at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(2, "passwords")
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether this is the password. Takes as long where there is none to compare with."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._fits, kept, password)

    def _fits(self, kept: str | None, password: str) -> bool:
        try:
            self._hasher.verify(kept or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


class Guesses:
    """How often a wrong password may be tried: buckets of tokens, of which each failure costs one."""

    def __init__(self, size: int, refill: float) -> None:
        """`size` failures at once, and one more each `refill` seconds."""
        self._size = size
        self._refill = refill
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, key: str) -> float:
        """Seconds until the next try is allowed; 0: now."""
        return max(0.0, (1 - self._left(key)) * self._refill)

    def spend(self, key: str) -> None:
        """A try begins."""
        if len(self._buckets) > _MANY:
            self._buckets = {k: b for k, b in self._buckets.items() if self._left(k) < self._size}
        self._buckets[key] = (self._left(key) - 1, time.monotonic())

    def give_back(self, key: str) -> None:
        """It was no guess."""
        self._buckets[key] = (min(self._size, self._left(key) + 1), time.monotonic())

    def _left(self, key: str) -> float:
        left, at = self._buckets.get(key, (float(self._size), 0.0))
        return min(self._size, left + (time.monotonic() - at) / self._refill)


class Auth:
    """Who somebody is, by password or by token."""

    def __init__(self, db: Database, passwords: Passwords) -> None:
        self._db = db
        self._passwords = passwords
        self._known: dict[str, tuple[Agent, float]] = {}
        # One guesser at one account; one guesser at many; many guessers at one account.
        self._limits = (Guesses(10, 10.0), Guesses(50, 2.0), Guesses(200, 1.0))

    async def login(self, email: str, password: str, address: str) -> tuple[str, Agent]:
        """A new token; raises `Unauthenticated`, or a `Problem` after too many wrong guesses."""
        email = normal(email)
        keys = (f"{address} {email}", address, email)
        self._spend(keys)
        async with self._db.connection() as conn:
            found = await users.with_password(conn, email)
        if not await self._passwords.fits(found[1] if found else None, password) or found is None:
            raise Unauthenticated("the address or the password is wrong")
        for limit, key in zip(self._limits, keys, strict=True):
            limit.give_back(key)
        token = secrets.token_urlsafe(32)
        async with self._db.transaction() as conn:
            await users.add_login(conn, _hash(token), found[0].id, LASTS)
        return token, found[0]

    async def logout(self, token: str) -> None:
        """The token is worth nothing from now on (in other processes: within seconds)."""
        self._known.pop(_hash(token), None)
        async with self._db.connection() as conn:
            await users.remove_login(conn, _hash(token))

    async def agent(self, token: str) -> Agent | None:
        """Whose token this is; None where it is nobody's."""
        key, now = _hash(token), time.monotonic()
        agent, until = self._known.get(key, (None, 0.0))
        if agent is not None and now < until:
            return agent
        async with self._db.connection() as conn:
            agent = await users.by_login(conn, key)
        if len(self._known) > _MANY:
            self._known.clear()
        if agent is None:
            self._known.pop(key, None)
        else:
            self._known[key] = (agent, now + _REMEMBERED)
        return agent

    def _spend(self, keys: Sequence[str]) -> None:
        wait = max(limit.wait(key) for limit, key in zip(self._limits, keys, strict=True))
        if wait > 0:
            seconds = ceil(wait)
            raise Problem(
                429,
                "Too many attempts",
                f"too many wrong passwords; try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )
        for limit, key in zip(self._limits, keys, strict=True):
            limit.spend(key)


def normal(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
