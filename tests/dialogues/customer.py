"""A customer at a browser, over a real socket, and the agent at the console's API."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import msgspec

from connectors.webchat.frames import Ack, ErrorFrame, MessageFrame, Ready, StatusFrame, TypingFrame
from hub.types import Button, Language

Entry = MessageFrame | StatusFrame
_decode = msgspec.json.Decoder(Ready | Ack | MessageFrame | StatusFrame | TypingFrame | ErrorFrame).decode

# The smallest files that are what they say.
_FILES = {
    "picture": ("photo.gif", "image/gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
    "voice": ("voice.ogg", "audio/ogg", b"OggS\x00\x02" + bytes(22)),
}


class Refused(Exception):
    """Something cannot be done as things stand."""


class Customer:
    """One session: what was sent and acknowledged, and the stream as it came over the socket."""

    def __init__(
        self,
        url: str,
        http: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
        session: str,
        conversation: str,
    ) -> None:
        self.conversation = conversation
        self.entries: list[Entry] = []
        self.acks: dict[str, int] = {}
        self.errors: list[str] = []
        self._url = f"{url}/channels/web"
        self._http = http
        self._session = session
        self._socket = socket
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Takes in what comes until the socket is closed."""
        async for frame in self._socket:
            match _decode(frame.data):
                case MessageFrame() | StatusFrame() as entry:
                    self.entries.append(entry)
                case Ack(id, seq):
                    self.acks[id] = seq
                case ErrorFrame(code, message):
                    self.errors.append(f"{code}: {message}")
            self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something holds of what has come."""
        while not holds():
            self._news.clear()
            await self._news.wait()

    async def say(self, text: str, payload: str | None = None, file: str | None = None) -> str:
        """Sends a message and gives its id; does not wait for the acknowledgement."""
        message = str(uuid.uuid4())
        frame: dict[str, Any] = {"type": "message", "id": message, "text": text}
        if payload is not None:
            frame["payload"] = payload
        if file is not None:
            frame["attachments"] = [await self._upload(file)]
        await self._send(frame)
        return message

    async def want_human(self, wanted: bool) -> None:
        """Presses the human button, or takes that back, and waits until that has been seen to."""
        await self._send({"type": "handoff", "wanted": wanted})
        # Nobody acknowledges it; but frames are taken in their order, and a second hello is refused aloud.
        before = len(self.errors)
        await self._send({"type": "hello", "session": self._session})
        await self.until(lambda: len(self.errors) > before)
        self.errors.pop()

    def find(self, title: str) -> Button | None:
        """The button with this title that was offered last."""
        for entry in reversed(self.entries):
            for button in entry.buttons if isinstance(entry, MessageFrame) else ():
                if button.title == title:
                    return button
        return None

    async def stream(self) -> list[int]:
        """The numbers of all entries of the stream, read again from its beginning."""
        headers = {"Authorization": f"Bearer {self._session}"}
        numbers: list[int] = []
        while True:
            after = numbers[-1] if numbers else 0
            async with self._http.get(f"{self._url}/messages?after={after}", headers=headers) as response:
                page = (await response.json())["messages"]
            if not page:
                return numbers
            numbers += [entry["seq"] for entry in page]

    async def _upload(self, file: str) -> str:
        name, kind, data = _FILES[file]
        form = aiohttp.FormData()
        form.add_field("file", data, filename=name, content_type=kind)
        headers = {"Authorization": f"Bearer {self._session}"}
        async with self._http.post(f"{self._url}/attachments", data=form, headers=headers) as response:
            response.raise_for_status()
            return str((await response.json())["id"])

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_json(frame)


@contextlib.asynccontextmanager
async def customer(url: str, http: aiohttp.ClientSession, language: Language) -> AsyncIterator[Customer]:
    """Somebody who has just opened the chat."""
    async with http.post(f"{url}/channels/web/sessions", json={"locale": language}) as response:
        opened = await response.json()
    async with http.ws_connect(f"{url}/channels/web/socket") as socket:
        await socket.send_json({"type": "hello", "session": opened["session"], "after": 0})
        one = Customer(url, http, socket, opened["session"], opened["conversation"])
        listening = asyncio.create_task(one.listen())
        try:
            yield one
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


class Agent:
    """The agent of the demo log-ins, at the API."""

    def __init__(self, url: str, http: aiohttp.ClientSession, token: str) -> None:
        self._url = f"{url}/api/v1"
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def do(self, conversation: str, action: str, body: dict[str, str] | None = None) -> None:
        """claim, release, close or messages; raises `Refused`."""
        url = f"{self._url}/conversations/{conversation}/{action}"
        async with self._http.post(url, json=body or {}, headers=self._headers) as response:
            if response.status >= 300:
                raise Refused(f"the agent may not {action}: {await response.text()}")

    async def say(self, conversation: str, text: str) -> None:
        """Writes to the customer."""
        await self.do(conversation, "messages", {"id": str(uuid.uuid4()), "text": text})

    async def until_articles_are_found(self) -> None:
        """Waits until the sample articles are served: after a first start that takes a moment."""
        while True:
            body = {"text": "warranty", "language": "en"}
            async with self._http.post(f"{self._url}/search", json=body, headers=self._headers) as response:
                if response.status == 200 and (await response.json())["hits"]:
                    return
            await asyncio.sleep(0.2)


async def log_in(url: str, http: aiohttp.ClientSession, password: str) -> Agent:
    """The agent, logged in; just after a start the demo log-ins may still be on their way."""
    login = {"email": "agent@example.com", "password": password}
    while True:
        async with http.post(f"{url}/api/v1/login", json=login) as response:
            if response.status == 200:
                return Agent(url, http, (await response.json())["token"])
        await asyncio.sleep(0.2)
