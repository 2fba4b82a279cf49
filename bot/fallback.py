"""What stands in while Rasa is away: small, and certain of what it does."""

from __future__ import annotations

import logging
import re
import time

from hub.errors import BotUnavailable
from hub.ports import Bot
from hub.types import BotReply, BotTurn, Effect, Handoff, Language, Say, Search, TakeBack

log = logging.getLogger(__name__)

PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds for which a bot that was away is not asked again, doubled each time: few should wait for one that hangs."""

PATIENCE = 60.0
"""Seconds that somebody in a form waits for the bot before a human gets them; it starts within a few."""

_TAKE_BACK = re.compile(
    r"(?<![能再是可会要])(?:不|别|取消|撤销|退出).{0,3}(?:转|人工|真人|排队)|"
    r"\b(?:no|cancel|forget|(?:no longer|don'?t|do not) (?:need|want))(?: about)?(?: an?| the| any)? "
    r"(?:human|agent|person)\b(?! please)",
    re.IGNORECASE,
)
_WHO_ARE_YOU = re.compile(
    r"(?:你|您|对面|这)是.{0,3}(?:真人|机器|人工|人吗|谁)|是真人|真人还是|在[和跟]真人|"
    r"\b(?:are|r) (?:you|u)\b.{0,20}\b(?:human|robot|bot|person|real|machine)|\bam i (?:talking|speaking|chatting)\b",
    re.IGNORECASE,
)
_ABOUT_THEM = re.compile(
    r"人工(?:费|智能)|人工.*(?:几点|时间|多久|晚上|上班)|"
    r"\b(?:hours|how (?:late|long)|when)\b.*\bagents?\b|\bagents?\b.*\bhours\b",
    re.IGNORECASE,
)
_HUMAN = re.compile(
    r"人工|真人|活人|rengong|zhuan ?ren|ren ?gong|(?:找|换|来|安排).{0,2}人|(?:找|联系|叫|要|位)客服|"
    r"[叫喊]个?人来|找你们(?:领导|老板)|老板出来|坐席|专员|(?:跟|和).{0,4}客服.{0,2}(?:说|聊|通话)|(?:有没有|个)客服|"
    r"经理|主管|领导来|转agent|real person|工作人员|(?:客服|人)(?:给我打|联系我|来联系)|(?:不要|不想[跟和])机器人|"
    r"human|\b(?:operator|representative|supervisor|manager|boss|live chat|real one|(?:real|live) (?:person|agent))\b|"
    r"\b(?:talk|speak|chat|connect|transfer|put|get|give|want|need|like)\b.{0,25}\b(?:agent|someone|somebody|anybody|person|"
    r"people|staff|colleagues?|employee|team|customer (?:service|care|support)|support)\b|"
    r"\b(?:some(?:one|body)|anybody).{0,25}\b(?:talk|speak|call|contact)\b|\bcall me back\b|"
    r"\b(?:hand|pass|forward|redirect)\b.{0,20}\b(?:agent|person|staff)\b|^\W*(?:transfer|connect) me\W*$|"
    r"\bput me through\b|"
    r"^\W*(?:(?:an?|live|customer) )?(?:agents?|staff|person|service|support)\W*(?:please|pls|plz|now)?\W*$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\W*(?:(?:你们?|您|大家)好|嗨|嘿|哈[喽啰]|在[吗不么]*|(?:早上?|上午|下午|晚上)好?|"
    r"hi|hello|hey|good (?:morning|afternoon|evening))\W*(?:啊|呀|there|everyone)?\W*$",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\W*(?:好的|解决了|ok(?:ay)?|great|perfect)?\W*(?:非常|十分|太|many)?\W*"
    r"(?:谢谢|谢|多谢|感谢|辛苦|thanks?|thank (?:you|u)|thx)\W*(?:你|您|了|啦|very much|so much|a lot)*\W*$",
    re.IGNORECASE,
)

_PUNCTUATION = re.compile(r"[^\w\s]+")
_LOOKED_AT, _SHORT = 300, 40  # characters

_WORDS = {
    "greeting": {"zh": "您好！请问有什么可以帮您？", "en": "Hello! What can I help you with?"},
    "thanks": {"zh": "不客气！", "en": "You are welcome!"},
    "who": {
        "zh": "我是机器人，不是真人。需要真人时，说“人工”就行。",
        "en": "I am a bot, not a person. If you would rather have a person, just say “agent”.",
    },
}


class OfflineBot:
    """Recognises the wish for a human, a greeting and thanks; everything else is searched."""

    async def respond(self, turn: BotTurn) -> BotReply:
        """The reply; there always is one."""
        return BotReply(effects=(_effect(turn.text, turn.language),))

    async def ready(self) -> tuple[bool, str]:
        """Always."""
        return True, ""


def _effect(text: str, language: Language) -> Effect:
    # The patterns look back and forth: on a long text, or a long row of exclamation marks, that would take for ever.
    text = text[:_LOOKED_AT]
    if _TAKE_BACK.search(text):
        return TakeBack()
    if _WHO_ARE_YOU.search(text):
        return Say(_WORDS["who"][language])
    if _HUMAN.search(text) and not _ABOUT_THEM.search(text):
        return Handoff("asked")
    short = _PUNCTUATION.sub("!", text.strip())
    if len(short) <= _SHORT and _GREETING.match(short):
        return Say(_WORDS["greeting"][language])
    if len(short) <= _SHORT and _THANKS.match(short):
        return Say(_WORDS["thanks"][language])
    return Search()


class SteadyBot:
    """Asks the first bot, and the second one while the first is away."""

    def __init__(self, first: Bot, second: Bot) -> None:
        self._first = first
        self._second = second
        self._away_until = 0.0
        self._pause = PAUSE
        self._away = False
        self._away_since = 0.0
        self._asking = 0

    async def respond(self, turn: BotTurn) -> BotReply:
        """The first bot's reply, else the second's.

        Within a form only the first one knows what was asked: `BotUnavailable` is passed on, and the turn tried again;
        a human gets it where that one stays away.
        """
        # While it is away, one turn at a time finds out whether it is back.
        if time.monotonic() >= self._away_until and not (self._away and self._asking):
            self._asking += 1
            try:
                reply = await self._first.respond(turn)
            except BotUnavailable as error:
                self._note(str(error))
                self._away_until = time.monotonic() + self._pause
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            else:
                self._note(None)
                self._pause = PAUSE
                return reply
            finally:
                self._asking -= 1
        if turn.dialogue.form is None:
            return await self._second.respond(turn)
        if time.monotonic() - self._away_since > PATIENCE:
            return BotReply(effects=(Handoff("bot_unavailable"),))
        raise BotUnavailable(f"within {turn.dialogue.form}")

    async def ready(self) -> tuple[bool, str]:
        """How the first bot is."""
        return await self._first.ready()

    def _note(self, error: str | None) -> None:
        if error is not None and not self._away:
            log.warning("%s; the knowledge base answers alone until it is back", error)
            self._away_since = time.monotonic()
        elif error is None and self._away:
            log.info("the bot is back")
        self._away = error is not None
