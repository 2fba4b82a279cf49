"""What an agent is given with a conversation, so that nobody has to repeat themselves."""

from __future__ import annotations

from hub.store import messages, turns
from hub.store.db import Connection
from hub.types import Conversation, HandoffContext, Line, Reason

LINES = 12
BOOKKEEPING = frozenset({"form_tries", "lookup_failures", "tried_contact"})
"""Slots in which the bot's forms count; nothing that a customer said."""

TURNS = 6


class TranscriptContexts:
    """Makes the snapshot from the transcript and from what came of the last turns."""

    async def build(self, conn: Connection, conversation: Conversation, reason: Reason | None) -> HandoffContext:
        """The context of a conversation that is being escalated."""
        lines = await messages.latest(conn, conversation.id, LINES)
        results = await turns.recent_results(conn, conversation.id, TURNS)
        understood = next((result for result in results if result.intent is not None), None)
        tried = {tried.article: tried for result in reversed(results) for tried in result.articles}
        known = next((result.slots for result in results if result.intent is not None or result.slots), {})
        slots = {name: value for name, value in known.items() if name not in BOOKKEEPING}
        return HandoffContext(
            summary=tuple(Line(line.author, line.text, line.created_at) for line in lines),
            intent=understood.intent if understood else None,
            confidence=understood.confidence if understood else None,
            slots=slots,
            articles=tuple(reversed(tried.values())),
            reason=reason,
            waiting_since=conversation.waiting_since,
            language=conversation.language,
        )
