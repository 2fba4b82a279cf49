"""The way to the shop's own system, which knows orders and warranties: `docs/lookups.openapi.yaml`.

Who asks has to know the telephone or the e-mail that the order was placed with. The shop compares, not we, and
answers alike whether there is no such order or it is somebody else's; so no data of others ever comes this far.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Final, Literal, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from bot.client import Words
from bot.guesses import Guesses

log = logging.getLogger(__name__)

MAX_ANSWER: Final = 256 * 1024
"""Bytes; an answer that is longer counts as a failure."""


class LookupFailed(Exception):
    """There is no answer now. `outcome` names what the customer is told."""

    outcome = "broken"


class TooSlow(LookupFailed):
    """The shop did not answer in time."""

    outcome = "slow"


class Refused(LookupFailed):
    """The shop does not know our token: somebody has to mend the settings."""

    outcome = "refused"


class TooManyGuesses(LookupFailed):
    """There were too many wrong numbers or contacts in the last hour; the shop was not asked."""

    outcome = "limited"


class Refund(Struct, frozen=True):
    """Money that goes back. `paid_on`: None while it is under way. `amount` as people read it, as in `¥299`."""

    amount: str
    paid_on: date | None = None


class Order(Struct, frozen=True, kw_only=True):
    """An order as its owner may see it."""

    number: str
    status: Literal["processing", "shipped", "delivered", "cancelled", "returned"]
    items: tuple[Words, ...]
    ordered_on: date
    courier: Words | None = None
    tracking_number: str | None = None
    expected_on: date | None = None
    delivered_on: date | None = None
    cancelled_on: date | None = None
    returned_on: date | None = None
    refund: Refund | None = None


class Covered(Struct, frozen=True):
    """One bought thing and the last day of its warranty; None: it begins when the thing is received.

    `extended`: longer than the usual one.
    """

    name: Words
    until: date | None = None
    extended: bool = False


class Warranty(Struct, frozen=True):
    """The warranty of all that is in an order."""

    number: str
    items: tuple[Covered, ...]


class _NoMatch(Struct, frozen=True):
    """The body of a 404 that is meant, unlike that of a mistaken address."""

    error: Literal["no_match"]


T = TypeVar("T", Order, Warranty)


class Lookups:
    """Asks one shop. `timeout` in seconds, for all of one question."""

    def __init__(self, url: str, token: str, timeout: float, guesses: Guesses) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._guesses = guesses
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Makes the pool of connections; nobody is called yet."""
        self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)

    async def stop(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def order(self, number: str, contact: str) -> Order | None:
        """The order, or None where number and contact do not go together; raises `LookupFailed`."""
        return await self._guarded("/orders/lookup", number, contact, Order)

    async def warranty(self, number: str, contact: str) -> Warranty | None:
        """The warranty of an order, or None where number and contact do not go together; raises `LookupFailed`."""
        return await self._guarded("/warranties/lookup", number, contact, Warranty)

    async def _guarded(self, path: str, number: str, contact: str, wanted: type[T]) -> T | None:
        keys = (number, contact)
        if not await self._guesses.spend(keys):
            raise TooManyGuesses(path)
        try:
            found = await self._ask(path, number, contact, wanted)
        except LookupFailed as error:
            await self._guesses.give_back(keys)
            log.warning("the shop's system gave no answer: %s", error)
            raise
        if found is not None:
            await self._guesses.give_back(keys)
        return found

    async def _ask(self, path: str, number: str, contact: str, wanted: type[T]) -> T | None:
        assert self._session is not None, "start comes first"
        body = msgspec.json.encode({"order_number": number, "contact": contact})
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._url + path, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, content = response.status, await _whole(response)
        except TimeoutError as error:
            raise TooSlow(f"{path}: no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise LookupFailed(f"{path}: {type(error).__name__}") from error
        if status in (401, 403):
            raise Refused(f"{path} answered {status}; mend lookups.token")
        if status not in (200, 404):
            raise LookupFailed(f"{path} answered {status}")
        try:
            if status == 404:
                msgspec.json.decode(content, type=_NoMatch)
                return None
            found = msgspec.json.decode(content, type=wanted)
        except msgspec.MsgspecError as error:
            raise LookupFailed(f"{path} answered {status} with what cannot be read") from error
        if found.number != number:
            raise LookupFailed(f"{path} answered about another order")
        return found


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body, in however many pieces it comes."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > MAX_ANSWER:
            raise LookupFailed(f"{response.url.path}: more than {MAX_ANSWER} bytes")
    return bytes(content)
