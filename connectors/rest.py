"""Rasa's REST channel, spoken by the hub: whoever talked to a Rasa bot can talk to the whole product.

A request is answered once its turn is done. Only from this machine, unless a token is set and sent.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import uuid
from collections.abc import Iterable

from aiohttp import web
from msgspec import Struct

from hub import http
from hub.bus import Bus, Wake
from hub.connector import PullConnector
from hub.errors import Forbidden, Unauthenticated
from hub.intake import Intake
from hub.store import messages
from hub.store.db import Database
from hub.types import Button, Channel, InboundMessage, Message, Receipt, Source

PATIENCE = 60.0
"""Seconds after which the caller is told to ask again; the message stays stored."""


_FROM_AFAR = ("X-Forwarded-For", "Forwarded", "Via", "Origin")
"""What a proxy, or a page in somebody's browser, adds to a request."""


class Asked(Struct):
    """The body of a request, as Rasa's own channel takes it; `message_id` makes it safe to send again."""

    sender: str
    message: str
    message_id: str | None = None


class Answer(Struct, omit_defaults=True):
    """One message of the reply."""

    recipient_id: str
    text: str
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()


class Rest(PullConnector):
    """The channel `rest`. Replies are read from the store, so there is nothing to send."""

    def __init__(self, token: str | None, db: Database, bus: Bus, intake: Intake, public: bool = False) -> None:
        self.channel = Channel("rest", "rest")
        self._token = token
        self._public = public
        self._db = db
        self._bus = bus
        self._intake = intake

    def routes(self) -> Iterable[web.RouteDef]:
        """Rasa's own path."""
        yield web.post("/webhooks/rest/webhook", self._ask)

    async def _ask(self, request: web.Request) -> web.Response:
        self._check(request)
        asked = await http.body(request, Asked)
        key = asked.message_id or str(uuid.uuid4())
        receipt = await self._intake.receive(
            InboundMessage(
                channel=self.channel.name, sender=asked.sender, scope=asked.sender, external_id=key, text=asked.message
            )
        )
        try:
            async with asyncio.timeout(PATIENCE):
                said = await self._reply_to(receipt)
        except TimeoutError:
            raise http.Problem(504, "Not answered yet", "stored; ask again with the same message_id") from None
        return http.answer([Answer(asked.sender, message.text, message.buttons, message.sources) for message in said])

    async def _reply_to(self, receipt: Receipt) -> list[Message]:
        with Wake(self._bus, "stream", str(receipt.stream)) as wake:
            if not receipt.duplicate:
                await wake.wait()  # a new message has no answer yet
            while True:
                async with self._db.connection() as conn:
                    said = await messages.answers_to(conn, receipt.message)
                if said is not None:
                    return said
                await wake.wait()

    def _check(self, request: web.Request) -> None:
        if self._token is not None:
            sent = request.headers.get("Authorization", "")
            if not hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
                raise Unauthenticated("this channel wants its rest_token: Authorization: Bearer <token>")
        # Behind a proxy everybody comes from this machine; a proxy says so.
        elif not _is_loopback(request.remote) or self._public or any(name in request.headers for name in _FROM_AFAR):
            raise Forbidden("this channel answers this machine only; set rest_token in hub.yml to open it")


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
