"""One browser's socket: its frames in, its stream out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

import msgspec
from aiohttp import WSMsgType, web

from connectors.webchat import frames
from connectors.webchat.frames import (
    Ack,
    ErrorFrame,
    Feedback,
    Hello,
    Rate,
    Ready,
    Said,
    Typing,
    TypingFrame,
    WantsHuman,
)
from connectors.webchat.sessions import Session, Sessions
from hub.bus import Bus, Wake
from hub.connector import Receive
from hub.ending import end
from hub.errors import HubError, InvalidRequest, NotFound
from hub.steps import Steps
from hub.store.db import AWAY
from hub.types import InboundMessage

log = logging.getLogger(__name__)

FIRST_FRAME = 15.0
SLOW = 10.0
"""Seconds: for the hello to come, and for a browser to take a frame before it is given up."""


class Socket:
    """A connected browser. Everything that it is told comes out of its stream in the database."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        channel: str,
        sessions: Sessions,
        receive: Receive,
        steps: Steps,
        bus: Bus,
        look_again: Callable[[], float],
    ) -> None:
        self._ws = ws
        self._channel = channel
        self._sessions = sessions
        self._receive = receive
        self._steps = steps
        self._bus = bus
        self._look_again = look_again
        self._conversation = ""
        self._typing = contextlib.ExitStack()
        self._typed_at = 0.0

    async def serve(self) -> None:
        """Runs until either side goes away."""
        hello = await self._hello()
        if hello is None:
            return
        try:
            session = await self._sessions.find(hello.session)
            conversation, status = await self._sessions.state(session)
        except NotFound as error:
            await self._send(ErrorFrame("unknown_session", str(error)))
            await self._ws.close(code=4401)
            return
        except AWAY:
            await self._ws.close(code=1013)  # try again later
            return
        with Wake(self._bus, "stream", str(session.stream)) as wake, self._typing:
            self._turn_to(conversation)
            await self._send(Ready(conversation, status))
            pump = asyncio.create_task(self._pump(session, hello.after, wake))
            try:
                await self._listen(session)
            finally:
                await end(pump)

    def _turn_to(self, conversation: str) -> None:
        if conversation != self._conversation:
            self._typing.close()
            self._conversation = conversation
            self._typing.enter_context(self._bus.listening("typing", self._somebody_types, conversation))

    async def _hello(self) -> Hello | None:
        with contextlib.suppress(TimeoutError, TypeError, msgspec.MsgspecError, RecursionError):
            frame = frames.decode(await self._ws.receive_str(timeout=FIRST_FRAME))
            if isinstance(frame, Hello):
                return frame
        if not self._ws.closed:
            await self._send(ErrorFrame("hello_expected", 'the first frame is {"type":"hello","session":...}'))
            await self._ws.close(code=4400)
        return None

    async def _pump(self, session: Session, after: int, wake: Wake) -> None:
        """Sends the stream's entries, each once and in order, as they appear."""
        while not self._ws.closed:
            try:
                while entries := await self._sessions.entries(session, after):
                    for entry in entries:
                        self._turn_to(entry.conversation)
                        await self._send(entry)
                        after = entry.seq
            except AWAY as error:
                log.warning("a socket waits for the database (%s)", type(error).__name__)
            except Exception:
                log.exception("a stream could not be read; its browser is sent away to come back")
                await self._ws.close(code=1011)
                return
            await wake.wait(self._look_again())

    async def _listen(self, session: Session) -> None:
        async for message in self._ws:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                frame = frames.decode(message.data)
            except (msgspec.MsgspecError, RecursionError) as error:
                await self._send(ErrorFrame("invalid_frame", str(error)))
                continue
            try:
                await self._take(session, frame)
            except InvalidRequest as error:
                await self._send(ErrorFrame("invalid", str(error), _id_of(frame)))
            except HubError as error:
                await self._send(ErrorFrame("refused", str(error), _id_of(frame)))
            except AWAY:
                await self._send(ErrorFrame("unavailable", "not stored; send it again in a moment", _id_of(frame)))
            except Exception:
                log.exception("a frame could not be taken")
                await self._send(ErrorFrame("internal", "this was our fault; send it again", _id_of(frame)))

    async def _take(self, session: Session, frame: frames.Inbound) -> None:
        match frame:
            case Said():
                receipt = await self._receive(inbound(self._channel, session, frame))
                await self._send(Ack(receipt.id, receipt.seq))
            case Typing():
                if time.monotonic() - self._typed_at >= 1:
                    self._typed_at = time.monotonic()
                    self._bus.signal("typing", self._conversation, "customer")
            case WantsHuman(wanted):
                conversation, _ = await self._sessions.state(session)
                if wanted:
                    await self._steps.customer_wants_human(conversation)
                else:
                    await self._steps.customer_takes_back(conversation)
            case Rate():
                await self._sessions.rate(session, frame)
            case Feedback():
                await self._sessions.feedback(session, frame)
            case Hello():
                raise InvalidRequest("hello: only once, as the first frame")

    def _somebody_types(self, conversation: str, author: str) -> None:
        if author != "customer":
            task = asyncio.ensure_future(self._send(TypingFrame(author)))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _send(self, frame: object) -> None:
        if not self._ws.closed:
            try:
                async with asyncio.timeout(SLOW):
                    await self._ws.send_str(frames.encode(frame).decode())
            except (TimeoutError, ConnectionError):
                await self._ws.close(code=4408)


def inbound(channel: str, session: Session, said: Said) -> InboundMessage:
    """What the customer of a session said, for the way in. The browser's id counts within the session."""
    if not 0 < len(said.id) <= 64:
        raise InvalidRequest("id: a UUID, at most 64 characters")
    return InboundMessage(
        channel=channel,
        sender=session.external_id,
        scope=session.external_id,
        external_id=said.id,
        id=said.id,
        text=said.text,
        payload=said.payload,
        attachments=said.attachments,
    )


def _id_of(frame: frames.Inbound) -> str | None:
    return frame.id if isinstance(frame, Said) else None
