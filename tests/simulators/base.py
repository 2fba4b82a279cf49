"""What all simulated platforms have in common: a server of their own, customers who write, and faults on demand.

A simulator behaves towards the hub as its platform does: it signs, retries, limits, expires tokens, closes windows. To
a test it is also the customers' side: `say` is what a customer types, `shown` is what their app then shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
import uuid
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, ClassVar, Literal, Self

import aiohttp
from aiohttp import web
from msgspec import Struct

Fault = Literal["429", "500", "never", "rubbish", "token", "drop"]
"""What comes of a call to the platform instead of the right answer: too many calls, its own error, no answer at all,
an answer that is none, a token that is no longer valid, a connection that ends after the call was carried out."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One signed request of the platform to the hub's webhook, as it would go over the wire."""

    method: str = "POST"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: bytes = b""


class Shown(Struct, frozen=True, kw_only=True):
    """One message as the customer's app shows it."""

    text: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    file: str | None = None
    data: bytes | None = None
    at: float


class Simulator(ABC):
    """A platform on a port of its own, which the hub's `api_base_url` names.

    `faults` are used up one a call, those of the future first; `blocked` are customers who no longer want to hear from
    us. `name` is the channel's name in `hub.yml`. `listeners` hear of all that is shown, as it is shown.
    """

    kind: ClassVar[str]
    tries: ClassVar[int] = 3
    """How often the platform sends a delivery that is not acknowledged."""

    def __init__(self, name: str | None = None, *, hurry: float = 1.0) -> None:
        """`hurry`: by how much its waiting times are shortened; 1 is as the platform really is."""
        self.name = name or self.kind
        self.hurry = hurry
        self.hub = ""
        self.url = ""
        self.faults: list[Fault] = []
        self.blocked: set[str] = set()
        self.calls: list[tuple[str, Any]] = []
        self.listeners: list[Callable[[str, Shown], None]] = []
        self._shown: defaultdict[str, list[Shown]] = defaultdict(list)
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None

    # The server ------------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Begins to listen on loopback; `url` then says where."""
        self._http = aiohttp.ClientSession()
        app = web.Application(client_max_size=64 * 2**20)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"

    async def stop(self) -> None:
        """Ends it; what was shown can still be read."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """The platform's own API."""

    @abstractmethod
    def channel(self) -> dict[str, object]:
        """The entry in `hub.yml` that makes a channel of this platform; for a simulator that has been started."""

    async def connect(self, hub: str) -> None:
        """From now on deliveries go to the hub at this address."""
        self.hub = hub.rstrip("/")

    @property
    def webhook(self) -> str:
        """Where the platform delivers."""
        return f"{self.hub}/channels/{self.name}/webhook"

    # The customers' side ---------------------------------------------------------------------------------------------

    @abstractmethod
    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """The delivery of a text message, rightly signed; the same `id` is the same message. For channels that deliver
        otherwise than by one webhook request: the nearest thing to it."""

    @abstractmethod
    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        """A customer writes: the platform delivers as often as it does; answers whether it was acknowledged."""

    @abstractmethod
    async def press(self, sender: str, title: str, payload: str) -> bool:
        """A customer presses a button that was shown to them."""

    def shown(self, sender: str) -> list[Shown]:
        """All that a customer's app has shown of ours, in order."""
        return list(self._shown[sender])

    async def show(self, sender: str, shown: Shown) -> None:
        """Puts something before a customer's eyes."""
        async with self._news:
            self._shown[sender].append(shown)
            self._news.notify_all()
        for listener in self.listeners:
            listener(sender, shown)

    async def until_shown(self, sender: str, number: int, longest: float = 15.0) -> list[Shown]:
        """Waits until a customer has seen so many messages of ours."""
        async with asyncio.timeout(longest), self._news:
            await self._news.wait_for(lambda: len(self._shown[sender]) >= number)
        return self.shown(sender)

    # For the platforms' own classes ----------------------------------------------------------------------------------

    async def post(self, delivery: Delivery, timeout: float = 5.0) -> tuple[int, bytes] | None:
        """One attempt at a delivery: the hub's answer; None where none came in time."""
        assert self._http is not None, "start the simulator first"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._http.request(
                delivery.method,
                self.webhook,
                params=delivery.query,
                headers=delivery.headers,
                data=io.BytesIO(delivery.body),  # bytes alone are warned of when there are many
                timeout=aiohttp.ClientTimeout(total=timeout),
            ) as answer:
                return answer.status, await answer.read()
        return None

    async def fault(self) -> Fault | None:
        """The next fault, used up; `never` is waited for here."""
        wanted = self.faults.pop(0) if self.faults else None
        if wanted == "never":
            await asyncio.sleep(3600)
        return wanted

    @staticmethod
    def new_id() -> str:
        """An id that nothing else has."""
        return uuid.uuid4().hex

    @staticmethod
    def now() -> float:
        """The platform's clock."""
        return time.time()


@contextlib.asynccontextmanager
async def running(*simulators: Simulator) -> AsyncIterator[None]:
    """All of these started, and stopped at the end."""
    async with contextlib.AsyncExitStack() as stack:
        for simulator in simulators:
            await stack.enter_async_context(simulator)
        yield
