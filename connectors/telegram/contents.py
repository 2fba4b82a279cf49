"""What is in a message of Telegram's: its words, and its files. Pure."""

from __future__ import annotations

from telegram import Message
from telegram.constants import MessageAttachmentType, MessageType

from hub.types import RemoteFile

_BESIDE = {
    *("text", "checklist", "giveaway", "giveaway_winners", "effect_id", "reply_to_story", "sender_boost_count"),
    *("business_connection_id", "sender_business_bot", "suggested_post_info"),
}
_CONTENTS = {kind.value for kind in MessageAttachmentType} - {"successful_payment", "passport_data"}
_SERVICE = {kind.value for kind in MessageType} - _CONTENTS - _BESIDE
"""What Telegram itself writes into a chat: somebody came, something was pinned."""


def is_service(message: Message) -> bool:
    """Whether nobody wrote this."""
    return any(getattr(message, kind, None) for kind in _SERVICE)


def words(message: Message) -> str:
    """The words of a message; for what has none, what it shows."""
    return message.text or message.caption or _shown(message)


def _shown(message: Message) -> str:
    if message.sticker is not None:
        return message.sticker.emoji or ""
    if message.dice is not None:
        return f"{message.dice.emoji} {message.dice.value}"
    if message.venue is not None:
        place = message.venue.location
        return f"📍 {message.venue.title}, {message.venue.address} ({place.latitude}, {place.longitude})"
    if message.location is not None:
        return f"📍 {message.location.latitude}, {message.location.longitude}"
    if message.contact is not None:
        names = (message.contact.first_name, message.contact.last_name or "", message.contact.phone_number)
        return f"👤 {' '.join(name for name in names if name)}"
    if message.poll is not None:
        options = "".join(f"\n- {option.text}" for option in message.poll.options)
        return f"{message.poll.question}{options}"
    if message.checklist is not None:
        tasks = "".join(f"\n- {task.text}" for task in message.checklist.tasks)
        return f"{message.checklist.title}{tasks}"
    return message.game.title if message.game is not None else ""


def files(message: Message) -> tuple[RemoteFile, ...]:
    """The files of a message: one, or none."""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (RemoteFile(largest.file_id, "photo.jpg", "image/jpeg", largest.file_size or 0),)
    if message.sticker is not None:
        sticker = message.sticker
        name, type = ("sticker.webp", "image/webp")
        if sticker.is_animated:
            name, type = ("sticker.tgs", "application/x-tgsticker")
        elif sticker.is_video:
            name, type = ("sticker.webm", "video/webm")
        return (RemoteFile(sticker.file_id, name, type, sticker.file_size or 0),)
    if message.video_note is not None:
        return (RemoteFile(message.video_note.file_id, "video.mp4", "video/mp4", message.video_note.file_size or 0),)
    if message.voice is not None:
        type = message.voice.mime_type or "audio/ogg"
        return (RemoteFile(message.voice.file_id, "voice.ogg", type, message.voice.file_size or 0),)
    for found, name, type in (
        (message.animation, "animation.mp4", "video/mp4"),
        (message.audio, "audio.mp3", "audio/mpeg"),
        (message.video, "video.mp4", "video/mp4"),
        (message.document, "document", "application/octet-stream"),
    ):
        if found is not None:
            return (RemoteFile(found.file_id, found.file_name or name, found.mime_type or type, found.file_size or 0),)
    return ()
