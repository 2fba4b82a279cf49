"""What the core needs from the parts around it. They are wired in `app/`."""

from __future__ import annotations

from typing import Protocol

from hub.types import BotReply, BotTurn, Decision, Language


class Bot(Protocol):
    """Understands the customer and decides what to do."""

    async def respond(self, turn: BotTurn) -> BotReply:
        """The reply to `turn`; raises `BotUnavailable` where there is none."""
        ...

    async def ready(self) -> tuple[bool, str]:
        """Whether it can be asked now, and a few words about it."""
        ...


class KnowledgeBase(Protocol):
    """Finds the article that answers, or says that there is none."""

    async def decide(self, text: str, language: Language, version: int) -> Decision:
        """Searches what is published, in at least the knowledge base's `version`."""
        ...
