"""Which files WeChat carries, and as what. Pure."""

from __future__ import annotations

from msgspec import Struct

from hub.connector import File
from hub.types import Attachment, Language


class Medium(Struct, frozen=True):
    """A kind of message with a file in it: WeChat's word, the file's type and its name's ending, the most bytes."""

    kind: str
    type: str
    ending: str
    longest: int


_MEDIA = (
    Medium("image", "image/jpeg", "jpg", 10 * 2**20),
    Medium("image", "image/png", "png", 10 * 2**20),
    Medium("image", "image/gif", "gif", 10 * 2**20),
    Medium("voice", "audio/amr", "amr", 2 * 2**20),
    Medium("voice", "audio/mpeg", "mp3", 2 * 2**20),
    Medium("voice", "audio/mp3", "mp3", 2 * 2**20),
    Medium("video", "video/mp4", "mp4", 10 * 2**20),
)
_BY_TYPE = {medium.type: medium for medium in _MEDIA}

_NAMED: dict[Language, str] = {
    "zh": "[文件] {name}\n公众号里发不了这个文件。",
    "en": "[File] {name}\nThis file cannot be sent on WeChat.",
}


def medium_of(file: Attachment) -> Medium | None:
    """How WeChat carries a file; None where it does not."""
    medium = _BY_TYPE.get(file.type.lower())
    return medium if medium is not None and file.size <= medium.longest else None


def named(file: Attachment, language: Language) -> str:
    """What is said in the place of a file that cannot be sent."""
    return _NAMED[language].format(name=file.name)


def received(kind: str, type: str, name: str, data: bytes) -> File:
    """What a customer sent as `kind`. WeChat's names of files are its own; only a `file` has one of the customer's."""
    type = type.lower()
    if kind == "file":
        return File(name, type or "application/octet-stream", data)
    usual = next((medium for medium in _MEDIA if medium.kind == kind), _MEDIA[0])
    medium = _BY_TYPE.get(type, usual)
    if medium is usual and type.startswith(("image/", "audio/", "video/")):
        return File("", type, data)
    return File(f"{kind}.{medium.ending}", medium.type, data)
