"""Socket Mode: events over a connection that we open.

The connection is our own: Slack's client works through what comes in any order, goes on for ever with a token that is
not valid, and has been seen to sit silently on a dead connection. Here what comes from one place is taken in its order,
from several at once: Slack waits three seconds for each. It is acknowledged once it is stored, and a connection is
given up when it is told to go, does not answer a ping, or is an hour old.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import msgspec
from aiohttp import ClientWebSocketResponse, WSMsgType
from msgspec import Struct

from connectors.slack.api import SlackApi
from connectors.slack.events import Json
from connectors.slack.lanes import Lanes
from hub.ending import end
from hub.errors import AuthFailed, DeliveryError, HubError, InvalidRequest, Transient
from hub.store import channel_state
from hub.store.db import AWAY, Database

log = logging.getLogger(__name__)

HEARTBEAT: Final = 20.0
"""Seconds between pings; a connection that is silent for half as long after one is dead."""

OLDEST: Final = 3600.0
"""Seconds after which a connection is replaced: Slack may have forgotten one that still answers pings."""

LINGER: Final = 10.0
"""Seconds for which a connection that has a successor is still listened to: something may be on its way."""

SOONEST, LATEST = 1.0, 30.0
"""Seconds between attempts to connect."""

_STATE = "socket"
_NOT_YET = "not connected yet"


class _Frame(Struct):
    type: str = ""
    envelope_id: str | None = None
    payload: Json | None = None
    reason: str | None = None


class Socket:
    """The one connection of the channel. `take` stores what comes; `changed` hears that it came or went."""

    def __init__(
        self,
        channel: str,
        api: SlackApi,
        app_token: str,
        db: Database,
        take: Callable[[Json], Awaitable[str]],
        changed: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._api = api
        self._app_token = app_token
        self._db = db
        self._take = take
        self._changed = changed
        self._trouble: str | None = _NOT_YET
        self._readers: set[asyncio.Task[None]] = set()

    async def trouble(self) -> str | None:
        """What is wrong with the connection, in whichever process it is."""
        if self._readers:
            return self._trouble
        async with self._db.connection() as conn:
            told = await channel_state.get(conn, self._channel, _STATE)
        return _NOT_YET if told is None else told or None

    async def run(self) -> None:
        """Keeps a connection until it is cancelled. One process at a time."""
        failures, clock = 0, asyncio.get_running_loop().time
        async with aiohttp.ClientSession(trust_env=True) as session:
            try:
                while True:
                    try:
                        began = clock()
                        await self._until_over(session)
                        failures = 0
                        await asyncio.sleep(began + SOONEST - clock())  # no haste where each is told to go at once
                    except (DeliveryError, aiohttp.ClientError, OSError, TimeoutError) as error:
                        failures += 1
                        await self._note(_words(error))
                        await asyncio.sleep(LATEST if isinstance(error, AuthFailed) else _pause(failures))
            finally:
                await end(*self._readers)
                await self._note(_NOT_YET)

    async def _until_over(self, session: aiohttp.ClientSession) -> None:
        """Opens a connection; returns when it is time for the next one. The one before ends a little later."""
        before = tuple(self._readers)
        connection = await self._open(session)
        leave = asyncio.Event()
        reader = asyncio.create_task(self._read(connection, leave))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        for old in before:
            asyncio.get_running_loop().call_later(LINGER, old.cancel)
        await self._note(None)
        waiting = asyncio.create_task(leave.wait())
        try:
            await asyncio.wait([reader, waiting], timeout=OLDEST, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if reader.done() and not leave.is_set():
            raise reader.exception() or Transient("the connection ended")

    async def _open(self, session: aiohttp.ClientSession) -> ClientWebSocketResponse:
        address = await self._api.socket_address(self._app_token)
        async with asyncio.timeout(10):
            connection = await session.ws_connect(address, heartbeat=HEARTBEAT, max_msg_size=2**22)
            first = await connection.receive()
        hello = _frame(first.data) if first.type is WSMsgType.TEXT else _Frame()
        if hello.type != "hello":
            await connection.close()
            raise Transient(f"Slack closes the connection at once: {(hello.reason or 'without a word')[:40]}")
        return connection

    async def _read(self, connection: ClientWebSocketResponse, leave: asyncio.Event) -> None:
        lanes = Lanes()
        try:
            async for message in connection:
                if message.type is not WSMsgType.TEXT:
                    continue
                frame = _frame(message.data)
                if frame.type == "disconnect":
                    log.info("%s: Slack ends the connection: %s", self._channel, (frame.reason or "")[:40])
                    if frame.reason == "link_disabled":
                        raise AuthFailed("Socket Mode is turned off in the app's settings")
                    leave.set()
                if frame.envelope_id is not None and frame.payload is not None:
                    store = functools.partial(self._store, connection, frame.envelope_id, frame.payload)
                    await lanes.add(_place(frame.payload), store)
        finally:
            await lanes.end()
            await connection.close()

    async def _store(self, connection: ClientWebSocketResponse, envelope: str, payload: Json) -> None:
        try:
            await self._take(payload)
        except InvalidRequest as error:  # it will be no better the next time
            log.warning("%s: a delivery was refused: %s", self._channel, error)
        except (HubError, *AWAY) as error:
            log.warning("%s: a delivery was not stored, Slack has to send it again: %s", self._channel, _words(error))
            return
        except Exception:
            log.exception("%s: a delivery could not be stored", self._channel)
            return
        with contextlib.suppress(ConnectionError):  # it is gone, and Slack sends the envelope again
            await connection.send_str(msgspec.json.encode({"envelope_id": envelope}).decode())

    async def _note(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            log.log(
                logging.INFO if trouble is None else logging.WARNING, "%s: %s", self._channel, trouble or "connected"
            )
        self._trouble = trouble
        with contextlib.suppress(*AWAY):
            async with self._db.connection() as conn:
                await channel_state.put(conn, self._channel, _STATE, trouble or "")
        self._changed()


def _place(payload: Json) -> str:
    """Where something was written or pressed: of one place the order matters."""
    event = payload.get("event")
    for part in (event.get("channel") if isinstance(event, dict) else None, payload.get("channel")):
        id = part.get("id") if isinstance(part, dict) else part
        if isinstance(id, str):
            return id
    return ""


def _frame(text: str) -> _Frame:
    try:
        return msgspec.json.decode(text, type=_Frame)
    except msgspec.MsgspecError:
        return _Frame()


def _pause(failures: int) -> float:
    return min(LATEST, SOONEST * 2.0 ** min(failures - 1, 10))


def _words(error: BaseException) -> str:
    """Its own words only where they are ours; others may name an address with a ticket in it."""
    return str(error) if isinstance(error, HubError) else type(error).__name__
