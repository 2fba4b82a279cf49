"""Calls of Tencent's platforms: JSON under an access token, files both ways. WeChat and WeCom share it."""

from __future__ import annotations

import io
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import aiohttp
import msgspec
from msgspec import Struct

from connectors.wechat.tokens import Tokens
from hub.errors import AuthFailed, DeliveryError, Rejected, Transient
from hub.store.db import Database

CALL = 10.0
MEDIA = 14.0
"""Seconds for a call, and for one with a file; with a token in between they stay below the outbox's patience."""

MAX_MEDIA = 25 * 2**20

_KEPT_ALIVE = 5.0
"""Seconds that an idle connection is used again: less than any server keeps it, so that none closes under a message."""


class Answer(Struct, frozen=True):
    """What came over HTTP with status 200. `words` is the JSON in it, where it is JSON."""

    type: str
    name: str
    body: bytes
    words: dict[str, Any] | None

    @property
    def code(self) -> int:
        """The platform's error code; 0 where all is well."""
        code = (self.words or {}).get("errcode", 0)
        return code if isinstance(code, int) else 0


class NoSuchCall(Transient):
    """What answers has no such call: it is no whole platform, or not yet."""


class Calls(ABC):
    """The calls of one account. No error of it holds an address: the token is part of each.

    `platform` is its name in errors; `token_codes` say that the token is wrong or has expired.
    """

    platform: ClassVar[str]
    token_codes: ClassVar[frozenset[int]]

    def __init__(self, base: str, db: Database, channel: str, account: str) -> None:
        self._base = base
        self._tokens = Tokens(db, channel, account, self._fetch_token)
        self._http: aiohttp.ClientSession | None = None
        self._trouble = False

    @abstractmethod
    async def _fetch_token(self, another: bool) -> tuple[str, float]:
        """A token and its seconds; `another`: not the one that was given last."""

    @abstractmethod
    def _error(self, code: int, words: str) -> DeliveryError:
        """What an error code means."""

    async def start(self) -> None:
        """Makes what calls need; makes none."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=_KEPT_ALIVE))

    async def stop(self) -> None:
        """Closes all connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def call(self, path: str, body: object, *, sends: bool = False) -> dict[str, Any]:
        """One call with JSON; raises a `DeliveryError`.

        `sends`: it puts something before a customer's eyes, so that `TimeoutError` is raised where nobody knows
        whether it was carried out.
        """
        encoded = msgspec.json.encode(body)  # not escaped: customers would see the escapes
        answer = await self._with_token(
            "POST",
            path,
            {},
            lambda: {"data": encoded, "headers": {"Content-Type": "application/json"}},
            sends=sends,
        )
        return answer.words or {}

    async def _upload(self, kind: str, name: str, type: str, content: bytes) -> str:
        """Gives the platform a file for three days; answers its media id."""

        def form() -> dict[str, Any]:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("media", io.BytesIO(content), filename=name, content_type=type)
            return {"data": data, "timeout": patience(MEDIA)}

        answer = await self._with_token("POST", "/cgi-bin/media/upload", {"type": kind}, form)
        media = (answer.words or {}).get("media_id")
        if not isinstance(media, str):
            raise Transient(f"{self.platform} did not say under which id it keeps the file")
        return media

    async def _with_token(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        more: Callable[[], dict[str, Any]],
        *,
        sends: bool = False,
        json: bool = True,
    ) -> Answer:
        """A call with the token; where that is refused, once more with a new one."""

        async def ask(token: str) -> Answer:
            known = {"access_token": token, **query}
            return await self._ask(method, self._base + path, known, more(), sends=sends, json=json)

        token = await self._tokens.get()
        answer = await ask(token)
        if answer.code in self.token_codes:
            answer = await ask(await self._tokens.get(refused=token))
        return self._checked(answer)

    def _checked(self, answer: Answer) -> Answer:
        if answer.code == 0:
            self._trouble = False
            return answer
        words = re.sub(r"[A-Za-z0-9_-]{40,}", "...", str((answer.words or {}).get("errmsg", "")))
        error = self._error(answer.code, words)
        self._trouble = isinstance(error, Transient | AuthFailed)
        raise error

    async def _ask(
        self, method: str, url: str, query: dict[str, str], more: dict[str, Any], *, sends: bool, json: bool = True
    ) -> Answer:
        assert self._http is not None, "start the connector first"
        more = {"timeout": patience(CALL), "allow_redirects": False, **more}
        try:
            async with self._http.request(method, url, params=query, **more) as response:
                if response.status != 200:
                    raise self._refused(response, sends=sends)
                answer = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:  # surely not carried out
            raise self._failed(f"{self.platform} cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            if sends:
                self._trouble = True
                raise TimeoutError(f"{self.platform} did not answer") from None
            raise self._failed(f"{self.platform} did not answer ({type(error).__name__})") from None
        except DeliveryError:
            self._trouble = True
            raise
        if json and answer.words is None:
            if sends:
                raise TimeoutError(f"{self.platform}'s answer was none")
            raise self._failed(f"{self.platform}'s answer was none")
        return answer

    def _refused(self, response: aiohttp.ClientResponse, *, sends: bool) -> Exception:
        """The error of an HTTP status. Behind a gateway that gave up, a message may have gone out all the same."""
        if sends and response.status in (502, 504):
            return TimeoutError(f"{self.platform}'s gateway answered {response.status}")
        wait = response.headers.get("Retry-After", "")
        kind = NoSuchCall if response.status in (404, 405, 501) else Transient
        return kind(f"{self.platform} answered HTTP {response.status}", float(wait) if wait.isdigit() else None)

    def _failed(self, words: str) -> Transient:
        self._trouble = True
        return Transient(words)


def patience(seconds: float) -> aiohttp.ClientTimeout:
    """So long for a call, and not long at all until it is connected."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=4)


async def _read(response: aiohttp.ClientResponse) -> Answer:
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > MAX_MEDIA:
            raise Rejected(f"the file is larger than {MAX_MEDIA // 2**20} MB")
    words = None
    if body[:1] == b"{" or "json" in response.content_type:
        try:
            words = msgspec.json.decode(bytes(body), type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            words = None
    disposition = response.content_disposition
    name = disposition.filename if disposition is not None and disposition.filename else ""
    return Answer(response.content_type, name, bytes(body), words)
