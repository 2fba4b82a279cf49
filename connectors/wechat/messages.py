"""WeChat's XML and ours. Pure: bytes in, values out, and the other way round.

Messages are known by their MsgId; events have none, so all that tells one from another goes into their key: two events
of one customer within the same second are two.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from msgspec import Struct

from connectors.wechat.settings import SAYS
from hub.errors import InvalidRequest
from hub.types import InboundMessage, RemoteFile, Window

AFTER_MESSAGE = Window(48 * 3600, 5)
AFTER_EVENT = Window(60, 3)
"""How long and how often we may write after a message; after a follow, a scan, a menu entry."""

_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that XML cannot hold. Customers' phones let some of them in, and their words must not be lost for that."""

_NOT_SHOWN = re.compile(r"[\[【]收到不支持的消息类型，暂无法显示[\]】]")
"""What WeChat says in the customer's place where it does not pass on what they sent: a sticker, a red packet."""

_SCENE = "qrscene_"


class Followed(Struct, frozen=True):
    """Somebody follows the account (again); `scene` says by which code, if by one."""

    customer: str
    scene: str


class Left(Struct, frozen=True):
    """Somebody follows the account no longer."""

    customer: str


class Scanned(Struct, frozen=True):
    """A follower scanned one of the account's codes."""

    customer: str
    scene: str


class Other(Struct, frozen=True):
    """An event that asks nothing of us."""

    kind: str


Meaning = InboundMessage | Followed | Left | Scanned | Other


def fields_of(body: bytes) -> dict[str, str]:
    """The elements below the root, as words; raises `InvalidRequest` for what is no XML of WeChat's."""
    text = _NO_XML.sub("", body.decode("utf-8", "replace"))
    try:
        root: Element = defusedxml.ElementTree.fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise InvalidRequest("the body is not XML, or not of the harmless kind") from error
    if root.tag != "xml":
        raise InvalidRequest("the body's root is not <xml>")
    return {element.tag: (element.text or "").strip() for element in root}


def understand(channel: str, body: bytes, hold: float) -> tuple[Meaning, dict[str, str]]:
    """What a push means, and its fields; raises `InvalidRequest`. `hold` is for messages: see `InboundMessage`."""
    fields = fields_of(body)
    customer, kind = fields.get("FromUserName", ""), fields.get("MsgType", "").lower()
    if not customer or not kind:
        raise InvalidRequest("FromUserName and MsgType: one of them is missing")
    if kind == "event":
        return _event(channel, customer, fields, body, hold), fields
    if not fields.get("MsgId"):
        raise InvalidRequest("MsgId: missing; a message cannot be told from its repetition without")
    text, files = _content(kind, fields)
    message = InboundMessage(
        channel=channel,
        sender=customer,
        scope=customer,
        external_id=fields["MsgId"],
        text=text,
        files=files,
        sent_at=_time(fields),
        window=AFTER_MESSAGE,
        hold=hold,
        raw=body,
    )
    return message, fields


def withheld(message: InboundMessage, fields: Mapping[str, str]) -> str | None:
    """What agents should know where WeChat tells that somebody sent something, and keeps it to itself."""
    if message.text or message.files:
        return None
    what = " ".join(word for word in (fields["MsgType"], fields.get("Title")) if word)
    return f"WeChat does not hand over what the customer sent here ({what[:200]}); only they can see it."


def _event(channel: str, customer: str, fields: Mapping[str, str], body: bytes, hold: float) -> Meaning:
    kind, key = fields.get("Event", "").lower(), fields.get("EventKey", "")
    match kind:
        case "subscribe":
            return Followed(customer, key.removeprefix(_SCENE) if key.lower().startswith(_SCENE) else "")
        case "unsubscribe":
            return Left(customer)
        case "scan":
            return Scanned(customer, key)
        case "click" if key.startswith(SAYS):
            return InboundMessage(
                channel=channel,
                sender=customer,
                scope=customer,
                external_id=event_key(fields),
                text=key.removeprefix(SAYS),
                sent_at=_time(fields),
                hold=hold,
                raw=body,
            )
    return Other(kind)


def event_key(fields: Mapping[str, str]) -> str:
    """By what a repeated event is known."""
    names = ("ToUserName", "FromUserName", "CreateTime", "Event", "EventKey", "Ticket")
    parts = "\x00".join(fields.get(name, "") for name in names)
    return "event-" + hashlib.sha256(parts.encode()).hexdigest()[:40]


def _content(kind: str, fields: Mapping[str, str]) -> tuple[str, tuple[RemoteFile, ...]]:
    """A message's words, and its files."""
    match kind:
        case "text":
            return _NOT_SHOWN.sub("", fields.get("Content", "")), ()
        case "image":
            return "", _file("image", fields, "image.jpg", "image/jpeg")
        case "voice":
            codec = re.sub(r"[^a-z0-9]", "", fields.get("Format", "").lower())[:10] or "amr"
            return fields.get("Recognition", ""), _file("voice", fields, f"voice.{codec}", f"audio/{codec}")
        case "video" | "shortvideo":
            return "", _file("video", fields, "video.mp4", "video/mp4")
        case "location":
            place = f"{fields.get('Location_X', '?')}, {fields.get('Location_Y', '?')}"
            return f"📍 {fields.get('Label', '')} ({place})".replace("  ", " "), ()
        case "link":
            parts = (fields.get(name, "") for name in ("Title", "Description", "Url"))
            return "\n".join(part for part in parts if part), ()
        case "file":
            return "", _file("file", fields, fields.get("Title") or "file", "application/octet-stream")
    return "", ()  # what no version knows yet is a message all the same


def _file(kind: str, fields: Mapping[str, str], name: str, type: str) -> tuple[RemoteFile, ...]:
    media = fields.get("MediaId")
    return (RemoteFile(f"{kind}:{media}", name[:200], type),) if media else ()


def _time(fields: Mapping[str, str]) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(fields.get("CreateTime", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None


# The other way ---------------------------------------------------------------------------------------------------


def text_reply(fields: Mapping[str, str], text: str, now: int) -> bytes:
    """A passive reply to the push with these fields."""
    return (
        f"<xml><ToUserName>{_cdata(fields['FromUserName'])}</ToUserName>"
        f"<FromUserName>{_cdata(fields.get('ToUserName', ''))}</FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType>{_cdata('text')}</MsgType>"
        f"<Content>{_cdata(text)}</Content></xml>"
    ).encode()


def encrypted_reply(encrypted: str, signature: str, timestamp: str, nonce: str) -> bytes:
    """The envelope of an encrypted passive reply."""
    return (
        f"<xml><Encrypt>{_cdata(encrypted)}</Encrypt><MsgSignature>{_cdata(signature)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    ).encode()


def _cdata(text: str) -> str:
    return f"<![CDATA[{_NO_XML.sub('', text).replace(']]>', ']]]]><![CDATA[>')}]]>"
