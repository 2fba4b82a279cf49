"""Two bots, one of which stands in for the other."""

from __future__ import annotations

import logging
import time

from hub.errors import BotFailed, BotUnavailable
from hub.ports import Bot
from hub.types import BotReply, BotTurn

log = logging.getLogger(__name__)

PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds for which a bot that was away is not asked again, doubled each time: few should wait for one that hangs."""


class SteadyBot:
    """Asks the first bot, and the second one while the first is away."""

    def __init__(self, first: Bot, second: Bot) -> None:
        self._first = first
        self._second = second
        self._away_until = 0.0
        self._pause = PAUSE
        self._away = False
        self._asking = 0

    async def respond(self, turn: BotTurn) -> BotReply:
        """The first bot's reply, else the second's.

        Within a form only the first one knows what was asked: the error is passed on, and the turn tried again. One
        turn that it fails at says nothing about the others.
        """
        # While it is away, one turn at a time finds out whether it is back.
        if time.monotonic() >= self._away_until and not (self._away and self._asking):
            self._asking += 1
            try:
                reply = await self._first.respond(turn)
            except BotFailed as error:
                self._note(None)
                log.warning("turn %s: %s", turn.id, error)
                if turn.dialogue.form is not None:
                    raise
            except BotUnavailable as error:
                self._note(str(error))
                self._away_until = time.monotonic() + self._pause
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            else:
                self._note(None)
                return reply
            finally:
                self._asking -= 1
        if turn.dialogue.form is None:
            return await self._second.respond(turn)
        raise BotUnavailable(f"within {turn.dialogue.form}")

    async def ready(self) -> tuple[bool, str]:
        """How the first bot is."""
        return await self._first.ready()

    def _note(self, error: str | None) -> None:
        if error is not None and not self._away:
            log.warning("%s; what was trained stands in until it is back", error)
        elif error is None and self._away:
            log.info("the bot is back")
            self._pause = PAUSE
        self._away = error is not None
