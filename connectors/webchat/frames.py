"""The frames between the browser and the hub, as types. What each means stands in `docs/architecture.md`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from hub.types import Attachment, Button, Message, Source, StatusChange

MAX_FRAME = 256 * 1024
"""Bytes of one frame from the browser: the longest text, with every character escaped."""


class Hello(Struct, tag="hello"):
    """The first frame: who it is, and the number of the last entry it has."""

    session: str
    after: int = 0


class Said(Struct, tag="message"):
    """Something the customer wrote. `id` is the browser's own and makes sending again harmless."""

    id: str
    text: str = ""
    payload: str | None = None
    attachments: tuple[str, ...] = ()


class Typing(Struct, tag="typing"):
    """The customer is writing."""


class Rate(Struct, tag="rate"):
    """How the customer found the conversation, from 1 to 5."""

    conversation: str
    score: int
    comment: str | None = None


class Feedback(Struct, tag="feedback"):
    """Whether one of our messages helped."""

    message: str
    helpful: bool


class WantsHuman(Struct, tag="handoff"):
    """The human button, and its cancelling."""

    wanted: bool


Inbound = Hello | Said | Typing | Rate | Feedback | WantsHuman
decode = msgspec.json.Decoder(Inbound).decode


class MessageFrame(Struct, tag="message", omit_defaults=True):
    """An entry of the stream: a message."""

    seq: int
    id: str
    author: str
    text: str
    conversation: str
    created_at: datetime
    payload: str | None = None
    buttons: tuple[Button, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sources: tuple[Source, ...] = ()
    answers: tuple[str, ...] = ()
    agent: dict[str, str] | None = None


class StatusFrame(Struct, tag="status", omit_defaults=True):
    """An entry of the stream: whose the conversation is from here on."""

    seq: int
    status: str
    conversation: str
    created_at: datetime
    queue_position: int | None = None
    agent: dict[str, str] | None = None


Entry = MessageFrame | StatusFrame


class Ready(Struct, tag="ready"):
    """The answer to a hello."""

    conversation: str
    status: str


class Ack(Struct, tag="ack"):
    """The message is stored, as entry `seq`."""

    id: str
    seq: int


class TypingFrame(Struct, tag="typing"):
    """Somebody on our side is writing."""

    author: str


class ErrorFrame(Struct, tag="error", omit_defaults=True):
    """A frame could not be accepted; `message` is in words that the customer may see."""

    code: str
    message: str
    id: str | None = None


class Messages(Struct):
    """What long polling answers."""

    messages: Sequence[Entry]


encode = msgspec.json.Encoder().encode


def of_message(message: Message) -> MessageFrame:
    """The frame of a stored message."""
    assert message.seq is not None, "notes are not for customers"
    return MessageFrame(
        seq=message.seq,
        id=message.id,
        author=message.author,
        text=message.text,
        conversation=message.conversation,
        created_at=message.created_at,
        payload=message.payload,
        buttons=message.buttons,
        attachments=message.attachments,
        sources=message.sources,
        answers=message.answers,
        agent={"name": message.agent_name} if message.agent_name else None,
    )


def of_status(change: StatusChange, queue_position: int | None) -> StatusFrame:
    """The frame of a status; the place in the queue is today's, and only while that status is the current one."""
    return StatusFrame(
        seq=change.seq,
        status=change.status,
        conversation=change.conversation,
        created_at=change.created_at,
        queue_position=queue_position,
        agent={"name": change.agent_name} if change.agent_name else None,
    )
