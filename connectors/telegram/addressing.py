"""Whether somebody in a group talks to us, and what they say without our name in it. Pure."""

from __future__ import annotations

import re

from msgspec import Struct
from telegram import Message, MessageEntity


class Addressed(Struct, frozen=True):
    """Somebody in a group talks to us; `text` is without our name, None where the message has no text of its own."""

    text: str | None


def addressed(message: Message, bot: int, username: str | None) -> Addressed | None:
    """Whether a group's message is for us: it names us, answers a message of ours, or is a command to us by name.

    `username` is ours; raises `Unnamed` where it would have to be known and is not.
    """
    text = message.text or message.caption
    if text is None:
        return Addressed(None) if _answers(message, bot) else None
    named = [entity for entity in message.entities or message.caption_entities if _names(entity, text, bot, username)]
    if not named and not _answers(message, bot):
        return None
    return Addressed(_without(text, named))


def _answers(message: Message, bot: int) -> bool:
    before = message.reply_to_message
    # In a topic every message "answers" the one that opened it, whoever did that.
    return before is not None and before.forum_topic_created is None and _is(before, bot)


def _is(message: Message, bot: int) -> bool:
    return message.from_user is not None and message.from_user.id == bot


def _names(entity: MessageEntity, text: str, bot: int, username: str | None) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == bot
    if entity.type not in (MessageEntity.MENTION, MessageEntity.BOT_COMMAND):
        return False
    _, at, name = _part(text, entity).partition("@")
    if not at:
        return False
    if username is None:
        raise Unnamed
    return name.casefold() == username.casefold()


class Unnamed(Exception):
    """It cannot be told who is addressed before our user name is known."""


def _part(text: str, entity: MessageEntity) -> str:
    units = text.encode("utf-16-le", "surrogatepass")  # Telegram counts in these
    return units[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le", "replace")


def _without(text: str, named: list[MessageEntity]) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(named, key=lambda entity: entity.offset, reverse=True):
        start, end = entity.offset * 2, (entity.offset + entity.length) * 2
        command, _, _ = units[start:end].decode("utf-16-le", "replace").partition("@")
        kept = command if entity.type == MessageEntity.BOT_COMMAND else ""
        units = units[:start] + kept.encode("utf-16-le") + units[end:]
    said = units.decode("utf-16-le", "replace")
    return re.sub(r"[ \t]{2,}", " ", said).strip(" \t\n,:;，：；、")
