"""How fast Telegram lets a bot write: about one message a second to a chat, 20 a minute to a group, 30 a second in all.

Counted in this process; where several send, or a guess is wrong, Telegram says how long to wait. Whoever has to wait
long is told how long, and keeps the turn: so nobody who comes later passes them, however many wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from hub.errors import Transient

PATIENCE = 4.0
"""Seconds to wait for one's turn here; who has to wait longer is better back in the line."""

CHAT, GROUP, ALL = (1.0, 1), (4.0, 5), (1 / 20, 10)
"""Seconds between two messages, and how many may go at once: no minute of a group has more than 20 then, no second more
than 30 in all."""

MANY = 2000
"""Chats and turns that are remembered before those of the past are forgotten."""


class Line:
    """Lets `burst` go at once, and then one every `interval` seconds."""

    def __init__(self, interval: float, burst: int) -> None:
        self._interval = interval
        self._ahead = interval * (burst - 1)
        self.full_at = 0.0

    def take(self, now: float) -> float:
        """Takes the next turn; answers when it is."""
        turn = max(now, self.full_at - self._ahead)
        self.full_at = max(now, self.full_at) + self._interval
        return turn


class Pace:
    """Lets one message after the other go."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._all = Line(*ALL)
        self._chats: dict[str, Line] = {}
        self._kept: dict[str, float] = {}

    async def turn(self, chat: str, sender: str) -> bool:
        """Returns when a message to somebody in a chat may go; raises `Transient` where that would take too long.

        Answers whether it had to wait.
        """
        now = self._now()
        turn = self._kept.pop(sender, None)
        if turn is None:
            turn = max(self._of(chat, now).take(now), self._all.take(now))
        if turn - now > PATIENCE:
            self._kept[sender] = turn
            raise Transient("many messages at once for Telegram; they go one after the other", turn - now)
        await asyncio.sleep(max(0.0, turn - now))
        return turn > now

    def _of(self, chat: str, now: float) -> Line:
        if chat not in self._chats:
            if len(self._chats) + len(self._kept) >= MANY:
                self._chats = {name: line for name, line in self._chats.items() if line.full_at > now}
                self._kept = {name: turn for name, turn in self._kept.items() if turn > now - 60}
            self._chats[chat] = Line(*(GROUP if chat.startswith("-") else CHAT))
        return self._chats[chat]
