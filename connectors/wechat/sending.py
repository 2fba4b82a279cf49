"""The way out beside replies: customer-service messages, with files as far as WeChat carries them."""

from __future__ import annotations

from connectors.wechat.api import Api
from connectors.wechat.media import medium_of, named
from hub.connector import Part
from hub.errors import Rejected, Transient, Unreachable, Unsupported
from hub.store import attachments, conversations
from hub.store.db import AWAY, Database
from hub.types import Attachment

SEND = "/cgi-bin/message/custom/send"


class Sending:
    """What one account says of its own accord."""

    def __init__(self, api: Api, db: Database) -> None:
        self._api = api
        self._db = db

    async def send(self, customer: str, part: Part) -> None:
        """Sends a part; raises a `DeliveryError`, or `TimeoutError` where nobody knows whether it arrived."""
        if not part.files:
            if not part.text.strip():
                raise Unsupported("WeChat carries no empty message")
            await self._say(customer, part.text)
        elif not await self._hand_over(customer, part.files[0]):
            await self._say(customer, await self._instead(part))

    async def _say(self, customer: str, text: str) -> None:
        await self._call({"touser": customer, "msgtype": "text", "text": {"content": text}})

    async def _call(self, message: dict[str, object]) -> None:
        await self._api.call(SEND, message, sends=True)

    async def _hand_over(self, customer: str, file: Attachment) -> bool:
        """Sends a file; False where WeChat does not carry it, so that the customer is at least told of it."""
        medium = medium_of(file)
        if medium is None:
            return False
        try:
            media = await self._api.upload(medium, await self._content(file))
            await self._call({"touser": customer, "msgtype": medium.kind, medium.kind: {"media_id": media}})
        except Unreachable:
            raise
        except Rejected:
            return False
        return True

    async def _content(self, file: Attachment) -> bytes:
        try:
            async with self._db.connection() as conn:
                found = await attachments.read(conn, file.id)
        except AWAY as error:
            raise Transient(f"the database is away ({type(error).__name__})") from error
        if found is None:
            raise Rejected("the file is not there any longer")
        return found[1]

    async def _instead(self, part: Part) -> str:
        try:
            async with self._db.connection() as conn:
                language = (await conversations.get(conn, part.message.conversation)).language
        except AWAY as error:
            raise Transient(f"the database is away ({type(error).__name__})") from error
        return named(part.files[0], language)
