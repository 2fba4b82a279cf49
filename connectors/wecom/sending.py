"""Our messages as WeCom's: text, menus, files. Each has an id of ours, which WeCom takes once."""

from __future__ import annotations

import contextlib
import hashlib

from connectors.wecom.api import Api, Media, State
from connectors.wecom.errors import Elsewhere, Repeated
from connectors.wecom.messages import MENU, place_of
from hub.connector import Limits, Part
from hub.errors import Rejected, Unsupported
from hub.render import utf8
from hub.store import attachments
from hub.store.db import Database
from hub.types import Attachment

LIMITS = Limits(text=2048, measure=utf8, buttons=10, button_title=32, text_with_buttons=1024)
"""A menu's items have 128 bytes each, which are 32 characters at least."""

_MENU_ID = 64
_MAX_FILE = 20 * 2**20
_MIN_FILE = 6
_SHOWN = {
    "image/jpeg": ("image", 10 * 2**20),
    "image/png": ("image", 10 * 2**20),
    "audio/amr": ("voice", 2 * 2**20),
    "video/mp4": ("video", 10 * 2**20),
}


def msgid_of(part: Part) -> str:
    """The part's msgid: the same at each attempt, and of the characters that WeCom allows."""
    return f"{_name(part.message.id)}-{part.number}"


def message_of(msgid: str) -> str:
    """What all parts' msgids of one message begin with; under it the message is known here."""
    return msgid.rpartition("-")[0]


def _name(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()[:26]


class Sending:
    """Makes the call for a part."""

    def __init__(self, api: Api, db: Database) -> None:
        self._api = api
        self._db = db

    async def send(self, to: str, part: Part) -> str:
        """Sends one part; answers the id under which the message is known here.

        A part that was handed over before and that WeCom has already has been sent.
        """
        account, customer = place_of(to)
        message = {"touser": customer, "open_kfid": account, "msgid": msgid_of(part), **await self._content(part)}
        try:
            try:
                await self._api.send(message)
            except Elsewhere as error:
                await self._take_back(account, customer, part, error)
                await self._api.send(message)
        except Repeated:
            if not part.again:
                raise
        except Rejected as error:
            if not part.again:
                raise
            raise type(error)(f"{error}; an attempt before may have arrived all the same") from None
        return message_of(msgid_of(part))

    async def _take_back(self, account: str, customer: str, part: Part, error: Elsewhere) -> None:
        """Makes the session ours again where it is nobody's; otherwise says whose it is.

        The bot takes no customer out of the servicers' queue; an agent of ours may.
        """
        now = await self._api.state(account, customer)
        if now.state in (0, 1) or (now.state == 2 and part.message.author == "agent"):
            with contextlib.suppress(Rejected):
                await self._api.take(account, customer)
                return
        raise Rejected(_whose(now)) from error

    async def _content(self, part: Part) -> dict[str, object]:
        if part.files:
            media = await self._media(part.files[0])
            return {"msgtype": media.kind, media.kind: {"media_id": await self._api.upload(media)}}
        if not part.text.strip():
            raise Unsupported("WeCom carries no empty message")
        if part.buttons:
            items = [
                {"type": "click", "click": {"id": _menu_id(button.payload, number), "content": button.title}}
                for number, button in enumerate(part.buttons, 1)
            ]
            return {"msgtype": "msgmenu", "msgmenu": {"head_content": part.text, "list": items}}
        return {"msgtype": "text", "text": {"content": part.text}}

    async def _media(self, file: Attachment) -> Media:
        async with self._db.connection() as conn:
            found = await attachments.read(conn, file.id)
        if found is None:
            raise Rejected(f"the file {file.name} is not there any longer")
        known, data = found
        if not _MIN_FILE <= len(data) <= _MAX_FILE:
            raise Rejected(f"WeCom carries files of {_MIN_FILE} bytes to {_MAX_FILE // 2**20} MB")
        kind, longest = _SHOWN.get(known.type.lower(), ("file", _MAX_FILE))
        return Media(kind if len(data) <= longest else "file", known.name, known.type, data)


def _menu_id(payload: str, number: int) -> str:
    return payload if 0 < utf8(payload) <= _MENU_ID else f"{MENU}{number}"


def _whose(now: State) -> str:
    match now.state:
        case 2:
            return "the customer waits in the WeCom client's queue for a servicer"
        case 3:
            who = now.servicer or "a servicer"
            return f"{who} has this conversation in the WeCom client; once it is ended there, we can write again"
        case 4:
            return "the session in WeCom has been ended; we can write again once the customer has written"
    return "WeCom takes no messages of ours in the session's state"
