"""The hub's side of the way to Rasa: a turn goes out, effects come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

import aiohttp
import msgspec
from msgspec import Struct

from hub.errors import BotFailed, BotUnavailable
from hub.types import (
    BotReply,
    BotTurn,
    Button,
    Complaint,
    Dialogue,
    Effect,
    Handoff,
    Language,
    Miss,
    Reason,
    Say,
    Search,
    TakeBack,
)

PATIENCE: Final = aiohttp.ClientTimeout(total=8, connect=1)
AWAY: Final = frozenset({401, 502, 503})
"""What a Rasa answers that is another's, or has no model yet: nobody's turn would be answered."""

MAX_LENGTH: Final = 2000
LAST: Final = 800
"""Characters that Rasa is given, and how many of them are the last ones: of a long account its beginning and its end
say what somebody wants, and whether there is danger."""

_PREFIX = re.compile(r"^[\s/]+")
_PRESSED = re.compile(r"/(?!(?:restart|back|session_start)$)[a-z][a-z0-9_]*")
"""A button of the bot may name an intent, but none of those that Rasa itself obeys, and nothing beside it."""


class Words(Struct, frozen=True):
    """A text in both languages, as the domain has it."""

    zh: str = ""
    en: str = ""

    def in_(self, language: Language) -> str:
        """The text in `language`, or in the other where that is all there is."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class Choice(Struct, frozen=True):
    """A button in the domain."""

    title: Words
    payload: str


class Custom(Struct, frozen=True):
    """What a response of the domain says and wants. `silent`: that nothing is said is meant."""

    say: Words | None = None
    buttons: tuple[Choice, ...] = ()
    effect: Literal["search", "miss", "handoff", "take_back", "complaint"] | None = None
    silent: bool = False
    follow_up: bool = False
    reason: Reason = "asked"
    team: str | None = None
    priority: int = 0
    record: dict[str, object] = {}


class Said(Struct, frozen=True):
    """One of Rasa's messages. `text`, `buttons` and `image` are what responses without `custom` have."""

    text: str | None = None
    buttons: tuple[Button, ...] = ()
    image: str | None = None
    custom: Custom | None = None


class Intent(Struct, frozen=True):
    """What Rasa understood."""

    name: str | None = None
    confidence: float | None = None


class Answer(Struct, frozen=True):
    """The answer of `bot.components.channel`."""

    messages: tuple[Said, ...]
    intent: Intent = Intent()
    slots: dict[str, object] = {}
    active_loop: str | None = None
    requested_slot: str | None = None


_answer = msgspec.json.Decoder(Answer)


class RasaClient:
    """Asks one Rasa process."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/") + "/webhooks/hub/"
        self._headers = {"Authorization": f"Bearer {token or ''}"}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Makes the pool of connections; nobody is called yet."""
        connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=60)
        self._session = aiohttp.ClientSession(timeout=PATIENCE, headers=self._headers, connector=connector)

    async def stop(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def respond(self, turn: BotTurn) -> BotReply:
        """Rasa's reply; raises `BotUnavailable` where Rasa is away, `BotFailed` where it failed or said nothing."""
        metadata: dict[str, object] = {"language": turn.language, "dialogue": turn.dialogue}
        if turn.payload is not None:
            metadata["payload"] = turn.payload  # what a button means that names no intent, the forms know
        body = {"sender": turn.id, "message": wording(turn), "metadata": metadata}
        assert self._session is not None, "start comes first"
        try:
            async with self._session.post(self._url + "webhook", data=msgspec.json.encode(body)) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BotUnavailable(f"Rasa: {type(error).__name__}") from error
        if response.status in AWAY:
            raise BotUnavailable(f"Rasa answered {response.status}")
        if response.status != 200:
            raise BotFailed(f"Rasa answered {response.status}")
        try:
            answer = _answer.decode(content)
        except msgspec.MsgspecError as error:
            raise BotFailed(f"Rasa's answer cannot be read: {error}") from error
        return reply_of(answer, turn.language)

    async def ready(self) -> tuple[bool, str]:
        """Whether Rasa has a model loaded."""
        assert self._session is not None, "start comes first"
        try:
            async with self._session.get(self._url, timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status == 200, "" if response.status == 200 else f"answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return False, f"away ({type(error).__name__}); the hub searches by itself"


def harmless(text: str) -> str:
    """The text without what Rasa would obey: a leading slash is a command to it (`/restart`, `/intent{...}`)."""
    text = _PREFIX.sub("", text)
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - LAST - 1] + "\n" + text[-LAST:]
    return text or "?"


def wording(turn: BotTurn) -> str:
    """What Rasa is told: the intent that a pressed button names, else the words."""
    if turn.payload is not None and _PRESSED.fullmatch(turn.payload):
        return turn.payload
    return harmless(turn.text)


def reply_of(answer: Answer, language: Language) -> BotReply:
    """Rasa's answer as effects, in the customer's language."""
    wanted = tuple(effect for message in answer.messages for effect in effects(message, language))
    meant = any(message.custom is not None and message.custom.silent for message in answer.messages)
    if not wanted and not meant:
        raise BotFailed("Rasa said nothing")  # it answers so after an error, too
    return BotReply(
        effects=wanted,
        intent=answer.intent.name,
        confidence=answer.intent.confidence,
        dialogue=Dialogue(answer.active_loop, answer.requested_slot, answer.slots),
    )


def effects(message: Said, language: Language) -> Iterator[Effect]:
    """What one message of Rasa says and wants, in the order in which it is to happen."""
    if message.text:
        yield Say(message.text, message.buttons)
    if message.image:
        yield Say(message.image)
    custom = message.custom
    if custom is None:
        return
    if custom.say is not None:
        buttons = tuple(Button(choice.title.in_(language), choice.payload) for choice in custom.buttons)
        yield Say(custom.say.in_(language), buttons)
    match custom.effect:
        case "search":
            yield Search(custom.follow_up)
        case "miss":
            yield Miss()
        case "handoff":
            yield Handoff(custom.reason, custom.team, custom.priority)
        case "complaint":
            yield Complaint(custom.record)
        case "take_back":
            yield TakeBack()
