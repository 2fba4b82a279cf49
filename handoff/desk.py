"""What agents do with conversations. The rules of who may what stand in `hub.lifecycle`; here they are put to use."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from hub.connector import Channels, File
from hub.errors import Forbidden, InvalidRequest, NotFound
from hub.http import Problem
from hub.lifecycle import Step
from hub.steps import Steps
from hub.store import attachments, conversations, messages, overview, surveys, users
from hub.store.db import Connection, Database
from hub.types import Agent, Attachment, Conversation, Message, OutboundMessage

NOT_YOURS = "only the agent who has the conversation may write to the customer; claim it first"


class Desk:
    """The agents' side of a conversation."""

    def __init__(self, db: Database, steps: Steps, channels: Channels) -> None:
        self._db = db
        self._steps = steps
        self._channels = channels

    async def claim(self, agent: Agent, conversation: str) -> None:
        """The conversation becomes the agent's, or is already; raises `IllegalTransition` where another was faster."""

        def decide(now: Conversation) -> Step | None:
            return None if now.owner == agent.id else Step(action="claim", actor=agent.id, owner=agent.id)

        await self._steps.take(conversation, decide)

    async def release(self, agent: Agent, conversation: str) -> None:
        """The conversation goes back to the bot."""
        await self._steps.take(conversation, lambda _: Step(action="release", actor=agent.id))

    async def close(self, agent: Agent, conversation: str) -> None:
        """The conversation is over; what the customer says next comes to the queue."""
        await self._steps.take(conversation, lambda _: Step(action="close", actor=agent.id))

    async def transfer(self, agent: Agent, conversation: str, to: str | None, team: str | None, note: str) -> None:
        """The agent's conversation goes to a colleague (id or address) or to a team's queue, with a note for them."""
        async with self._db.transaction() as conn:
            now = await conversations.lock(conn, conversation)
            after = await self._steps.apply(conn, now, await self._handing_on(conn, agent, now, to, team))
            if note:
                await messages.add_note(conn, now.stream, now.id, now.channel, agent.id, note)
        self._steps.tell(after)

    async def _handing_on(
        self, conn: Connection, agent: Agent, now: Conversation, to: str | None, team: str | None
    ) -> Step:
        if team is not None:
            return Step(action="requeue", actor=agent.id, team=team, reason="transfer")
        colleague = await users.find(conn, to or "")
        if colleague is None or not {"agent", "admin"} & set(colleague.roles):
            raise InvalidRequest(f"agent: there is no agent {to}; `GET /api/v1/agents` lists them")
        if colleague.id == agent.id == now.owner:
            raise InvalidRequest("agent: you have this conversation already")
        return Step(action="transfer", actor=agent.id, owner=colleague.id, reason="transfer")

    async def owned(self, agent: Agent, conversation: str) -> Conversation:
        """The conversation, which is the agent's; raises `Forbidden` where it is not at this moment."""
        async with self._db.connection() as conn:
            now = await conversations.get(conn, conversation)
        if now.owner != agent.id:
            raise Forbidden(NOT_YOURS)
        return now

    async def attach(self, conversation: Conversation, file: File) -> Attachment:
        """Keeps a file that is to be sent; the customer has it once a message names it."""
        async with self._db.transaction() as conn:
            kept: Attachment = await attachments.add(conn, conversation.stream, file.name, file.type, file.data)
        return kept

    async def say(
        self, agent: Agent, conversation: str, text: str, id: str | None = None, files: Sequence[str] = ()
    ) -> tuple[Message, bool]:
        """Writes to the customer, with `files` by their ids; answers the message, and whether it is new.

        An id says the same thing only once. Raises `Forbidden` unless the conversation is the agent's at this moment.
        """
        id = id or str(uuid.uuid4())
        async with self._db.transaction() as conn:
            now = await conversations.lock(conn, conversation)
            known = await self._known(conn, agent, now, id, "message")
            if known is not None:
                return known, False
            if now.owner != agent.id:
                raise Forbidden(NOT_YOURS)
            attached = await self._files(conn, now, files)
            await messages.add_outbound(
                conn,
                now.stream,
                now.id,
                now.channel,
                [OutboundMessage(author="agent", agent=agent.id, text=text, id=id, attachments=attached)],
                delivery=self._channels.first_delivery(now.channel),
                owner_epoch=now.owner_epoch,
            )
            message = await overview.said(conn, now.stream, id)
        self._steps.tell(now)
        assert message is not None
        return message, True

    async def _files(self, conn: Connection, now: Conversation, ids: Sequence[str]) -> tuple[Attachment, ...]:
        found = await attachments.of(conn, now.stream, ids)
        for file in found:
            if file.state != "stored":
                raise InvalidRequest(f"attachments: {file.name} is not here (yet)")
        return found

    async def note(self, agent: Agent, conversation: str, text: str, id: str | None = None) -> tuple[Message, bool]:
        """Writes down something for the agents alone; answers the note, and whether it is new."""
        id = id or str(uuid.uuid4())
        async with self._db.transaction() as conn:
            now = await conversations.lock(conn, conversation)
            known = await self._known(conn, agent, now, id, "note")
            if known is not None:
                return known, False
            await messages.add_note(conn, now.stream, now.id, now.channel, agent.id, text, id)
            note = await overview.said(conn, now.stream, id)
        self._steps.tell(now)
        assert note is not None
        return note, True

    async def correct(self, agent: Agent, conversation: str, message: str, right: bool | None) -> Message:
        """Says whether an answer of the bot's was right; None takes back what was said. Answers the message.

        Any agent may. Raises `NotFound` where the message is no answer out of the knowledge base.
        """
        async with self._db.transaction() as conn:
            now = await conversations.get(conn, conversation)
            key = await surveys.correct(conn, now.id, message, agent.id, right)
            if key is None:
                raise NotFound(f"{message} is no answer out of the knowledge base")
            corrected = (await messages.by_keys(conn, [key]))[key]
        self._steps.tell(now)
        return corrected

    async def _known(self, conn: Connection, agent: Agent, now: Conversation, id: str, kind: str) -> Message | None:
        known = await overview.said(conn, now.stream, id)
        if known is not None and (known.conversation, known.agent, known.kind) != (now.id, agent.id, kind):
            raise Problem(409, "Conflict", f"id: {id} belongs to another message; take a new one")
        return known
