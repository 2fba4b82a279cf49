"""How fast we write: Slack takes about one message a second in each channel."""

from __future__ import annotations

import asyncio

from hub.errors import Transient

INTERVAL = 1.0
"""Seconds between two messages in one channel."""

PATIENCE = 8.0
"""Seconds that a message waits here; who would have to wait longer comes back later."""


class Pace:
    """When the next message may go into each channel."""

    def __init__(self) -> None:
        self._free: dict[str, float] = {}

    async def turn(self, channel: str) -> None:
        """Waits until it is one's turn; raises `Transient` where that takes too long."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._free.get(channel, now))
        if at - now > PATIENCE:
            raise Transient("many messages wait for this channel", at - now)
        if len(self._free) > 1000:
            self._free = {busy: until for busy, until in self._free.items() if until > now}
        self._free[channel] = at + INTERVAL
        await asyncio.sleep(at - now)

    def pause(self, channel: str, seconds: float) -> None:
        """Slack has said to wait so long with this channel."""
        until = asyncio.get_running_loop().time() + seconds
        self._free[channel] = max(self._free.get(channel, until), until)
