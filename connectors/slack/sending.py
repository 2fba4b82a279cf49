"""From parts of our messages to messages of Slack's."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from msgspec import Struct

from connectors.slack import markup
from connectors.slack.api import Own, SlackApi
from hub.connector import Limits, Part, Recipient, Sent
from hub.errors import Rejected, Unsupported
from hub.outbox import Outbox
from hub.store import attachments, messages
from hub.store.db import Database

LIMITS = Limits(text=4000, measure=markup.size, buttons=5, button_title=75)

_CLOCKS = timedelta(minutes=2)
"""By how much Slack's clock and ours may differ."""

_LATEST = 20
"""How many of somebody's last messages say in which threads they write."""


class Target(Struct, frozen=True):
    """Where to: `user` is who asked, where others read it, too."""

    channel: str
    thread: str | None
    user: str


def target(to: Recipient) -> Target:
    """Where a recipient is (`connectors.slack.customers.sender_of` made the id)."""
    match to.id.split(":"):
        case [_, channel]:
            return Target(channel, _thread(to.replies_to), "")
        case [_, channel, thread, user]:
            return Target(channel, thread, user)
        case _:
            raise Rejected("this is no conversation of Slack's")


def _thread(id: str | None) -> str | None:
    """The thread in which a customer's direct message was written."""
    return (id or "").partition("@")[2] or None


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
            return Sent(await self._file(where, part, oldest, own))
        if not part.text and not part.buttons:
            raise Unsupported("Slack carries no message without words")
        found = await self._api.find(where.channel, where.thread, part.key, oldest) if part.again else None
        for thread in await self._elsewhere(where, part) if found is None else ():
            with contextlib.suppress(Rejected):  # the thread is gone, and what stood there with it
                found = found or await self._api.find(where.channel, thread, part.key, oldest)
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

    async def _elsewhere(self, where: Target, part: Part) -> list[str | None]:
        """In which other threads a part may stand that was handed over before.

        Who is alone with us may have gone on in another one since, in which the next attempt would go.
        """
        if not part.again or where.user:
            return []
        async with self._db.connection() as conn:
            heard = await messages.heard(conn, part.message.conversation, _LATEST)
        return [thread for thread in dict.fromkeys(map(_thread, heard)) if thread != where.thread]

    async def _file(self, where: Target, part: Part, oldest: float, own: Own | None) -> str:
        """Posts a file. Files carry no key, so one of ours with the same name and size is taken for the same."""
        async with self._db.connection() as conn:
            stored = await attachments.read(conn, part.files[0].id)
        if stored is None:
            raise Rejected("the file is no longer there")
        name, data = stored[0].name, stored[1]
        if not data:
            raise Unsupported("Slack takes no empty files")
        if part.again and own is not None:
            for thread in (where.thread, *await self._elsewhere(where, part)):
                if (id := await self._shared(where, thread, own, name, len(data), oldest)) is not None:
                    return id
        return await self._api.upload(where.channel, name, data, where.thread)

    async def _shared(
        self, where: Target, thread: str | None, own: Own, name: str, size: int, oldest: float
    ) -> str | None:
        """The file of ours with this name and size."""
        try:
            found = await self._api.messages(where.channel, thread, oldest)
        except Rejected:
            if thread == where.thread:
                raise
            return None
        for message in found:
            for posted in message.get("files") or () if message.get("user") == own.user else ():
                if (posted.get("name"), posted.get("size")) == (name, size):
                    return str(posted.get("id"))
        return None
