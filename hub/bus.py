"""Signals between the parts and the processes. They only wake; the database says what is.

A signal is heard in its own process at once and in the others over Redis. All of them may be lost at any time: whoever
listens also looks by a timer, faster while Redis is away (`Bus.sweep_interval`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct
from redis import asyncio as redis
from redis.exceptions import RedisError

from hub.ending import end

Topic = Literal["turns", "outbox", "files", "stream", "feed", "desk", "knowledge", "typing", "presence"]
Listener = Callable[[str, str], None]
"""Called with the key and, for what is only passing (typing, presence), a word about it."""

log = logging.getLogger(__name__)

_CHANNEL = "parley:signals"
_BACKLOG = 10_000
_PAUSE, _PAUSE_ALONE = 0.002, 0.05  # seconds
_AWAY = (RedisError, OSError, asyncio.TimeoutError)


class Signal(Struct, frozen=True, array_like=True):
    """One signal on its way through Redis."""

    origin: str
    topic: Topic
    key: str
    word: str


_signals = msgspec.msgpack.Decoder(list[Signal])


class Bus:
    """The process's ear and voice."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._origin = uuid.uuid4().hex
        self._listeners: defaultdict[tuple[Topic, str | None], list[Listener]] = defaultdict(list)
        self._leaving: list[Signal] = []
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.connected = False

    @property
    def sweep_interval(self) -> float:
        """Seconds after which a listener should look for itself."""
        return 1.0 if self.connected else 0.25

    async def start(self) -> None:
        """Begins to listen to the other processes. Does not wait for Redis and does not need it."""
        if self._url is not None:
            client = redis.from_url(self._url, socket_connect_timeout=2, socket_timeout=5, health_check_interval=10)
            self._tasks = [asyncio.create_task(self._hear(client)), asyncio.create_task(self._speak(client))]

    async def stop(self) -> None:
        """Ends both."""
        await end(*self._tasks)
        self._tasks = []

    def signal(self, topic: Topic, key: str = "", word: str = "") -> None:
        """Wakes whoever listens to `topic` for this key or for all; never waits, never fails."""
        self._deliver(topic, key, word)
        if self._url is not None and len(self._leaving) < _BACKLOG:
            self._leaving.append(Signal(self._origin, topic, key, word))
            self._wake.set()

    @contextlib.contextmanager
    def listening(self, topic: Topic, listener: Listener, key: str | None = None) -> Iterator[None]:
        """While the block runs, `listener` is called for the signals of `key`, or of every key where that is None."""
        place = self._listeners[topic, key]
        place.append(listener)
        try:
            yield
        finally:
            place.remove(listener)
            if not place:
                self._listeners.pop((topic, key), None)

    def _deliver(self, topic: Topic, key: str, word: str) -> None:
        for place in ((topic, key), (topic, None)):
            for listener in tuple(self._listeners.get(place, ())):
                try:
                    listener(key, word)
                except Exception:
                    log.exception("a listener to %s failed", topic)

    async def _speak(self, client: redis.Redis) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            leaving, self._leaving = list(dict.fromkeys(self._leaving)), []
            alone = False
            with contextlib.suppress(*_AWAY):
                alone = await client.publish(_CHANNEL, msgspec.msgpack.encode(leaving)) <= 1
            # What comes in a burst leaves as one; where nobody else listens there is no hurry at all.
            await asyncio.sleep(_PAUSE_ALONE if alone else _PAUSE)

    async def _hear(self, client: redis.Redis) -> None:
        while True:
            try:
                async with client.pubsub() as pubsub:
                    await pubsub.subscribe(_CHANNEL)
                    self.connected = True
                    while True:
                        heard = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
                        if heard is not None:
                            self._pass_on(heard["data"])
                        elif not await client.ping():
                            break
            except _AWAY as error:
                if self.connected:
                    log.warning("Redis is away (%s); looking by timer until it is back", type(error).__name__)
            self.connected = False
            await asyncio.sleep(0.5)

    def _pass_on(self, data: bytes) -> None:
        try:
            signals = _signals.decode(data)
        except msgspec.MsgspecError as error:  # a process of another version; the timer serves
            log.warning("a signal that cannot be read: %s", error)
            return
        for signal in signals:
            if signal.origin != self._origin:
                self._deliver(signal.topic, signal.key, signal.word)


class Wake:
    """Waits for the signals of one topic and key; a signal that comes between two waits is not missed."""

    def __init__(self, bus: Bus, topic: Topic, key: str | None = None) -> None:
        self._bus = bus
        self._event = asyncio.Event()
        self._listening = bus.listening(topic, lambda _key, _word: self._event.set(), key)

    def __enter__(self) -> Wake:
        self._listening.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.__exit__(None, None, None)

    async def wait(self, timeout: float | None = None) -> None:
        """Returns at the next signal, or after `timeout` seconds, by default the time to look for oneself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._bus.sweep_interval if timeout is None else timeout):
                await self._event.wait()
        self._event.clear()
