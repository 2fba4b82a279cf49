"""What WeCom's messages and events mean. Pure: JSON in, values out.

A message has `origin` 3 where the customer wrote it, 5 where a servicer did in the WeCom client; events have 4. What we
send over the API does not come back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from hub.errors import InvalidRequest
from hub.types import InboundMessage, RemoteFile, Window

WINDOW, ALLOWED = 48 * 3600.0, 5
"""How long after a customer's message we may write, and how often."""

MENU = "#"
"""How the id of a menu's item begins that says nothing but the item's place."""

_LONGEST = 10_000
_CUSTOMER, _SERVICER = 3, 5


class Remark(Struct, frozen=True):
    """Something for our agents to read; `id` is the same whenever it comes again."""

    id: str
    text: str


class Entered(Struct, frozen=True):
    """A customer has opened the chat, from where `scene` says; `code` allows one welcome, shortly."""

    code: str
    scene: str


class Failed(Struct, frozen=True):
    """A message of ours, known by its msgid, did not arrive."""

    msgid: str
    kind: int


class Other(Struct, frozen=True):
    """An event that asks nothing of us."""

    kind: str


What = InboundMessage | Remark | Entered | Failed | Other


class Came(Struct, frozen=True):
    """One entry of what is pulled: about which customer (empty: about none), and when that was."""

    customer: str
    at: float
    what: What


Word = str | int | float | None
"""WeCom is not strict about whether a number is one."""


class _Item(Struct):
    msgid: str
    origin: int = 0
    msgtype: str = ""
    send_time: float = 0
    external_userid: str = ""
    servicer_userid: str = ""


class _Event(Struct):
    event_type: str = ""
    external_userid: str = ""
    servicer_userid: str = ""
    scene: Word = None
    welcome_code: str = ""
    fail_msgid: str = ""
    fail_type: int = 0
    change_type: int = 0
    old_servicer_userid: str = ""
    new_servicer_userid: str = ""
    reject_switch: int = 0


class _Choice(Struct):
    content: str = ""


class _MenuItem(Struct):
    click: _Choice | None = None
    view: _Choice | None = None
    miniprogram: _Choice | None = None
    text: _Choice | None = None


class _Line(Struct):
    sender_name: str = ""
    msgtype: str = ""
    msg_content: str = ""


class _Content(Struct):
    """What is in a message of any kind; no two kinds mean different things by one name."""

    content: str = ""
    menu_id: str | None = None
    media_id: str = ""
    name: Word = None
    address: Word = None
    latitude: Word = None
    longitude: Word = None
    title: Word = None
    desc: Word = None
    url: Word = None
    userid: Word = None
    user_id: Word = None
    head_content: str = ""
    tail_content: str = ""
    choices: list[_MenuItem] = field(default_factory=list, name="list")
    product_titles: Word = None
    price_wording: Word = None
    sales_price: Word = None
    order_id: Word = None
    state: Word = None
    shop_nickname: Word = None
    nickname: Word = None
    item: list[_Line] = []


_FILES = {
    "image": ("image.jpg", "image/jpeg"),
    "voice": ("voice.amr", "audio/amr"),
    "video": ("video.mp4", "video/mp4"),
    "file": ("file", "application/octet-stream"),
}


def understand(channel: str, account: str, raw: bytes) -> Came:
    """What one entry means; raises `InvalidRequest` for what is none."""
    try:
        item = msgspec.json.decode(raw, type=_Item, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"no entry of WeCom's: {error}") from error
    if not item.msgid:
        raise InvalidRequest("msgid: missing; a message cannot be told from its repetition without")
    if item.msgtype == "event":
        return _event(item, _part(raw, "event", _Event) or _Event())
    content = _part(raw, item.msgtype, _Content) or _Content()
    if item.origin == _CUSTOMER and item.external_userid:
        message = _message(channel, account, item, content, raw)
        return Came(item.external_userid, item.send_time, message)
    if item.origin == _SERVICER and item.external_userid:
        said = _words(item.msgtype, content) or f"[{item.msgtype}]"
        remark = Remark(item.msgid, f"{item.servicer_userid or 'A servicer'} in the WeCom client: {said}")
        return Came(item.external_userid, item.send_time, remark)
    return Came(item.external_userid, item.send_time, Other(f"{item.msgtype} of origin {item.origin}"))


def sender_of(account: str, customer: str) -> str:
    """Where answers to a customer go: the same customer has a session with each account."""
    return f"{account}:{customer}"


