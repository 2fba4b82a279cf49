"""What Slack tells us, as values: bytes and dictionaries in, and nothing is asked or stored here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from connectors.slack import markup
from hub.errors import InvalidRequest

T = TypeVar("T")
Json = dict[str, Any]

_TALK = frozenset({None, "file_share", "me_message", "thread_broadcast"})
"""The subtypes of messages that people write; the others are Slack's own words about a channel, or about a message."""

_SLACKBOT = "USLACKBOT"


class SharedFile(Struct, frozen=True):
    """A file in a message. Without `url` it has to be asked for; `elsewhere`: where one is that Slack does not keep."""

    id: str
    name: str = "file"
    mimetype: str = "application/octet-stream"
    size: int = 0
    url: str | None = None
    elsewhere: str | None = None


class Place(Struct, frozen=True, kw_only=True):
    """Where something was written: `direct` between the app and one person, otherwise in a channel.

    `thread` is the message that the thread began with; in a channel a message that is in no thread begins one.
    """

    team: str
    channel: str
    direct: bool
    thread: str | None = None


class Post(Struct, frozen=True, kw_only=True):
    """Somebody wrote. `markup` is what they wrote in Slack's markup; `addressed`: to us, by a mention or directly."""

    place: Place
    user: str
    ts: str
    markup: str
    addressed: bool
    reply: bool
    files: tuple[SharedFile, ...] = ()
    event: str | None = None
    raw: bytes = b""


class Edit(Struct, frozen=True, kw_only=True):
    """Somebody rewrote what they had written at `ts`, or took it back (`markup` is None)."""

    place: Place
    user: str
    ts: str
    at: str
    markup: str | None
    before: str


class Press(Struct, frozen=True, kw_only=True):
    """Somebody pressed a button under the message at `ts`, at `at`; `message` is that message as Slack sent it."""

    place: Place
    user: str
    name: str | None
    ts: str
    at: str
    action: str
    block: str
    title: str
    value: str
    trigger: str | None
    response_url: str | None
    message: Json


Told = Post | Edit | Press
"""All that matters to us."""


class _Event(Struct):
    """What is read of a message."""

    type: str
    subtype: str | None = None
    channel: str | None = None
    channel_type: str | None = None
    user: str | None = None
    bot_id: str | None = None
    ts: str | None = None
    event_ts: str | None = None
    thread_ts: str | None = None
    deleted_ts: str | None = None
    text: str | None = None
    files: list[Json] | None = None
    message: Json | None = None
    previous_message: Json | None = None


class _Kind(Struct):
    type: str


class _Authorization(Struct):
    user_id: str | None = None
    team_id: str | None = None
    is_bot: bool = False


class _Told(Struct):
    event: _Kind
    authorizations: list[_Authorization] | None = None


class _Callback(Struct):
    event: _Event
    team_id: str = ""
    event_id: str | None = None
    authorizations: list[_Authorization] | None = None

    @property
    def team(self) -> str:
        """The workspace for which we are told; in a channel that several share `team_id` may be another one."""
        return next((a.team_id for a in self.authorizations or () if a.team_id), self.team_id)


class _Named(Struct):
    id: str
    name: str | None = None


class _Words(Struct, frozen=True):
    text: str = ""


class _Action(Struct):
    action_id: str
    action_ts: str
    type: str = ""
    block_id: str = ""
    text: _Words = _Words()
    value: str | None = None


class _Pressed(Struct):
    user: _Named
    actions: list[_Action]
    team: _Named | None = None
    channel: _Named | None = None
    container: Json = {}
    message: Json = {}
    trigger_id: str | None = None
    response_url: str | None = None


def body(raw: bytes, *, form: bool) -> Json:
    """A delivery as a dictionary: JSON, or JSON in the field `payload` of a form. Raises `InvalidRequest`."""
    try:
        text = parse_qs(raw.decode(), max_num_fields=20).get("payload", [""])[0] if form else raw
        return msgspec.json.decode(text, type=Json)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"not JSON as Slack sends it: {error}") from error


def own_user(payload: Json) -> str | None:
    """Our user id, if an event says it. Raises `InvalidRequest`."""
    return next((a.user_id for a in converted(payload, _Told).authorizations or () if a.is_bot), None)


