"""A channel to a system of one's own: signed requests both ways, in the form of Standard Webhooks."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import aiohttp
from aiohttp import web

from connectors.watch import Watch
from connectors.webhook.messages import Taken, delivery, is_ours, parse
from connectors.webhook.settings import WebhookSettings, origin
from connectors.webhook.signing import signed, verify
from connectors.webhooks import guarded
from hub import http
from hub.connector import File, Health, Limits, Part, Recipient, Sent
from hub.core import Core
from hub.errors import AuthFailed, DeliveryError, Rejected, Transient, Unreachable, Unsupported
from hub.store import attachments
from hub.types import Attachment, Channel

TIMEOUT = 20.0
"""Seconds for a call; less than the outbox waits."""

MAX_FILES, MAX_DOWNLOAD = 10 * 2**20, 20 * 2**20


class Webhook:
    """One system that delivers to us, and to which we deliver."""

    delivery: Literal["pull", "push"] = "push"
    idempotent = True
    limits: Limits = Limits(text=20_000, buttons=10, button_title=40, files_with_text=True)

    def __init__(self, settings: WebhookSettings, core: Core) -> None:
        self.channel = Channel(settings.name, "webhook")
        self._url = settings.url
        self._key = settings.key
        self._core = core
        self._watch = Watch(settings.name, self._check)
        self._session: aiohttp.ClientSession | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """Where the other system delivers."""
        yield web.post(f"/channels/{self.channel.name}/webhook", guarded(self.channel.name, self._receive))

    async def start(self) -> None:
        """Begins to look whether the other system is there."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        self._watch.start()

    async def stop(self) -> None:
        """Ends it."""
        await self._watch.stop()
        if self._session is not None:
            await self._session.close()

    async def health(self) -> Health:
        """As it was found last."""
        return self._watch.health

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        verify(self._key, request.headers, time.time(), body)
        message = parse(body, self.channel.name, self._url)
        if message is None:
            return web.Response()  # a kind that is yet to come; nothing is to be sent again
        receipt = await self._core.intake.receive(message)
        return http.answer(Taken(receipt.id, receipt.duplicate))

    async def send(self, to: Recipient, part: Part) -> Sent:
        """Delivers one part, under its key."""
        body = delivery(to.id, part, await self._contents(part.files))
        headers = {"Content-Type": "application/json", **signed(self._key, part.key, time.time(), body)}
        try:
            async with self._http().post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                _raise_for(answer.status, answer.headers)
        except (aiohttp.ClientError, OSError) as error:
            self._watch.look_again()
            raise Transient(f"{type(error).__name__} while calling url") from error
        return Sent(part.key)

    async def _contents(self, files: Iterable[Attachment]) -> list[File]:
        found, size = [], 0
        for file in files:
            async with self._core.db.connection() as conn:
                stored = await attachments.read(conn, file.id)
            if stored is None:
                raise Rejected(f"the file {file.name} is not there")
            size += len(stored[1])
            if size > MAX_FILES:
                raise Unsupported(f"more than {MAX_FILES // 2**20} MB of files in one message")
            found.append(File(file.name, file.type, stored[1]))
        return found

    async def fetch(self, handle: str) -> File:
        """Fetches a file from the other system, with a signature of ours over nothing."""
        if not is_ours(handle, self._url):
            raise Rejected("the file is not at the host of this channel's url")
        headers = signed(self._key, f"file_{uuid.uuid4().hex}", time.time(), b"")
        try:
            async with self._http().get(handle, headers=headers, allow_redirects=False) as answer:
                _raise_for(answer.status, answer.headers)
                data = bytearray()
                async for chunk in answer.content.iter_chunked(2**16):
                    data += chunk
                    if len(data) > MAX_DOWNLOAD:
                        raise Rejected(f"a file of more than {MAX_DOWNLOAD // 2**20} MB")
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{type(error).__name__} while fetching a file") from error
        return File("", "", bytes(data))

    def _http(self) -> aiohttp.ClientSession:
        assert self._session is not None, "start comes first"
        return self._session

    async def _check(self) -> str:
        """Whether somebody listens at the url; nothing is said to them."""
        where = origin(self._url)
        assert where is not None
        scheme, host, port = where
        try:
            _, writer = await asyncio.open_connection(host, port, ssl=scheme == "https" or None)
        except OSError as error:
            raise Transient(f"nobody answers at url ({type(error).__name__})") from None
        writer.close()
        return ""


def _raise_for(status: int, headers: Mapping[str, str]) -> None:
    """Raises for an answer other than 2xx."""
    if 200 <= status < 300:
        return
    error: DeliveryError = Rejected(f"the other side answered {status}")
    if status in (401, 403):
        error = AuthFailed(f"the other side answered {status}: does it have the same secret?")
    elif status == 410:
        error = Unreachable("the other side says that they are gone (410)")
    elif status in (408, 425, 429) or status >= 500:
        error = Transient(f"the other side answered {status}", _retry_after(headers.get("Retry-After", "")))
    elif 300 <= status < 400:
        error = Rejected(f"the other side answered {status}; put the address that it redirects to into url")
    raise error


def _retry_after(said: str) -> float | None:
    """Seconds, as a number or until a date."""
    if said.isascii() and said.isdigit():
        return min(float(said), 3600.0)
    try:
        return min(max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()), 3600.0)
    except (ValueError, TypeError):
        return None
