"""What a channel's connector is to the rest of the product."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Literal, Protocol, runtime_checkable

from aiohttp import web
from msgspec import Struct

from hub.errors import Unsupported
from hub.types import Attachment, Button, Channel, Delivery, InboundMessage, Message, Receipt

Receive = Callable[[InboundMessage], Awaitable[Receipt]]
"""Stores one message and answers after the commit. The only way into the product."""


class Health(Struct, frozen=True):
    """Whether a channel can be used now; `detail` says why not."""

    ok: bool
    detail: str = ""


class Limits(Struct, frozen=True):
    """What one message of a platform can carry; `hub.render` makes parts of ours that fit.

    `text`: the longest text, as `measure` counts it. `buttons`: the most buttons, each with a title of at most
    `button_title` characters; where there are more, or longer ones, they become choices with numbers.
    `text_with_buttons`: the longest text that buttons can stand under, where that is less.
    `files_with_text`: files travel beside the text, otherwise each in a message of its own.
    `letters`: people write rarely and at length, and wait for an answer: what the bot cannot answer, or has answered
    with the same article just before, goes to a human at once.
    """

    text: int
    measure: Callable[[str], int] = len
    buttons: int = 0
    button_title: int = 60
    text_with_buttons: int | None = None
    files_with_text: bool = False
    letters: bool = False


class Part(Struct, frozen=True, kw_only=True):
    """As much of one of our messages as a single message of the platform can carry; `number` counts from 0.

    `again`: it was handed over before, and nobody knows whether it arrived (only where the connector is `idempotent`).
    """

    message: Message
    number: int
    last: bool
    text: str = ""
    buttons: tuple[Button, ...] = ()
    files: tuple[Attachment, ...] = ()
    again: bool = False

    @property
    def key(self) -> str:
        """The part's own name, the same at each attempt; for platforms that take a key to know a repetition by."""
        return f"{self.message.id}.{self.number}"


class Recipient(Struct, frozen=True):
    """To whom: the `sender` of their messages, and the external id of the last one, where a platform wants it."""

    id: str
    replies_to: str | None = None


class Sent(Struct, frozen=True):
    """The platform took the message, under its own id where it tells one."""

    external_id: str | None = None


class File(Struct, frozen=True):
    """A file with its bytes."""

    name: str
    type: str
    data: bytes


class Connector(Protocol):
    """One configured channel.

    `delivery` says how messages reach the customer: `pull` channels read their stream themselves (a message is
    sent once it is stored), `push` channels are called by the outbox, one conversation's messages in their order,
    each in as many parts as `limits` make of it.
    `idempotent`: the platform takes a part's `key`, or can be asked whether it has it, so that sending again after a
    crash is harmless.
    """

    channel: Channel
    delivery: Literal["pull", "push"]
    idempotent: bool
    limits: Limits

    def routes(self) -> Iterable[web.RouteDef]:
        """What the channel answers over HTTP."""
        ...

    async def start(self) -> None:
        """Begins whatever runs in the background. A platform that is away is no reason to fail."""
        ...

    async def stop(self) -> None:
        """Ends it."""
        ...

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Hands one part to the platform; raises a `DeliveryError` where it is not taken."""
        ...

    async def fetch(self, handle: str) -> File:
        """Fetches a `RemoteFile` from the platform; raises a `DeliveryError` where it cannot be had."""
        ...

    async def health(self) -> Health:
        """How the channel is."""
        ...


@runtime_checkable
class Letters(Protocol):
    """A connector whose messages came as files that people may want to see as they were sent."""

    def page(self, raw: bytes, *, images: bool) -> str:
        """Such a file as HTML that is safe to show; without `images`, none are fetched from elsewhere.

        Called in a thread of its own. Never raises for what somebody sent.
        """
        ...


class PullConnector:
    """What channels have in common whose customers read their stream themselves: there is nothing to send."""

    delivery: Literal["pull", "push"] = "pull"
    idempotent = True
    limits = Limits(text=1_000_000)

    async def start(self) -> None:
        """Nothing runs in the background."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Never called."""
        raise Unsupported("customers of this channel read their stream themselves")

    async def fetch(self, handle: str) -> File:
        """Never called."""
        raise Unsupported("files of this channel come with their messages")

    async def health(self) -> Health:
        """Fine whenever the process is."""
        return Health(True)


class Channels:
    """All configured channels, by their names."""

    def __init__(self) -> None:
        self._connectors: dict[str, Connector] = {}

    def add(self, connector: Connector) -> None:
        """Takes a connector in; its channel's name is its own."""
        self._connectors[connector.channel.name] = connector

    def __iter__(self) -> Iterator[Connector]:
        return iter(self._connectors.values())

    def get(self, name: str) -> Connector | None:
        """The connector of a channel; None where the settings no longer have it."""
        return self._connectors.get(name)

    def first_delivery(self, name: str) -> Delivery:
        """How a message of ours begins: a channel that reads its stream itself has it once it is stored."""
        connector = self._connectors.get(name)
        return "sent" if connector is not None and connector.delivery == "pull" else "queued"
