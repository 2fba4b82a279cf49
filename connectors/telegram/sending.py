"""Our messages as Telegram's: text with an inline keyboard, pictures and documents; each part is one call."""

from __future__ import annotations

import msgspec
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, ReplyParameters

from connectors.telegram.client import Api, SentMessage
from connectors.telegram.updates import Place
from hub.connector import Limits, Part
from hub.errors import Rejected, Transient, Unsupported
from hub.render import utf16
from hub.store import attachments, messages, streams
from hub.store.db import AWAY, Database
from hub.types import Attachment, Button

LIMITS = Limits(text=4096, measure=utf16, buttons=8, button_title=40)
"""More of a button's title a telephone does not show; what is longer is better read as a numbered choice."""

_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_MAX_PICTURE, _MAX_FILE = 10 * 2**20, 50 * 2**20


class Sending:
    """Makes the call for a part, and knows its buttons again when one of them is pressed."""

    def __init__(self, channel: str, api: Api, db: Database) -> None:
        self._channel = channel
        self._api = api
        self._db = db

    async def send(self, place: Place, part: Part, replies_to: str | None) -> SentMessage:
        """Sends one part to a place; `replies_to` is the number of the message that it answers, in a group."""
        common: dict[str, object] = {
            "chat_id": int(place.chat),
            "message_thread_id": place.topic,
            "reply_markup": _keyboard(part),
            "reply_parameters": _reply(place, part, replies_to),
        }
        if part.files:
            return await self._send_file(common, part.files[0])
        no_preview = LinkPreviewOptions(is_disabled=True)
        return await self._api.call(
            "sendMessage",
            SentMessage,
            {**common, "text": part.text.strip() or "…", "link_preview_options": no_preview},
        )

    async def _send_file(self, common: dict[str, object], file: Attachment) -> SentMessage:
        try:
            async with self._db.connection() as conn:
                found = await attachments.read(conn, file.id)
        except AWAY as error:  # nothing was sent yet
            raise Transient(f"the database is away ({type(error).__name__})") from error
        if found is None:
            raise Rejected(f"the file {file.name} is not there")
        known, data = found
        if len(data) > _MAX_FILE:
            raise Unsupported(f"Telegram takes files of at most {_MAX_FILE // 2**20} MB from a bot")
        if known.type in _PICTURES and len(data) <= _MAX_PICTURE:
            try:
                return await self._api.call("sendPhoto", SentMessage, {**common, "photo": InputFile(data, known.name)})
            except Rejected as error:
                if not _about_the_picture(error):
                    raise
        return await self._api.call("sendDocument", SentMessage, {**common, "document": InputFile(data, known.name)})

    async def pressed(self, sender: str, data: str) -> Button | None:
        """The button that `data` stands for; None where it is not under a message to this sender."""
        key, _, number = data.partition(":")
        if not (key.isdecimal() and number.isdecimal() and len(key) < 19 and len(number) < 3):
            return None
        async with self._db.connection() as conn:
            stream = await streams.find(conn, self._channel, sender)
            message = (await messages.by_keys(conn, [int(key)])).get(int(key))
        if stream is None or message is None or message.stream != stream.id:
            return None
        return message.buttons[int(number)] if int(number) < len(message.buttons) else None


def _keyboard(part: Part) -> InlineKeyboardMarkup | None:
    """The buttons, one a line. What they mean can be longer than Telegram carries: they say where it stands."""
    if not part.buttons:
        return None
    buttons = [
        InlineKeyboardButton(button.title, callback_data=f"{part.message.key}:{number}")
        for number, button in enumerate(part.buttons)
    ]
    return InlineKeyboardMarkup([[button] for button in buttons])


def _reply(place: Place, part: Part, replies_to: str | None) -> ReplyParameters | None:
    if not place.chat.startswith("-") or part.number > 0 or replies_to is None or not replies_to.isdecimal():
        return None
    return ReplyParameters(int(replies_to), allow_sending_without_reply=True)


def _about_the_picture(error: Rejected) -> bool:
    """Whether Telegram cannot show it as a picture (its sides, its bytes), so that it goes as a file."""
    said = str(error).lower()
    return any(word in said for word in ("photo_invalid", "image_process_failed", "photo_save_file", "wrong type of"))


def at(place: Place, chat: int) -> Place:
    """The same place after its chat has got another number."""
    return msgspec.structs.replace(place, chat=str(chat))
