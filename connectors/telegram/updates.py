"""Telegram's updates as what they mean to us. Pure: nothing here asks or tells anybody.

A chat of two is named by its number; in a group everybody has a conversation of their own, "CHAT:USER", and one for
each topic of a forum, "CHAT:USER:TOPIC".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, Update, User

from connectors.telegram import contents
from connectors.telegram.addressing import Addressed, addressed
from hub.errors import InvalidRequest
from hub.types import InboundMessage

KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
"""The updates that we want."""

GREET = "/greet"
"""What starting a bot means to ours: the intent of a greeting."""

Raw = Mapping[str, Any]


class Place(Struct, frozen=True):
    """Where answers go: the chat and, in a forum, the topic."""

    chat: str
    topic: int | None = None

    @classmethod
    def of(cls, sender: str) -> Place:
        """The place of a sender."""
        chat, _, within = sender.partition(":")
        topic = within.partition(":")[2]
        return cls(chat, int(topic) if topic else None)


class Said(Struct, frozen=True):
    """Somebody wrote to us. `username`: what they call themselves; `start`: they have started the bot, by this word."""

    message: InboundMessage
    username: str | None = None
    start: str | None = None


class Edited(Struct, frozen=True):
    """Somebody changed what they had written; `id` names the change."""

    sender: str
    id: str
    text: str


class Pressed(Struct, frozen=True):
    """Somebody pressed a button. `data` is what we gave it, `title` what stands on it, where Telegram still says so."""

    message: InboundMessage
    query: str
    data: str
    title: str | None


class Standing(Struct, frozen=True):
    """We may write to a chat (again), or no longer: then `reason` says why. `private`: a chat of two."""

    chat: str
    private: bool
    reason: str | None


class Moved(Struct, frozen=True):
    """A group has got another number."""

    before: str
    after: str


Event = Said | Edited | Pressed | Standing | Moved


def read(body: bytes) -> Raw:
    """The body of a delivery; raises `InvalidRequest`."""
    try:
        update = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest("not an update of Telegram's: no JSON object") from error
    return update


def parse(raw: Raw, channel: str, bot: int, username: str | None) -> Event | None:
    """What an update means to us; None where that is nothing.

    `bot` and `username` are ours. Raises `InvalidRequest` for what is no update, `Unnamed` where the name is needed.
    """
    if type(raw.get("update_id")) is not int:
        raise InvalidRequest("update_id: not a number; this is no update of Telegram's")
    for kept in (None, _ADDRESSED, _WORDS):
        try:
            return _event(Update.de_json(_only(kept, raw), None), channel, bot, username)
        except _UNREADABLE:
            continue  # where the library cannot read all of a message (a kind to come), at least who wrote what
    raise InvalidRequest(f"update {raw['update_id']}: not of the form that Telegram's updates have")


_UNREADABLE = (TypeError, KeyError, ValueError, AttributeError, IndexError, OverflowError)
_WORDS = ("message_id", "date", "edit_date", "chat", "from", "text", "caption")
_ADDRESSED = (*_WORDS, "entities", "caption_entities", "reply_to_message", "message_thread_id", "is_topic_message")


def _only(kept: Collection[str] | None, raw: Raw) -> dict[str, Any]:
    """An update with no more of its message than `kept`, and what the library cannot do without."""
    return {
        name: _complete({key: value for key, value in part.items() if key in kept})
        if kept is not None and isinstance(part, dict) and name.endswith("message")
        else part
        for name, part in raw.items()
    }


def _complete(message: dict[str, Any]) -> dict[str, Any]:
    """Servers other than Telegram's own (a proxy, a test) may leave out what nobody needs to be understood."""
    chat, who = message.get("chat"), message.get("from")
    if isinstance(chat, dict) and type(chat.get("id")) is int:
        message["chat"] = {"type": Chat.PRIVATE if chat["id"] > 0 else Chat.GROUP, **chat}
    if isinstance(who, dict):
        message["from"] = {"is_bot": False, "first_name": "", **who}
    return message


def _event(update: Update, channel: str, bot: int, username: str | None) -> Event | None:
    if update.callback_query is not None:
        return _pressed(update.callback_query, channel)
    if update.my_chat_member is not None:
        return _standing(update.my_chat_member)
    if update.edited_message is not None:
        return _edited(update.edited_message, bot, username)
    if update.message is not None:
        return _said(update.message, channel, bot, username)
    return None


# Messages ---------------------------------------------------------------------------------------------------------


