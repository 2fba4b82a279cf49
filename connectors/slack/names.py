"""What people are called. Slack's events do not say it, so it is asked beside, and nobody waits for it."""

from __future__ import annotations

import asyncio
import logging

from connectors.slack.api import SlackApi
from hub.core import Core
from hub.ending import end
from hub.errors import DeliveryError, Transient
from hub.store.db import AWAY

log = logging.getLogger(__name__)

_MOST = 10_000
_WAITING = 1_000


class Names:
    """`known` are the names that this process has heard."""

    def __init__(self, channel: str, core: Core, api: SlackApi) -> None:
        self.known: dict[str, str] = {}
        self._channel = channel
        self._core = core
        self._api = api
        self._wanted: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_WAITING)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to ask."""
        self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            await end(self._task)

    def learn(self, user: str, sender: str) -> None:
        """Asks who has just written as `sender`, unless that is known. With many to ask it is left for another time."""
        if user not in self.known and not self._wanted.full():
            self._wanted.put_nowait((user, sender))

    async def _ask(self) -> None:
        while True:
            user, sender = await self._wanted.get()
            if user in self.known:
                continue
            try:
                found = await self._api.user(user)
                if len(self.known) >= _MOST:
                    self.known.clear()
                self.known[user] = found.name
                facts = {"name": found.name, "email": found.email or ""}
                await self._core.people.describe(
                    self._channel, sender, {name: fact for name, fact in facts.items() if fact}
                )
            except (DeliveryError, *AWAY) as error:
                log.info("%s: somebody's name could not be learned: %s", self._channel, type(error).__name__)
                if isinstance(error, Transient) and error.retry_after is not None:
                    await asyncio.sleep(error.retry_after)
            except Exception:
                log.exception("%s: somebody's name could not be learned", self._channel)
