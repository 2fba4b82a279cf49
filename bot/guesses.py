"""How often somebody may be wrong about an order number or a contact, over all conversations and processes."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable

from redis import asyncio as redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

ALLOWED = 5
WITHIN = 3600
"""So many wrong tries in so many seconds, for one order number and for one contact."""

_MANY = 10_000
_AWAY = (RedisError, OSError, TimeoutError)


class Guesses:
    """Counts in Redis; while that is away, and where there is none, in this process."""

    def __init__(self, url: str | None) -> None:
        self._redis = redis.from_url(url, socket_connect_timeout=0.3, socket_timeout=0.3) if url else None
        self._here: dict[str, tuple[int, float]] = {}

    async def stop(self) -> None:
        """Closes the connections."""
        if self._redis is not None:
            await self._redis.aclose()

    async def spend(self, keys: Iterable[str]) -> bool:
        """A try begins; False where there were too many. It counts as wrong until it is given back.

        A refused try counts for none of its keys: who has used up one key cannot go on to lock others with it. What
        remains: whoever knows somebody's order number or contact can use it up with `ALLOWED` wrong tries, and the
        owner has to ask a person until `WITHIN` seconds are over. That is the price of there being an end to guessing.
        """
        counted: list[str] = []
        for key in keys:
            counted.append(key)
            if await self._add(key, 1) > ALLOWED:
                await self.give_back(counted)
                return False
        return True

    async def give_back(self, keys: Iterable[str]) -> None:
        """The try was no wrong guess."""
        for key in keys:
            await self._add(key, -1)

    async def _add(self, key: str, number: int) -> int:
        name = "parley:guesses:" + hashlib.sha256(key.encode()).hexdigest()
        if self._redis is not None:
            try:
                async with self._redis.pipeline(transaction=True) as steps:
                    steps.set(name, 0, ex=WITHIN, nx=True)
                    steps.incrby(name, number)
                    return int((await steps.execute())[-1])
            except _AWAY as error:
                log.warning("Redis is away (%s); guesses are counted in this process", type(error).__name__)
        return self._add_here(name, number)

    def _add_here(self, name: str, number: int) -> int:
        now = time.monotonic()
        if len(self._here) > _MANY:
            self._here = {key: seen for key, seen in self._here.items() if seen[1] > now}
        count, until = self._here.get(name, (0, 0.0))
        if until <= now:
            count, until = 0, now + WITHIN
        self._here[name] = (count + number, until)
        return count + number
