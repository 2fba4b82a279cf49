"""What the core needs from the parts around it. They are wired in `app/`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.connector import File
from hub.store.db import Connection
from hub.types import (
    Agent,
    Attachment,
    BotReply,
    BotTurn,
    Conversation,
    Decision,
    HandoffContext,
    Hit,
    Language,
    Message,
    Reason,
)


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


class Desk(Protocol):
    """What agents do with conversations, from wherever they do it. Who may what is `hub.lifecycle`'s to say.

    All of it raises `NotFound` where there is no such conversation.
    """

    async def claim(self, agent: Agent, conversation: str) -> None:
        """The conversation becomes the agent's, or is already; raises `IllegalTransition` where another was faster."""
        ...

    async def release(self, agent: Agent, conversation: str) -> None:
        """The conversation goes back to the bot; raises `IllegalTransition`."""
        ...

    async def close(self, agent: Agent, conversation: str) -> None:
        """The conversation is over; raises `IllegalTransition`."""
        ...

    async def attach(self, conversation: Conversation, file: File) -> Attachment:
        """Stores a file that a message to the customer is to carry."""
        ...

    async def say(
        self, agent: Agent, conversation: str, text: str, id: str | None = None, attachments: Sequence[str] = ()
    ) -> tuple[Message, bool]:
        """Writes to the customer; answers the message, and whether it is new. The same `id` is the same message.

        Raises `Forbidden` unless the conversation is the agent's at this moment.
        """
        ...

    async def note(self, agent: Agent, conversation: str, text: str, id: str | None = None) -> tuple[Message, bool]:
        """Writes down something for the agents alone."""
        ...


class Contexts(Protocol):
    """Makes the snapshot that an agent is given."""

    async def build(self, conn: Connection, conversation: Conversation, reason: Reason | None) -> HandoffContext:
        """The context of a conversation that is being escalated, read within the escalation's transaction."""
        ...
