"""How a platform is, looked at in the background: nothing waits for it, and it is found again when it is back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from hub.connector import Health
from hub.ending import end
from hub.errors import DeliveryError

log = logging.getLogger(__name__)

TIMEOUT = 10.0


class Watch:
    """Calls `check` at the start and then again and again, sooner while it fails.

    `check` answers a few words about the platform, and raises where it cannot be used; a `DeliveryError`'s own words
    are shown, of any other error only its kind (its words may hold an address with a token in it).
    """

    def __init__(
        self, channel: str, check: Callable[[], Awaitable[str]], *, every: float = 30.0, soonest: float = 1.0
    ) -> None:
        self._channel = channel
        self._check = check
        self._every = every
        self._soonest = soonest
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self.health = Health(False, "not reached yet")

    def start(self) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            await end(self._task)
            self._task = None

    def look_again(self) -> None:
        """Looks now: a call has just failed, or succeeded again."""
        self._woken.set()

    async def _watch(self) -> None:
        failures = 0
        while True:
            before = self.health
            self._woken.clear()
            self.health = await self._look()
            failures = 0 if self.health.ok else failures + 1
            if self.health.ok != before.ok or (failures == 1 and not self.health.ok):
                log.log(
                    logging.INFO if self.health.ok else logging.WARNING,
                    "%s: %s %s",
                    self._channel,
                    "reached" if self.health.ok else "cannot be used:",
                    self.health.detail,
                )
            pause = min(self._every, self._soonest * 2 ** min(failures - 1, 10)) if failures else self._every
            await asyncio.sleep(self._soonest)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, pause - self._soonest)):
                    await self._woken.wait()

    async def _look(self) -> Health:
        try:
            async with asyncio.timeout(TIMEOUT):
                return Health(True, await self._check())
        except DeliveryError as error:
            return Health(False, str(error))
        except TimeoutError:
            return Health(False, "does not answer")
        except Exception as error:  # noqa: BLE001 - whatever it is, the channel shows it and looks again
            return Health(False, type(error).__name__)
