"""What goes over the wire, in both directions. Pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from connectors.webhook.settings import origin
from hub.connector import File, Part
from hub.errors import InvalidRequest
from hub.types import Author, Button, InboundMessage, RemoteFile

Word = Annotated[str, Meta(min_length=1, max_length=500)]

MESSAGE = "message"


class RemoteContent(Struct, frozen=True):
    """A file that a customer sent; the hub fetches it from `url`, which has to be at the channel's own address."""

    url: Annotated[str, Meta(max_length=2000)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    type: Annotated[str, Meta(max_length=100)] = "application/octet-stream"
    size: Annotated[int, Meta(ge=0)] = 0


class Received(Struct, frozen=True):
    """A customer's message as it is delivered to us. The same `id` of the same `sender` is the same message."""

    id: Word
    sender: Word
    text: str = ""
    name: Annotated[str, Meta(max_length=200)] | None = None
    payload: Annotated[str, Meta(max_length=500)] | None = None
    files: Annotated[tuple[RemoteContent, ...], Meta(max_length=10)] = ()
    sent_at: Annotated[datetime, Meta(tz=True)] | None = None


class _Kind(Struct, frozen=True):
    type: str = MESSAGE


class Content(Struct, frozen=True):
    """A file of ours, with its bytes in base64."""

    name: str
    type: str
    size: int
    content: str


class Delivered(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One part of a message of ours, with the same `id` again if repeated. `answers` are ids that `Taken` had."""

    type: str
    id: str
    message: str
    recipient: str
    author: Author
    agent: str | None = None
    text: str = ""
    buttons: tuple[Button, ...] = ()
    files: tuple[Content, ...] = ()
    answers: tuple[str, ...] = ()


class Taken(Struct, frozen=True):
    """What a delivery to us is answered with."""

    id: str
    duplicate: bool


def parse(body: bytes, channel: str, url: str) -> InboundMessage | None:
    """A delivery as a message; None for one of a kind that is yet to come. Raises `InvalidRequest`."""
    try:
        if msgspec.json.decode(body, type=_Kind).type != MESSAGE:
            return None
        received = msgspec.json.decode(body, type=Received)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"not a message: {error}") from error
    for file in received.files:
        if not is_ours(file.url, url):
            raise InvalidRequest("files: an address is not at the host of this channel's url; only from there we fetch")
    return InboundMessage(
        channel=channel,
        sender=received.sender,
        scope=received.sender,
        external_id=received.id,
        text=received.text,
        payload=received.payload,
        name=received.name,
        files=tuple(RemoteFile(file.url, file.name, file.type, file.size) for file in received.files),
        sent_at=received.sent_at,
        raw=body,
    )


def is_ours(file: str, url: str) -> bool:
    """Whether a file is at the address to which we deliver: nobody can send us to look elsewhere."""
    whose = origin(file)
    return whose is not None and whose == origin(url)


def delivery(recipient: str, part: Part, files: Sequence[File]) -> bytes:
    """The body of a delivery of ours."""
    message = part.message
    contents = tuple(
        Content(file.name, file.type, len(file.data), base64.b64encode(file.data).decode()) for file in files
    )
    return msgspec.json.encode(
        Delivered(
            type=MESSAGE,
            id=part.key,
            message=message.id,
            recipient=recipient,
            author=message.author,
            agent=message.agent_name,
            text=part.text,
            buttons=part.buttons,
            files=contents,
            answers=message.answers,
        )
    )
