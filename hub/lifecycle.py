"""A conversation's life: who may speak, and what may follow what.

One table says it all. Everything here is a pure function of the conversation as it stands under its lock; storing the
result is `hub.store.conversations`' work. The steps that change who may speak raise `owner_epoch`, and whatever was
begun under an older epoch (a turn of the bot, a message of the bot still to be sent) no longer counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from hub.errors import IllegalTransition
from hub.types import Conversation, Memory, Reason, Status

Action = Literal[
    "handoff", "take_back", "claim", "assign", "transfer", "requeue", "vanish", "release", "close", "expire", "reopen"
]

NEXT: dict[tuple[Status, Action], Status] = {
    ("bot", "handoff"): "waiting",
    ("waiting", "handoff"): "waiting",
    ("waiting", "take_back"): "bot",
    ("bot", "claim"): "human",
    ("waiting", "claim"): "human",
    ("bot", "assign"): "human",
    ("waiting", "assign"): "human",
    ("human", "transfer"): "human",
    ("human", "requeue"): "waiting",
    ("human", "vanish"): "waiting",
    ("human", "release"): "bot",
    ("bot", "close"): "closed",
    ("waiting", "close"): "closed",
    ("human", "close"): "closed",
    ("bot", "expire"): "closed",
    ("waiting", "expire"): "closed",
    ("human", "expire"): "closed",
}

FENCING: frozenset[Action] = frozenset(
    {"claim", "assign", "transfer", "requeue", "vanish", "release", "close", "expire", "reopen", "take_back"}
)
"""Actions that raise the epoch. A handoff does not: the bot's own words about it go with it.

One that waits already may be handed over again, with more urgency; it keeps its place by time.
"""

OWNERS_ONLY: frozenset[Action] = frozenset({"transfer", "requeue", "release"})


class Step(Struct, frozen=True, kw_only=True):
    """What is to happen, and by whom. `owner`: the agent who is to have it; `priority`: how urgently."""

    action: Action
    actor: str | None = None
    owner: str | None = None
    team: str | None = None
    reason: Reason | None = None
    priority: int = 0


def follow(conversation: Conversation, step: Step, now: datetime) -> Conversation:
    """The conversation after `step`; raises `IllegalTransition` where its life does not allow it."""
    status = _next_status(conversation, step)
    owner = step.owner if status == "human" else None
    if status == "human" and owner is None:
        raise IllegalTransition(f"{step.action} needs an agent")
    return msgspec.structs.replace(
        conversation,
        status=status,
        owner=owner,
        owner_epoch=conversation.owner_epoch + (step.action in FENCING),
        team=step.team if status == "waiting" else None,
        reason=_reason(conversation, step, status),
        waiting_since=(conversation.waiting_since or now) if status == "waiting" else None,
        priority=max(conversation.priority, step.priority) if status in ("waiting", "human") else 0,
        misses=0,
        memory=Memory(),  # whoever has it now begins anew; the agent's context has what was known
        closed_by_human=status == "closed" and step.action == "close" and step.actor is not None,
    )


def _reason(conversation: Conversation, step: Step, status: Status) -> Reason | None:
    if conversation.status == status == "waiting" and step.priority < conversation.priority:
        return conversation.reason  # what is urgent stays so
    return step.reason if step.reason is not None or status == "bot" else conversation.reason


def _next_status(conversation: Conversation, step: Step) -> Status:
    if step.action == "reopen":
        if conversation.status != "closed":
            raise IllegalTransition(f"a conversation that is {conversation.status} cannot be reopened")
        return "waiting" if conversation.closed_by_human else "bot"
    status = NEXT.get((conversation.status, step.action))
    if status is None:
        raise IllegalTransition(f"a conversation that is {conversation.status} does not allow: {step.action}")
    if step.action in OWNERS_ONLY and step.actor != conversation.owner:
        raise IllegalTransition(f"only the agent who has the conversation may {step.action} it")
    if step.action == "close" and conversation.owner not in (None, step.actor):
        raise IllegalTransition("another agent has the conversation")
    return status
