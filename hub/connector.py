"""What a channel's connector is to the rest of the product."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Literal, Protocol

from aiohttp import web
from msgspec import Struct

from hub.types import Channel, Delivery, InboundMessage, Message, Receipt

Receive = Callable[[InboundMessage], Awaitable[Receipt]]
"""Stores one message and answers after the commit. The only way into the product."""


class Health(Struct, frozen=True):
    """Whether a channel can be used now; `detail` says why not."""

    ok: bool
    detail: str = ""


class Sent(Struct, frozen=True):
    """The platform took the message, under its own id where it tells one."""

    external_id: str | None = None


class Connector(Protocol):
    """One configured channel.

    `delivery` says how messages reach the customer: `pull` channels read their stream themselves (a message is
    sent once it is stored), `push` channels are called by the outbox, one conversation's messages in their order.
    `idempotent`: the platform takes our message id as a key, so that sending again after a crash is harmless.
    """

    channel: Channel
    delivery: Literal["pull", "push"]
    idempotent: bool

    def routes(self) -> Iterable[web.RouteDef]:
        """What the channel answers over HTTP."""
        ...

    async def start(self) -> None:
        """Begins whatever runs in the background. A platform that is away is no reason to fail."""
        ...

    async def stop(self) -> None:
        """Ends it."""
        ...

    async def send(self, recipient: str, message: Message) -> Sent:
        """Hands one message to the platform; raises a `DeliveryError` where it is not taken."""
        ...

    async def health(self) -> Health:
        """How the channel is."""
        ...


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
