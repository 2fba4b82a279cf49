"""What came back: a reply is of a kind, and some kinds are none that this client should ever get."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import StrEnum

import msgspec
from msgspec import Struct

from benchmarks.dialogues import articles
from benchmarks.load import Sample
from benchmarks.stock import REPHRASE
from hub import texts


class Kind(StrEnum):
    """Kinds of replies. `ANSWER` is an article's answer, `SEARCH` the bare bot's wish that one be searched."""

    ANSWER = "answer"
    SEARCH = "search"
    CLARIFY = "clarify"
    MISSED = "missed"
    SAID = "said"
    HANDOVER = "handover"
    EMPTY = "empty"
    BROKEN = "broken"


WRONG = frozenset({Kind.HANDOVER, Kind.EMPTY, Kind.BROKEN})
"""No result may rest on these: with a human in charge the bot is not asked any more."""


class Custom(Struct, frozen=True):
    """The bare bot's own form of a reply; the hub makes words of it."""

    effect: str | None = None


class Button(Struct, frozen=True):
    """A choice."""

    payload: str


class Reply(Struct, frozen=True):
    """One message of a reply, as all three systems put it."""

    text: str | None = None
    custom: Custom | None = None
    buttons: tuple[Button, ...] = ()
    sources: tuple[msgspec.Raw, ...] = ()


HANDOVERS = frozenset(text for key in ("handing_over", "missed_twice") for text in texts.TEXTS[key].values())
MISSES = frozenset(texts.TEXTS["missed"].values())

_replies = msgspec.json.Decoder(list[Reply])


class Kinds:
    """Tells the kinds of one system's replies apart."""

    def __init__(self, kind: Callable[[list[Reply]], Kind]) -> None:
        self._kind = kind

    def of(self, body: bytes) -> Kind:
        """The kind of a reply that came with status 200."""
        try:
            said = _replies.decode(body)
        except msgspec.DecodeError:
            return Kind.BROKEN
        return self._kind(said) if said else Kind.EMPTY

    def of_sample(self, sample: Sample) -> Kind:
        """The kind of whatever came."""
        return self.of(sample.body) if sample.status == 200 else Kind.BROKEN


def stock_kind(said: list[Reply]) -> Kind:
    """The stock bot: it says an article's answer, that it did not understand, or small talk."""
    words = [reply.text for reply in said if reply.text]
    if not words:
        return Kind.EMPTY
    if any(text in _answers() for text in words):
        return Kind.ANSWER
    return Kind.MISSED if REPHRASE in words else Kind.SAID


@functools.cache
def _answers() -> frozenset[str]:
    return frozenset(text.answer for article in articles() for text in article.translations.values())


def bare_kind(said: list[Reply]) -> Kind:
    """Our Rasa alone."""
    effects = [reply.custom.effect for reply in said if reply.custom is not None]
    if not effects:
        return Kind.BROKEN
    if "handoff" in effects:
        return Kind.HANDOVER
    return Kind.SEARCH if "search" in effects else Kind.SAID


def hub_kind(said: list[Reply]) -> Kind:
    """The whole hub: an answer names its source."""
    if any(reply.text in HANDOVERS for reply in said):
        return Kind.HANDOVER
    if any(reply.sources for reply in said):
        return Kind.ANSWER
    if any(button.payload.startswith("article:") for reply in said for button in reply.buttons):
        return Kind.CLARIFY
    if any(reply.text in MISSES for reply in said):
        return Kind.MISSED
    return Kind.SAID if all(reply.text for reply in said) else Kind.EMPTY