def _said(message: Message, channel: str, bot: int, username: str | None) -> Event | None:
    if message.migrate_to_chat_id:
        return Moved(str(message.chat.id), str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id:
        return Moved(str(message.migrate_from_chat_id), str(message.chat.id))
    who = _who(message)
    if who is None or contents.is_service(message):
        return None
    text = _for_us(message, bot, username)
    if text is None:
        return None
    start = _started(text)
    inbound = InboundMessage(
        channel=channel,
        sender=_sender(message.chat, who, message),
        scope=str(message.chat.id),
        external_id=str(message.message_id),
        text=text,
        payload=GREET if start is not None else None,
        language="zh" if start is not None and _speaks_chinese(message.from_user) else None,
        name=_name(message),
        person=who,
        files=contents.files(message),
        sent_at=_sent_at(message),
    )
    user = message.from_user if message.sender_chat is None else None
    return Said(inbound, user.username if user is not None else None, start)


def _edited(message: Message, bot: int, username: str | None) -> Edited | None:
    who = _who(message)
    if who is None or message.location is not None:  # whoever shares where they are, moves
        return None
    text = _for_us(message, bot, username)
    when = int(message.edit_date.timestamp()) if message.edit_date else 0
    sender = _sender(message.chat, who, message)
    return None if text is None else Edited(sender, f"edit:{message.message_id}:{when}", text)


def _for_us(message: Message, bot: int, username: str | None) -> str | None:
    """What a message says to us; None where it is a group's own talk."""
    text = contents.words(message)
    if message.chat.type == Chat.PRIVATE:
        return text
    match addressed(message, bot, username):
        case Addressed(text=said):
            return text if said is None else said
    return None


def _who(message: Message) -> str | None:
    """The number of who wrote; None where it is nobody whom we talk to: a channel, a bot, the group's own mirror."""
    if message.chat.type == Chat.CHANNEL or message.is_automatic_forward:
        return None
    if message.sender_chat is not None:  # somebody who writes in the name of a group or a channel of theirs
        return str(message.sender_chat.id)
    if message.from_user is None:
        return str(message.chat.id) if message.chat.type == Chat.PRIVATE else None
    return None if message.from_user.is_bot else str(message.from_user.id)


def _sender(chat: Chat, who: str, message: Message | None) -> str:
    """`message`: where it was; None where Telegram no longer says it."""
    in_topic = message is not None and message.is_topic_message and message.message_thread_id
    if message is not None and in_topic:
        return f"{chat.id}:{who}:{message.message_thread_id}"
    return str(chat.id) if chat.type == Chat.PRIVATE else f"{chat.id}:{who}"


def _name(message: Message) -> str | None:
    if message.sender_chat is not None:
        return message.sender_chat.title
    return message.from_user.full_name if message.from_user is not None else None


def _sent_at(message: Message) -> datetime:
    """When it was written. Telegram says the second; within it the numbers of a chat's messages give the order."""
    return message.date + timedelta(microseconds=message.message_id % 1_000_000)


def _started(text: str) -> str | None:
    """The word with which the bot was started; None where this is no start."""
    command, _, word = text.partition(" ")
    return word.strip()[:64] if command == "/start" else None


def _speaks_chinese(user: User | None) -> bool:
    return user is not None and (user.language_code or "").startswith("zh")


# All else ---------------------------------------------------------------------------------------------------------


def _pressed(query: CallbackQuery, channel: str) -> Pressed | None:
    if query.message is None:  # under a message of another bot's
        return None
    data, title = query.data or "", None
    message = query.message if isinstance(query.message, Message) else None  # an old one Telegram no longer shows
    if message is not None and message.reply_markup is not None:
        buttons = (button for row in message.reply_markup.inline_keyboard for button in row)
        title = next((button.text for button in buttons if button.callback_data == data), None)
    inbound = InboundMessage(
        channel=channel,
        sender=_sender(query.message.chat, str(query.from_user.id), message),
        scope=str(query.message.chat.id),
        external_id=f"callback:{query.id}",
        text=title or "",
        name=query.from_user.full_name,
        person=str(query.from_user.id),
    )
    return Pressed(inbound, query.id, data, title)


def _standing(change: ChatMemberUpdated) -> Standing:
    private = change.chat.type == Chat.PRIVATE
    gone = change.new_chat_member.status in ("kicked", "left")
    reason = ("blocked the bot" if private else "the bot is no longer in the group") if gone else None
    return Standing(str(change.chat.id), private, reason)
