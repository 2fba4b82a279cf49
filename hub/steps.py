"""Steps of a conversation's life, carried out: decided by `lifecycle`, stored whole, then told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from hub import texts
from hub.bus import Bus
from hub.connector import Channels
from hub.lifecycle import Step, follow
from hub.ports import Contexts
from hub.store import conversations, messages
from hub.store.db import Connection, Database
from hub.types import Conversation, OutboundMessage, Reason

Decide = Callable[[Conversation], Step | None]
"""Looks at the locked conversation and says what is to happen; None: nothing, all is as wanted."""


class Steps:
    """The one place where a conversation changes hands."""

    def __init__(self, db: Database, bus: Bus, channels: Channels, contexts: Contexts) -> None:
        self._db = db
        self._bus = bus
        self._channels = channels
        self._contexts = contexts

    async def apply(self, conn: Connection, conversation: Conversation, step: Step) -> Conversation:
        """Takes a step of the locked conversation within the caller's transaction.

        Raises `IllegalTransition` where its life does not allow the step.
        """
        after = follow(conversation, step, datetime.now(UTC))
        await conversations.write_step(conn, conversation, after, step)
        # Whoever claims what waits gets the snapshot that was taken when it began to wait.
        if after.status == "waiting" or (after.status == "human" and conversation.status == "bot"):
            context = await self._contexts.build(conn, after, step.reason or conversation.reason)
            await conversations.set_context(conn, conversation.id, context)
        return after

    async def take(self, conversation: str, decide: Decide) -> Conversation:
        """Locks the conversation, asks `decide`, takes the step and tells everybody; answers what then holds."""
        async with self._db.transaction() as conn:
            before = await conversations.lock(conn, conversation)
            step = decide(before)
            after = before if step is None else await self.apply(conn, before, step)
        if step is not None:
            self.tell(after)
        return after

    async def customer_wants_human(self, conversation: str) -> None:
        """The customer pressed the human button. Somebody who waits or talks to a human already goes on doing so."""
        async with self._db.transaction() as conn:
            now = await conversations.lock(conn, conversation)
            if now.status == "closed":
                now = await self.reopen(conn, now)
            if now.status == "bot":
                await self.say(conn, now, "handing_over")
                now = await self.apply(conn, now, Step(action="handoff", reason="asked"))
        self.tell(now)

    async def reopen(self, conn: Connection, conversation: Conversation, why: Reason = "reopened") -> Conversation:
        """The closed conversation goes on: in the agents' queue if a human closed it, else with the bot."""
        reason = why if conversation.closed_by_human else None
        return await self.apply(conn, conversation, Step(action="reopen", reason=reason))

    async def customer_takes_back(self, conversation: str) -> None:
        """The customer no longer wants a human. Without effect once an agent has the conversation."""
        async with self._db.transaction() as conn:
            before = await conversations.lock(conn, conversation)
            if before.status != "waiting":
                return
            after = await self.apply(conn, before, Step(action="take_back"))
            await self.say(conn, after, "taken_back")
        self.tell(after)

    async def say(self, conn: Connection, conversation: Conversation, text: str) -> None:
        """Writes one of the hub's own texts into the locked conversation."""
        await messages.add_outbound(
            conn,
            conversation.stream,
            conversation.id,
            conversation.channel,
            [OutboundMessage(author="system", text=texts.say(text, conversation.language))],
            delivery=self._channels.first_delivery(conversation.channel),
            owner_epoch=conversation.owner_epoch,
        )

    def tell(self, conversation: Conversation) -> None:
        """Wakes whoever shows or works on the conversation."""
        self._bus.signal("stream", str(conversation.stream))
        self._bus.signal("feed")
        if self._channels.first_delivery(conversation.channel) == "queued":
            self._bus.signal("outbox", conversation.id)
