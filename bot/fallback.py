"""What stands in while Rasa is away: small, and certain of what it does."""

from __future__ import annotations

import logging
import re
import time

from hub.errors import BotUnavailable
from hub.ports import Bot
from hub.types import BotReply, BotTurn, Handoff, Say, Search

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds for which a bot that was away is not asked again, so that nobody waits for one that hangs."""

_HUMAN = re.compile(
    r"人工|真人|转人|活人|客服(?:人员|小姐|专员)|找(?:个|一个)?人|rengong|"
    r"\b(?:human|agent|operator|representative|(?:real|live|actual) person|"
    r"(?:talk|speak|chat|connect me|put me through)\b.{0,12}\b(?:someone|somebody|person|staff|support))\b",
    re.IGNORECASE,
)
_GREETING = re.compile(r"^\W*(?:你好|您好|嗨|哈喽|在吗|早上好|下午好|晚上好|hi|hello|hey)\W*$", re.IGNORECASE)
_THANKS = re.compile(r"^\W*(?:谢谢|多谢|感谢|thanks?|thank you|thx)\W*(?:你|您|了|very much|a lot)?\W*$", re.IGNORECASE)

_WORDS = {
    "greeting": {"zh": "您好！请问有什么可以帮您？", "en": "Hello! What can I help you with?"},
    "thanks": {"zh": "不客气！", "en": "You are welcome!"},
}


class OfflineBot:
    """Recognises the wish for a human, a greeting and thanks; everything else is searched."""

    async def respond(self, turn: BotTurn) -> BotReply:
        """The reply; there always is one."""
        if _HUMAN.search(turn.text):
            return BotReply(effects=(Handoff("asked"),))
        if _GREETING.match(turn.text):
            return BotReply(effects=(Say(_WORDS["greeting"][turn.language]),))
        if _THANKS.match(turn.text):
            return BotReply(effects=(Say(_WORDS["thanks"][turn.language]),))
        return BotReply(effects=(Search(),))

    async def ready(self) -> tuple[bool, str]:
        """Always."""
        return True, ""


class SteadyBot:
    """Asks the first bot, and the second one while the first is away."""

    def __init__(self, first: Bot, second: Bot) -> None:
        self._first = first
        self._second = second
        self._away_until = 0.0
        self._away = False

    async def respond(self, turn: BotTurn) -> BotReply:
        """The first bot's reply, else the second's."""
        if time.monotonic() >= self._away_until:
            try:
                reply = await self._first.respond(turn)
            except BotUnavailable as error:
                self._note(str(error))
                self._away_until = time.monotonic() + PAUSE
            else:
                self._note(None)
                return reply
        return await self._second.respond(turn)

    async def ready(self) -> tuple[bool, str]:
        """How the first bot is."""
        return await self._first.ready()

    def _note(self, error: str | None) -> None:
        if error is not None and not self._away:
            log.warning("%s; the knowledge base answers alone until it is back", error)
        elif error is None and self._away:
            log.info("the bot is back")
        self._away = error is not None
