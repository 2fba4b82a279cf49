"""The frames of the agents' socket, and its cursor."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hub.store.events import Position

Kind = Literal["message", "note", "status", "person", "case", "article", "typing", "presence"]


class Hello(Struct, frozen=True, tag_field="type", tag="hello"):
    """The first frame. Without a token the browser's cookie counts; without `after` the feed begins now."""

    token: str | None = None
    after: str | None = None


class Ready(Struct, frozen=True, tag_field="type", tag="ready"):
    """The feed begins; what happens from `cursor` on follows."""

    cursor: str


class Resync(Struct, frozen=True, tag_field="type", tag="resync"):
    """What followed the cursor is no longer kept: fetch everything anew; the feed goes on from now."""


class ErrorFrame(Struct, frozen=True, tag_field="type", tag="error"):
    """Why the socket is closed."""

    code: str
    message: str


class Passing(Struct, frozen=True):
    """Something that is not kept."""

    kind: Kind
    data: object
    conversation: str | None = None


class Typing(Struct, frozen=True):
    """Who writes."""

    author: str


class Presently(Struct, frozen=True):
    """Whether a colleague is there."""

    id: str
    name: str
    online: bool


class EventFrame(Struct, frozen=True, tag_field="type", tag="event"):
    """One thing that happened. `cursor`: from where to go on after it."""

    cursor: str
    kind: Kind
    data: object
    conversation: str | UnsetType = UNSET


def cursor_of(position: Position) -> str:
    """A position as a word for the outside."""
    return f"{position.xid}-{position.id}"


def position_of(cursor: str) -> Position | None:
    """The position that a cursor means; None where it is not one of ours."""
    xid, _, id = cursor.partition("-")
    if not (xid.isascii() and xid.isdigit() and id.isascii() and id.isdigit()) or len(cursor) > 38:
        return None
    position = Position(int(xid), int(id))
    return position if max(position) < 2**63 else None


def text(frame: Struct) -> str:
    """A frame as it goes out."""
    return msgspec.json.encode(frame).decode()


def event(cursor: str, kind: Kind, data: object, conversation: str | None) -> str:
    """An event's frame as it goes out."""
    return text(EventFrame(cursor, kind, data, UNSET if conversation is None else conversation))
