"""What the core needs from the parts around it. They are wired in `app/`."""

from __future__ import annotations

from typing import Protocol

from hub.store.db import Connection
from hub.types import BotReply, BotTurn, Conversation, Decision, HandoffContext, Hit, Language, Reason


class Bot(Protocol):
    """Understands the customer and decides what to do."""

    async def respond(self, turn: BotTurn) -> BotReply:
        """The reply to `turn`; raises `BotUnavailable` while the bot is away, `BotFailed` where it has no reply."""
        ...

    async def ready(self) -> tuple[bool, str]:
        """Whether it can be asked now, and a few words about it."""
        ...


class KnowledgeBase(Protocol):
    """Finds the article that answers, or says that there is none."""

    async def decide(self, text: str, language: Language, version: int) -> Decision:
        """Searches what is published, in at least the knowledge base's `version`."""
        ...

    async def fetch(self, article: str, language: Language, version: int) -> Hit | None:
        """A published article by its id, in `language` where it has that; None where it is not served (any more)."""
        ...


class Contexts(Protocol):
    """Makes the snapshot that an agent is given."""

    async def build(self, conn: Connection, conversation: Conversation, reason: Reason | None) -> HandoffContext:
        """The context of a conversation that is being escalated, read within the escalation's transaction."""
        ...