def told(payload: Json, own: str | None) -> Told | None:
    """What an event says, `own` being our user id; None where it is nothing to us. Raises `InvalidRequest`."""
    if converted(payload, _Told).event.type not in ("message", "app_mention"):
        return None  # in other kinds a user, a channel or a time may be anything
    callback = converted(payload, _Callback)
    event = callback.event
    own = own or own_user(payload)
    if event.channel is None:
        return None
    if event.subtype in ("message_changed", "message_deleted"):
        return _edit(callback, event.channel, own)
    if event.subtype not in _TALK or event.user is None or event.bot_id is not None or event.user in (own, _SLACKBOT):
        return None
    ts, text = _time(event.ts), event.text or ""
    place = _place(callback, event.channel, ts, event.thread_ts)
    return Post(
        place=place,
        user=event.user,
        ts=ts,
        markup=text,
        addressed=place.direct or event.type == "app_mention" or markup.mentions(text, own),
        reply=event.thread_ts is not None and event.thread_ts != ts,
        files=tuple(shared(file) for file in event.files or () if file.get("mode") != "tombstone"),
        event=callback.event_id,
        raw=msgspec.json.encode(payload["event"]),
    )


def pressed(payload: Json) -> Press | None:
    """Which button was pressed; None where it was something else than a button. Raises `InvalidRequest`."""
    said = converted(payload, _Pressed)
    action = said.actions[0] if said.actions else None
    channel = said.channel.id if said.channel else str(said.container.get("channel_id", ""))
    ts = str(said.container.get("message_ts") or said.message.get("ts") or "")
    if action is None or action.type != "button" or not channel or not ts:
        return None
    thread = said.container.get("thread_ts") or said.message.get("thread_ts")
    direct = channel.startswith("D")
    return Press(
        place=Place(
            team=said.team.id if said.team else str(said.message.get("team") or ""),  # an organisation's app has none
            channel=channel,
            direct=direct,
            thread=str(thread) if thread else None if direct else ts,
        ),
        user=said.user.id,
        name=said.user.name,
        ts=ts,
        at=_time(action.action_ts),
        action=action.action_id,
        block=action.block_id,
        title=action.text.text or action.value or "",
        value=action.value or "",
        trigger=said.trigger_id,
        response_url=said.response_url,
        message=said.message,
    )


def moment(ts: str) -> datetime:
    """When it was, by Slack's clock."""
    return datetime.fromtimestamp(float(ts), UTC)


def _edit(callback: _Callback, channel: str, own: str | None) -> Edit | None:
    event = callback.event
    before = event.previous_message or {}
    now = event.message if event.subtype == "message_changed" else before
    if now is None or now.get("bot_id") or now.get("subtype") not in _TALK:
        return None
    user, text = str(now.get("user") or ""), str(now.get("text") or "")
    changed = event.subtype == "message_changed"
    if not user or user in (own, _SLACKBOT) or (changed and text == before.get("text")):
        return None  # a link was unfolded, an answer counted: nobody wrote anything
    ts = _time(str(now.get("ts") or event.deleted_ts or ""))
    thread = now.get("thread_ts")
    return Edit(
        place=_place(callback, channel, ts, str(thread) if thread else None),
        user=user,
        ts=ts,
        at=_time(event.event_ts or event.ts),
        markup=text if changed else None,
        before=str(before.get("text") or ""),
    )


def _place(callback: _Callback, channel: str, ts: str, thread: str | None) -> Place:
    direct = callback.event.channel_type == "im" or channel.startswith("D")
    if direct:
        thread = thread if thread != ts else None
    return Place(team=callback.team, channel=channel, direct=direct, thread=thread or (None if direct else ts))


def shared(file: Json) -> SharedFile:
    """A file as Slack describes it."""
    elsewhere = file.get("is_external") or file.get("mode") == "external"
    url = file.get("url_private_download") or file.get("url_private")
    return SharedFile(
        id=str(file.get("id") or ""),
        name=str(file.get("name") or file.get("title") or "file"),
        mimetype=str(file.get("mimetype") or "application/octet-stream"),
        size=int(file.get("size") or 0),
        url=None if elsewhere or not url else str(url),
        elsewhere=str(file.get("external_url") or url or "") if elsewhere else None,
    )


def _time(ts: str | None) -> str:
    try:
        moment(ts or "")
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidRequest(f"ts: {str(ts)[:40]!r} is no point in time") from error
    return str(ts)


def converted(payload: Json, type: type[T]) -> T:
    """A payload, or as much of it as `type` has; raises `InvalidRequest`."""
    try:
        return msgspec.convert(payload, type)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"not as Slack sends it: {error}") from error
