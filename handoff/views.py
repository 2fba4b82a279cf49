"""What the API and the feed say about conversations and messages: one form, wherever they appear."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hub.store.overview import Moved, Overview
from hub.types import (
    Attachment,
    Author,
    Button,
    Case,
    Channel,
    ChannelIdentity,
    Correction,
    Customer,
    Delivery,
    HandoffContext,
    Kind,
    Language,
    Letter,
    Line,
    Message,
    Source,
    Status,
    Tried,
)


class Named(Struct, frozen=True):
    """An agent, by id and name."""

    id: str
    name: str


class LastMessage(Struct, frozen=True):
    """The beginning of what was said last."""

    author: Author
    text: str
    created_at: datetime


class WindowView(Struct, frozen=True):
    """How long and how often the platform still lets us write; a new message of the customer's opens it again."""

    until: datetime
    left: int


class ConversationView(Struct, frozen=True, kw_only=True):
    """A conversation. `unread`: the customer's messages since anybody answered; `queue_position` while it waits.

    A higher `priority` waits in front. `window`: null where the platform sets none.
    `unreachable`: why nothing reaches the customer until they write again. `erase_asked_at`: since when the platform
    wants what is known about them deleted. `subject`: of the latest letter, on channels of letters.
    """

    id: str
    status: Status
    channel: str
    agent: Named | None
    customer: Customer
    language: Language
    reason: str | None
    team: str | None
    priority: int
    waiting_since: datetime | None
    queue_position: int | None
    created_at: datetime
    updated_at: datetime
    last_message: LastMessage | None
    subject: str | None
    unread: int
    window: WindowView | None
    unreachable: str | None
    erase_asked_at: datetime | None


class ContextView(Struct, frozen=True, kw_only=True):
    """What the agent is given so that the customer has to say nothing twice; a snapshot taken at the escalation.

    `profile` is of today: what the platform says about the customer.
    """

    customer: Customer
    identities: tuple[ChannelIdentity, ...]
    profile: Mapping[str, str]
    summary: tuple[Line, ...]
    intent: str | None
    confidence: float | None
    slots: Mapping[str, object]
    articles: tuple[Tried, ...]
    reason: str | None
    waiting_since: datetime | None
    language: Language


class ConversationDetail(ConversationView, frozen=True, kw_only=True):
    """A conversation with its context."""

    context: ContextView


class CorrectionView(Struct, frozen=True):
    """Whether an answer was right, and who says so."""

    right: bool
    agent: Named


class MessageView(Struct, frozen=True, kw_only=True):
    """A message or, with `kind` `note` and without `seq`, what agents wrote for each other.

    `error`: why it failed or still waits, or why nobody knows whether it arrived. `letter`: what stands on the outside
    of a letter, and `case` why it is in this conversation, and in which others it may belong. `correction`: whether an
    answer was right, if an agent has said so.
    """

    id: str
    conversation: str
    seq: int | None
    kind: Kind
    author: Author
    text: str
    created_at: datetime
    delivery: Delivery
    error: str | UnsetType = UNSET
    agent: Named | UnsetType = UNSET
    payload: str | UnsetType = UNSET
    buttons: tuple[Button, ...] | UnsetType = UNSET
    sources: tuple[Source, ...] | UnsetType = UNSET
    attachments: tuple[Attachment, ...] | UnsetType = UNSET
    answers: tuple[str, ...] | UnsetType = UNSET
    case: Case | UnsetType = UNSET
    letter: Letter | UnsetType = UNSET
    correction: CorrectionView | UnsetType = UNSET


class Channels(Struct, frozen=True):
    """The configured channels."""

    items: list[Channel]


class Conversations(Struct, frozen=True):
    """A page of conversations."""

    items: list[ConversationView]
    next: str | None


class Transcript(Struct, frozen=True):
    """A page of a transcript."""

    items: list[MessageView]
    next: str | None


def conversation(seen: Overview) -> ConversationView:
    """A conversation as it stands."""
    return ConversationView(
        id=seen.id,
        status=seen.status,
        channel=seen.channel,
        agent=Named(seen.owner, seen.owner_name or "") if seen.owner else None,
        customer=seen.customer,
        language=seen.language,
        reason=seen.reason,
        team=seen.team,
        priority=seen.priority,
        waiting_since=seen.waiting_since,
        queue_position=seen.queue_position,
        created_at=seen.created_at,
        updated_at=seen.updated_at,
        last_message=LastMessage(seen.last.author, seen.last.text, seen.last.at) if seen.last else None,
        subject=seen.subject,
        unread=seen.unread,
        window=WindowView(seen.window_until, seen.window_left or 0) if seen.window_until else None,
        unreachable=seen.unreachable,
        erase_asked_at=seen.erase_asked_at,
    )


def detail(seen: Overview, context: HandoffContext) -> ConversationDetail:
    """A conversation as it stands, and its context."""
    given = msgspec.structs.asdict(context)
    view = ContextView(customer=seen.customer, identities=seen.customer.identities, profile=seen.profile, **given)
    return ConversationDetail(context=view, **msgspec.structs.asdict(conversation(seen)))


def moved(seen: Overview, to: Moved) -> ConversationView:
    """A conversation with the status that it had from one step of its life on, whatever it has now."""
    waits = to.status == "waiting"
    return msgspec.structs.replace(
        conversation(seen),
        status=to.status,
        agent=Named(to.owner, to.owner_name or "") if to.owner else None,
        reason=to.reason,
        team=seen.team if waits else None,
        waiting_since=min(to.at, seen.waiting_since or to.at) if waits else None,
        queue_position=seen.queue_position if waits else None,
    )


def message(stored: Message) -> MessageView:
    """A message as it stands; what it does not have does not appear."""
    return MessageView(
        id=stored.id,
        conversation=stored.conversation,
        seq=stored.seq,
        kind=stored.kind,
        author=stored.author,
        text=stored.text,
        created_at=stored.created_at,
        delivery=stored.delivery,
        error=stored.error or UNSET,
        agent=Named(stored.agent, stored.agent_name or "") if stored.agent else UNSET,
        payload=stored.payload if stored.payload is not None else UNSET,
        buttons=stored.buttons or UNSET,
        sources=stored.sources or UNSET,
        attachments=stored.attachments or UNSET,
        answers=stored.answers or UNSET,
        case=stored.case or UNSET,
        letter=stored.letter or UNSET,
        correction=_correction(stored.correction) if stored.correction else UNSET,
    )


def _correction(said: Correction) -> CorrectionView:
    return CorrectionView(said.right, Named(said.agent, said.name))
