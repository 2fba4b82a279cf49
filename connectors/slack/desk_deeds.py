"""What agents do in their threads, as it is kept until it is carried out."""

from __future__ import annotations

import unicodedata
import uuid

import msgspec
from msgspec import Struct

from connectors.slack.desk_blocks import ACTION
from connectors.slack.events import Edit, Post, Press, SharedFile

_SPACE = uuid.UUID("7f6f4c3c-5a0e-4e0b-9a53-6f1d0a0f7c11")
_DRESS = "*_~`>"  # how Slack marks what is bold, struck, quoted
_UNSEEN = {"Zs", "Cf", "Cc"}


class Wrote(Struct, frozen=True, tag="wrote"):
    """An agent wrote `markup` at `ts`."""

    place: str
    user: str
    ts: str
    markup: str
    files: tuple[SharedFile, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same thing, however often it is told."""
        return f"{self.place}:{self.ts}"


class Changed(Struct, frozen=True, tag="changed"):
    """An agent rewrote what they wrote at `ts`, or deleted it (`markup` is None)."""

    place: str
    user: str
    ts: str
    at: str
    markup: str | None

    @property
    def key(self) -> str:
        """The same for the same thing, however often it is told."""
        return f"{self.place}:{self.ts}:{self.at}"


class Pressed(Struct, frozen=True, tag="pressed"):
    """An agent pressed a button at `at`; `what` is its word: claim, release, close."""

    place: str
    user: str
    at: str
    what: str

    @property
    def key(self) -> str:
        """The same for the same thing, however often it is told."""
        return f"{self.place}:press:{self.at}:{self.user}"


Deed = Wrote | Changed | Pressed
_deeds: msgspec.json.Decoder[Deed] = msgspec.json.Decoder(Deed)


def wrote(post: Post) -> Wrote:
    """What an agent wrote."""
    return Wrote(post.place.channel, post.user, post.ts, post.markup, post.files)


def changed(edit: Edit) -> Changed:
    """What an agent made of it afterwards."""
    return Changed(edit.place.channel, edit.user, edit.ts, edit.at, edit.markup)


def pressed(press: Press) -> Pressed | None:
    """What an agent pressed; None where that is no button of ours."""
    if not press.action.startswith(ACTION):
        return None
    return Pressed(press.place.channel, press.user, press.at, press.action.removeprefix(ACTION))


def stored(deed: Deed) -> str:
    """A deed as it is kept."""
    return msgspec.json.encode(deed).decode()


def read(text: str) -> Deed:
    """A deed that was kept."""
    return _deeds.decode(text)


def id_of(place: str, ts: str) -> str:
    """The public id of the message that was written there; customers see it, so it says nothing of Slack."""
    return str(uuid.uuid5(_SPACE, f"{place}:{ts}"))


def note_in(text: str, prefix: str) -> str | None:
    """What of a text is a note; None where it is meant for the customer.

    In doubt it is a note: what was meant for colleagues must never reach the customer. So full-width forms count like
    the plain ones, in either case, and what stands unseen or as mere formatting before the prefix does not matter.
    """
    wanted = unicodedata.normalize("NFKC", prefix).strip().casefold()
    start = 0
    while start < len(text) and (text[start] in _DRESS or unicodedata.category(text[start]) in _UNSEEN):
        if _begins(text[start:], wanted):
            break
        start += 1
    end = _begins(text[start:], wanted)
    return text[start + end :].strip() if end else None


def _begins(text: str, wanted: str) -> int:
    """How many characters of `text` are the prefix; 0 where it does not begin with it."""
    for end in range(1, min(len(text), len(wanted)) + 1):
        if unicodedata.normalize("NFKC", text[:end]).casefold() == wanted:
            return end
    return 0
