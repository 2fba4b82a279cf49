"""How fast Telegram lets a bot write: about one message a second to a chat, 20 a minute to a group, 30 a second in all.

Counted in this process; where several send, or a guess is wrong, Telegram says how long to wait.
"""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

from hub.errors import Transient

PATIENCE = 4.0
"""Seconds to wait for one's turn here; who would have to wait longer is better back in the line."""

MANY = 2000
"""Chats that are remembered before those that have been quiet are forgotten."""


class Pace:
    """Lets one message after the other go."""

    def __init__(self) -> None:
        # A limiter lets `max_rate` go at once and as many again in its span: together they are what is allowed.
        self._all = AsyncLimiter(10, 0.5)
        self._chats: dict[str, AsyncLimiter] = {}

    async def turn(self, chat: str) -> None:
        """Returns when a message to the chat may go; raises `Transient` where that would take too long."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._of(chat).acquire()
                await self._all.acquire()
        except TimeoutError:
            raise Transient("many messages at once for Telegram; they go one after the other", PATIENCE) from None

    def _of(self, chat: str) -> AsyncLimiter:
        if chat not in self._chats:
            if len(self._chats) >= MANY:
                busy = {name: one for name, one in self._chats.items() if not one.has_capacity(one.max_rate)}
                self._chats = busy
            self._chats[chat] = AsyncLimiter(5, 20) if chat.startswith("-") else AsyncLimiter(1, 1)
        return self._chats[chat]