def place_of(sender: str) -> tuple[str, str]:
    """The account and the customer of a sender."""
    account, _, customer = sender.partition(":")
    return account, customer


def _message(channel: str, account: str, item: _Item, content: _Content, raw: bytes) -> InboundMessage:
    payload = content.menu_id or None
    if payload is not None and re.fullmatch(MENU + r"\d+", payload, re.ASCII):
        payload = None  # the item's words say which it is
    files: tuple[RemoteFile, ...] = ()
    if content.media_id and item.msgtype in _FILES:
        name, type = _FILES[item.msgtype]
        files = (RemoteFile(content.media_id, name, type),)
    return InboundMessage(
        channel=channel,
        sender=sender_of(account, item.external_userid),
        scope=account,
        external_id=item.msgid,
        text=_words(item.msgtype, content)[:_LONGEST],
        payload=payload,
        person=item.external_userid,
        files=files,
        sent_at=_time(item.send_time),
        window=Window(WINDOW, ALLOWED),
        raw=raw,
    )


def _words(kind: str, content: _Content) -> str:
    """A message as words; empty where it is a file, or of a kind that no version knows yet."""
    match kind:
        case "text":
            return content.content
        case "location":
            name = " ".join(_said(content.name, content.address))
            return f"📍 {name} ({_or(content.latitude)}, {_or(content.longitude)})".replace("  ", " ")
        case "link":
            return "\n".join(_said(content.title, content.desc, content.url))
        case "business_card":
            return f"👤 {_or(content.userid or content.user_id)}"
        case "msgmenu":
            items = [choice.content for item in content.choices if (choice := _chosen(item)) is not None]
            return "\n".join(_said(content.head_content, *items, content.tail_content))
        case "channels_shop_product" | "channels_shop_order":
            told = (content.order_id, content.title, content.product_titles, content.price_wording, content.state)
            return "🛒 " + " · ".join(_said(*told, content.shop_nickname))
        case "merged_msg":
            lines = [f"{line.sender_name}: {_quoted(line)}" for line in content.item]
            return "\n".join(_said(content.title, *lines))
        case "miniprogram" | "channels" | "meeting" | "schedule" | "note":
            return " · ".join(_said(content.title, content.nickname, content.desc))
    return ""


def _event(item: _Item, event: _Event) -> Came:
    what: What
    match event.event_type:
        case "enter_session":
            what = Entered(event.welcome_code, _or(event.scene, ""))
        case "msg_send_fail":
            what = Failed(event.fail_msgid, event.fail_type)
        case "session_status_change" if event.change_type in _CHANGES:
            before, after = event.old_servicer_userid or "A servicer", event.new_servicer_userid or "a servicer"
            what = Remark(item.msgid, _CHANGES[event.change_type].format(before=before, after=after))
        case "user_recall_msg":
            what = Remark(item.msgid, "The customer has taken back a message.")
        case "servicer_recall_msg":
            what = Remark(item.msgid, f"{event.servicer_userid} has taken back a message in the WeCom client.")
        case "reject_customer_msg_switch_change":
            verb = "refuses" if event.reject_switch == 1 else "no longer refuses"
            what = Remark(item.msgid, f"{event.servicer_userid} {verb} this customer's messages in the WeCom client.")
        case kind:
            what = Other(kind)
    return Came(event.external_userid or item.external_userid, item.send_time, what)


_CHANGES = {
    1: "WeCom client: the session is now {after}'s.",
    2: "WeCom client: {before} has passed the session to {after}.",
    3: "WeCom client: {before} has ended the session.",
    4: "WeCom client: {after} has taken the session up again.",
}


def _part(raw: bytes, name: str, type: Any) -> Any:
    """The element of an entry that is named like its kind; None where it is missing, or not what we know."""
    try:
        return msgspec.json.decode(msgspec.json.decode(raw, type=dict[str, Raw])[name], type=type)
    except (KeyError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _chosen(item: _MenuItem) -> _Choice | None:
    return item.click or item.view or item.miniprogram or item.text


def _quoted(line: _Line) -> str:
    content = _part(line.msg_content.encode(), line.msgtype, _Content)
    return (_words(line.msgtype, content) if content is not None else "") or f"[{line.msgtype}]"


def _said(*words: Word) -> Sequence[str]:
    return [text for word in words if word is not None and (text := str(word).strip())]


def _or(word: Word, otherwise: str = "?") -> str:
    return otherwise if word is None else str(word)


def _time(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
