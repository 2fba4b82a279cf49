"""From parts of our messages to messages of Slack's."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from connectors.slack import markup
from connectors.slack.api import Own, SlackApi
from hub.connector import Limits, Part, Recipient, Sent
from hub.errors import Rejected, Unsupported
from hub.outbox import Outbox
from hub.store import attachments
from hub.store.db import Database
from hub.types import Attachment

LIMITS = Limits(text=4000, measure=markup.size, buttons=5, button_title=75)

_CLOCKS = timedelta(minutes=2)
"""By how much Slack's clock and ours may differ."""


class Target(Struct, frozen=True):
    """Where to: `user` is who asked, where others read it, too."""

    channel: str
    thread: str | None
    user: str


def target(to: Recipient) -> Target:
    """Where a recipient is (`connectors.slack.customers.sender_of` made the id)."""
    match to.id.split(":"):
        case [_, channel]:
            return Target(channel, (to.replies_to or "").partition("@")[2] or None, "")
        case [_, channel, thread, user]:
            return Target(channel, thread, user)
        case _:
            raise Rejected("this is no conversation of Slack's")


class Sending:
    """Posts parts. What may have arrived before is looked for first: Slack keeps our key with each message."""

    def __init__(self, api: SlackApi, db: Database, outbox: Outbox) -> None:
        self._api = api
        self._db = db
        self._outbox = outbox

    async def send(self, to: Recipient, part: Part, own: Own | None) -> Sent:
        """Sends one part."""
        where = target(to)
        oldest = (part.message.created_at - _CLOCKS).timestamp()
        if part.files:
            return Sent(await self._file(where, part.files[0], oldest, part.again, own))
        if not part.text and not part.buttons:
            raise Unsupported("Slack carries no message without words")
        found = await self._api.find(where.channel, where.thread, part.key, oldest) if part.again else None
        if found is None:
            posted = await self._api.post(
                where.channel,
                markup.plain(part.text or " / ".join(button.title for button in part.buttons)),
                thread=where.thread,
                blocks=markup.blocks(part.text, part.buttons, where.user),
                key=part.key,
                look_again=lambda: self._outbox.look_again(part),
            )
            found = posted.ts
        return Sent(f"{where.channel}:{found}")

    async def _file(self, where: Target, file: Attachment, oldest: float, again: bool, own: Own | None) -> str:
        """Posts a file. Files carry no key, so one of ours with the same name and size is taken for the same."""
        async with self._db.connection() as conn:
            stored = await attachments.read(conn, file.id)
        if stored is None:
            raise Rejected("the file is no longer there")
        name, data = stored[0].name, stored[1]
        if not data:
            raise Unsupported("Slack takes no empty files")
        if again and own is not None:
            for message in await self._api.messages(where.channel, where.thread, oldest):
                for posted in message.get("files") or () if message.get("user") == own.user else ():
                    if (posted.get("name"), posted.get("size")) == (name, len(data)):
                        return str(posted.get("id"))
        return await self._api.upload(where.channel, name, data, where.thread)
