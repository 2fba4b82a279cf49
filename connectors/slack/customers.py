"""The customers' side of a Slack channel: what they write and press becomes messages of theirs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from connectors.slack import markup
from connectors.slack.api import SlackApi
from connectors.slack.events import Edit, Place, Post, Press, SharedFile, moment
from connectors.slack.identity import Identity
from connectors.slack.names import Names
from hub.core import Core
from hub.ending import end
from hub.errors import DeliveryError
from hub.intake import MAX_TEXT
from hub.store import channel_state
from hub.types import InboundMessage, RemoteFile

log = logging.getLogger(__name__)

NOT_YOURS = "这里的选项是给提问的人的。The choice here is for the person who asked."


class Customers:
    """Stores what customers do. In a channel a thread belongs to whoever first mentioned us in it: they go on without a
    mention, others mention us again.
    """

    def __init__(self, channel: str, core: Core, api: SlackApi, identity: Identity, names: Names) -> None:
        self._channel = channel
        self._core = core
        self._api = api
        self._identity = identity
        self._names = names
        self._aside: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Ends what goes on beside."""
        await end(*self._aside)

    async def wrote(self, post: Post) -> None:
        """A message; stored unless it is not for us."""
        if not await self._is_for_us(post):
            return
        text = markup.read(post.markup, self._identity.user, self._names.known)
        links = [f"{file.name}: {file.elsewhere}" for file in post.files if file.elsewhere is not None]
        sender = sender_of(post.place, post.user)
        await self._core.intake.receive(
            InboundMessage(
                channel=self._channel,
                sender=sender,
                scope=post.place.channel,
                external_id=_in_thread(post.ts, post.place),
                text=_shortened("\n".join((text, *links)).strip()),
                name=self._names.known.get(post.user),
                person=f"{post.place.team}:{post.user}",
                files=tuple(_remote(file) for file in post.files if file.elsewhere is None),
                sent_at=moment(post.ts),
                raw=post.raw,
            )
        )
        self._names.learn(post.user, sender)

    async def edited(self, edit: Edit) -> None:
        """Agents see what somebody makes of their words afterwards; what was answered stays answered."""
        words = edit.before if edit.markup is None else edit.markup
        sign = "✗" if edit.markup is None else "✎"
        text = markup.read(words, self._identity.user, self._names.known)
        sender = sender_of(edit.place, edit.user)
        await self._core.intake.remark(self._channel, sender, f"edit:{edit.ts}:{edit.at}", f"{sign} {text}")

    async def pressed(self, press: Press) -> None:
        """A press on a button is a message; who was not asked has no say.

        Under what the agents' side wrote there are buttons, too, also in a channel that is no longer the agents'.
        """
        if not press.action.startswith(markup.CHOICE):
            log.info("%s: a button that is no choice of a customer's was pressed", self._channel)
            return
        asked = press.block.removeprefix(markup.CHOICE) if press.block.startswith(markup.CHOICE) else ""
        if asked and asked != press.user:
            thread = press.place.thread if press.place.thread != press.ts else None
            self._later(lambda: self._api.whisper(press.place.channel, press.user, NOT_YOURS, thread))
            return
        await self._core.intake.receive(
            InboundMessage(
                channel=self._channel,
                sender=sender_of(press.place, press.user),
                scope=press.place.channel,
                external_id=_in_thread(f"press:{press.at}:{press.ts}:{press.user}", press.place),
                text=press.title,
                payload=press.value or None,
                person=f"{press.place.team}:{press.user}",
                sent_at=moment(press.at),
            )
        )
        if press.message.get("blocks"):
            blocks = markup.chosen(press.message["blocks"], press.title)
            text = str(press.message.get("text") or press.title)
            self._later(lambda: self._api.update(press.place.channel, press.ts, text, blocks))

    async def _is_for_us(self, post: Post) -> bool:
        if post.place.direct:
            return True
        if not post.addressed and not post.reply:
            return False
        key = f"thread:{post.place.team}:{post.place.channel}:{post.place.thread}"
        async with self._core.db.connection() as conn:
            asker = await channel_state.get(conn, self._channel, key)
            if asker is None and post.addressed:
                await channel_state.put(conn, self._channel, key, post.user)
        return post.addressed or asker == post.user

    def _later(self, work: Callable[[], Awaitable[None]]) -> None:
        """For what is only pleasant: it goes on after the acknowledgement, and may fail."""

        async def attempt() -> None:
            try:
                await work()
            except DeliveryError as error:
                log.info("%s: a pressed button could not be marked: %s", self._channel, error)

        task = asyncio.create_task(attempt())
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)


def sender_of(place: Place, user: str) -> str:
    """Where answers to somebody go: to both of us alone, or to their thread in a channel."""
    if place.direct:
        return f"{place.team}:{place.channel}"
    return f"{place.team}:{place.channel}:{place.thread}:{user}"


def _in_thread(id: str, place: Place) -> str:
    """A message's id; where somebody writes to us in a thread it says in which, so that the answer goes there, too."""
    return f"{id}@{place.thread}" if place.direct and place.thread else id


def _remote(file: SharedFile) -> RemoteFile:
    return RemoteFile(msgspec.json.encode(file).decode(), file.name[:200], file.mimetype, file.size)


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 2] + " …"
