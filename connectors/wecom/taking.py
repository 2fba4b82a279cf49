"""What is done with what was pulled: customers' messages are stored, the rest is noted, a welcome is said."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from connectors.wecom.api import Api
from connectors.wecom.errors import REFUSES, failure_of
from connectors.wecom.messages import WINDOW, Came, Entered, Failed, Other, Remark, sender_of, understand
from connectors.wecom.sending import message_of
from connectors.wecom.settings import WeComSettings
from hub.core import Core
from hub.errors import DeliveryError, InvalidRequest
from hub.types import InboundMessage, Window

log = logging.getLogger(__name__)

_AT_ONCE = 8
_WELCOME = 20.0
"""Seconds for which WeCom lets a welcome be said."""

_SETTLING = 1.0
"""Seconds in which a message is written down as sent, should the news of its failure be faster."""

_MOST_NAMES = 100
_KNOWN = 20_000


class Taking:
    """One customer's entries are taken in their order, those of several customers at once. All may come twice."""

    def __init__(self, settings: WeComSettings, core: Core, api: Api) -> None:
        self._channel = settings.name
        self._greeting = settings.greeting
        self._core = core
        self._api = api
        self._named: OrderedDict[str, None] = OrderedDict()
        self._unnamed: dict[str, str] = {}

    async def take(self, account: str, entries: Sequence[bytes], since: float) -> None:
        """Takes entries in, those since a time; returns once all of it is committed."""
        customers: dict[str, list[Came]] = {}
        for raw in entries:
            try:
                came = understand(self._channel, account, raw)
            except InvalidRequest as error:
                log.error("%s: an entry is left out: %s", self._channel, error)
                continue
            if came.at >= since:
                customers.setdefault(came.customer, []).append(came)
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def one(customer: str, theirs: list[Came]) -> None:
            async with at_once:
                await self._take_from(account, customer, theirs)

        async with asyncio.TaskGroup() as group:
            for customer, theirs in customers.items():
                group.create_task(one(customer, theirs))

    async def _take_from(self, account: str, customer: str, entries: Sequence[Came]) -> None:
        attended: bool | None = None
        for came in entries:
            match came.what:
                case InboundMessage():
                    if attended is None:
                        attended = await self._is_attended(account, customer)
                    await self._receive(came.what, came.at, attended)
                case Remark(id, text):
                    await self._core.intake.remark(self._channel, sender_of(account, customer), id, text)
                case Failed(msgid, kind):
                    await self._failed(sender_of(account, customer), msgid, kind)
                case Entered():
                    await self._enter(account, customer, came.what, came.at)
                case Other(kind):
                    log.debug("%s: nothing to do for %.60r", self._channel, kind)

    async def _is_attended(self, account: str, customer: str) -> bool:
        """Whether a servicer has the session in the WeCom client, or it waits there for one.

        WeCom is asked each time: it tells of some changes only. Not knowing is no reason to let a customer wait: where
        a servicer has the session, WeCom takes no answer of ours.
        """
        try:
            return (await self._api.state(account, customer)).human
        except DeliveryError as error:
            log.info("%s: whose the session is, is not known (%s)", self._channel, error)
            return False

    async def _receive(self, message: InboundMessage, at: float, attended: bool) -> None:
        left = max(0.0, WINDOW - max(0.0, time.time() - at)) if message.sent_at is not None else WINDOW
        window = Window(left, message.window.messages) if message.window is not None else None
        try:
            await self._core.intake.receive(msgspec.structs.replace(message, attended=attended, window=window))
        except InvalidRequest as error:  # it could not be stored at any later time either
            log.error("%s: a message is left out: %s", self._channel, error)
        else:
            self._unnamed[message.sender] = message.person or ""

    async def _failed(self, sender: str, msgid: str, kind: int) -> None:
        words = failure_of(kind)
        if not await self._core.outbox.report(self._channel, message_of(msgid), "failed", words):
            await asyncio.sleep(_SETTLING)
            await self._core.outbox.report(self._channel, message_of(msgid), "failed", words)
        if kind == REFUSES:
            await self._core.people.unreachable(self._channel, sender, words)

    async def _enter(self, account: str, customer: str, entered: Entered, at: float) -> None:
        if entered.scene:
            await self._core.people.describe(self._channel, sender_of(account, customer), {"scene": entered.scene})
        if not entered.code or not self._greeting or time.time() - at > _WELCOME:
            return
        try:
            await self._api.send_on_event(entered.code, self._greeting)
        except (DeliveryError, TimeoutError) as error:  # each code works once; it may have been said before
            log.info("%s: no welcome was said (%s)", self._channel, error)

    async def introduce(self) -> None:
        """Asks WeCom how those are called who have written and are not known by name."""
        unnamed, self._unnamed = self._unnamed, {}
        asked = {sender: person for sender, person in unnamed.items() if sender not in self._named}
        while asked:
            some = dict(list(asked.items())[:_MOST_NAMES])
            asked = dict(list(asked.items())[_MOST_NAMES:])
            try:
                names = await self._api.names(list(dict.fromkeys(some.values())))
            except DeliveryError as error:
                log.info("%s: nobody's name could be had (%s)", self._channel, error)
                return
            for sender, person in some.items():
                if person in names:
                    await self._core.people.describe(self._channel, sender, {"name": names[person]})
                self._named[sender] = None
        while len(self._named) > _KNOWN:
            self._named.popitem(last=False)
