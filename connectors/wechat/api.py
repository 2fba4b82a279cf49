"""WeChat's API as far as we use it: calls with the access token, media both ways. Its errors come out as ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from connectors.wechat.errors import TOKEN_CODES, error_of
from connectors.wechat.media import Medium, received
from connectors.wechat.settings import WeChatSettings
from connectors.wechat.tokens import Tokens
from hub.connector import File
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
        """WeChat's error code; 0 where all is well."""
        code = (self.words or {}).get("errcode", 0)
        return code if isinstance(code, int) else 0


class Api:
    """The calls of one account. No error of it holds an address: the token is part of each."""

    def __init__(self, settings: WeChatSettings, db: Database) -> None:
        self._base = settings.api
        self._app_id = settings.app_id
        self._app_secret = settings.app_secret
        self._tokens = Tokens(db, settings.name, f"{settings.app_id} {settings.api}", self._fetch_token)
        self._http: aiohttp.ClientSession | None = None
        self._trouble = False

    async def start(self) -> None:
        """Makes what calls need; makes none."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=_KEPT_ALIVE))

    async def stop(self) -> None:
        """Closes all connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def check(self) -> str:
        """Raises a `DeliveryError` where the account cannot be used; asks the platform only if the last call failed."""
        await self._tokens.get()
        if self._trouble:
            await self._fetch_token(False)
        return "has an access token"

    async def call(self, path: str, body: object, *, sends: bool = False) -> dict[str, Any]:
        """One call with JSON; raises a `DeliveryError`.

        `sends`: it puts something before a customer's eyes, so that `TimeoutError` is raised where nobody knows
        whether it was carried out.
        """
        encoded = msgspec.json.encode(body)  # not escaped: WeChat would show the escapes
        answer = await self._with_token(
            "POST",
            path,
            {},
            lambda: {"data": encoded, "headers": {"Content-Type": "application/json"}},
            sends=sends,
        )
        return answer.words or {}

    async def upload(self, medium: Medium, content: bytes) -> str:
        """Gives WeChat a file for three days; answers its media id."""

        def form() -> dict[str, Any]:
            data = aiohttp.FormData()
            data.add_field("media", content, filename=f"{medium.kind}.{medium.ending}", content_type=medium.type)
            return {"data": data, "timeout": _patience(MEDIA)}

        answer = await self._with_token("POST", "/cgi-bin/media/upload", {"type": medium.kind}, form)
        media = (answer.words or {}).get("media_id")
        if not isinstance(media, str):
            raise Transient("WeChat did not say under which id it keeps the file")
        return media

    async def download(self, kind: str, media: str) -> File:
        """A file that a customer sent. Of a video WeChat tells the address instead, which it signed itself."""
        patience = {"timeout": _patience(MEDIA)}
        query = {"media_id": media}
        answer = await self._with_token("GET", "/cgi-bin/media/get", query, lambda: dict(patience), json=False)
        url = (answer.words or {}).get("video_url") if kind == "video" else None
        if isinstance(url, str):
            if not re.match(r"https?://", url):
                raise Rejected("WeChat names no address for the video")
            answer = await self._ask("GET", url, {}, patience | {"allow_redirects": True}, sends=False, json=False)
        elif kind != "file" and (answer.words is not None or answer.type.startswith("text/")):
            raise Transient("WeChat's answer was no file")
        return received(kind, answer.type, answer.name, answer.body)

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
        if answer.code in TOKEN_CODES:
            answer = await ask(await self._tokens.get(refused=token))
        return self._checked(answer)

    async def _fetch_token(self, another: bool) -> tuple[str, float]:
        body = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._app_secret,
            "force_refresh": another,
        }
        answer = self._checked(
            await self._ask("POST", f"{self._base}/cgi-bin/stable_token", {}, {"json": body}, sends=False)
        )
        words = answer.words or {}
        token, seconds = words.get("access_token"), words.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise Transient("WeChat answered without an access token")
        return token, float(seconds)

    def _checked(self, answer: Answer) -> Answer:
        if answer.code == 0:
            self._trouble = False
            return answer
        words = re.sub(r"[A-Za-z0-9_-]{40,}", "...", str((answer.words or {}).get("errmsg", "")))
        error = error_of(answer.code, words)
        self._trouble = isinstance(error, Transient | AuthFailed)
        raise error

    async def _ask(
        self, method: str, url: str, query: dict[str, str], more: dict[str, Any], *, sends: bool, json: bool = True
    ) -> Answer:
        assert self._http is not None, "start the connector first"
        more = {"timeout": _patience(CALL), "allow_redirects": False, **more}
        try:
            async with self._http.request(method, url, params=query, **more) as response:
                if response.status != 200:
                    raise _refused(response, sends=sends)
                answer = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:  # surely not carried out
            raise self._failed(f"WeChat cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            if sends:
                self._trouble = True
                raise TimeoutError("WeChat did not answer") from None
            raise self._failed(f"WeChat did not answer ({type(error).__name__})") from None
        except DeliveryError:
            self._trouble = True
            raise
        if json and answer.words is None:
            if sends:
                raise TimeoutError("WeChat's answer was none")
            raise self._failed("WeChat's answer was none")
        return answer

    def _failed(self, words: str) -> Transient:
        self._trouble = True
        return Transient(words)


def _patience(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=4)


def _refused(response: aiohttp.ClientResponse, *, sends: bool) -> Exception:
    """The error of an HTTP status. Behind a gateway that gave up, a message may have gone out all the same."""
    if sends and response.status in (502, 504):
        return TimeoutError(f"WeChat's gateway answered {response.status}")
    wait = response.headers.get("Retry-After", "")
    return Transient(f"WeChat answered HTTP {response.status}", float(wait) if wait.isdigit() else None)


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
