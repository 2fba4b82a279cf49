"""WeChat's API as far as we use it. Its errors come out as ours."""

from __future__ import annotations

import re

from connectors.wechat.calls import MEDIA, Calls, NoSuchCall, patience
from connectors.wechat.errors import TOKEN_CODES, error_of
from connectors.wechat.media import Medium, received
from connectors.wechat.settings import WeChatSettings
from hub.connector import File
from hub.errors import DeliveryError, Rejected, Transient
from hub.store.db import Database


class Api(Calls):
    """The calls of one account."""

    platform = "WeChat"
    token_codes = TOKEN_CODES

    def __init__(self, settings: WeChatSettings, db: Database) -> None:
        super().__init__(settings.api, db, settings.name, f"{settings.app_id} {settings.api}")
        self._app_id = settings.app_id
        self._app_secret = settings.app_secret

    async def check(self) -> str:
        """Raises a `DeliveryError` where the account cannot be used; asks the platform only if the last call failed."""
        await self._tokens.get()
        if self._trouble:
            await self._fetch_token(False)
        return "has an access token"

    async def upload(self, medium: Medium, content: bytes) -> str:
        """Gives WeChat a file for three days; answers its media id."""
        return await self._upload(medium.kind, f"{medium.kind}.{medium.ending}", medium.type, content)

    async def download(self, kind: str, media: str) -> File:
        """A file that a customer sent. Of a video WeChat tells the address instead, which it signed itself."""
        longer = {"timeout": patience(MEDIA)}
        query = {"media_id": media}
        answer = await self._with_token("GET", "/cgi-bin/media/get", query, lambda: dict(longer), json=False)
        url = (answer.words or {}).get("video_url") if kind == "video" else None
        if isinstance(url, str):
            if not re.match(r"https?://", url):
                raise Rejected("WeChat names no address for the video")
            answer = await self._ask("GET", url, {}, longer | {"allow_redirects": True}, sends=False, json=False)
        elif kind != "file" and (answer.words is not None or answer.type.startswith("text/")):
            raise Transient("WeChat's answer was no file")
        return received(kind, answer.type, answer.name, answer.body)

    async def _fetch_token(self, another: bool) -> tuple[str, float]:
        who = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._app_secret}
        stable = {"json": {**who, "force_refresh": another}}
        try:
            answer = await self._ask("POST", f"{self._base}/cgi-bin/stable_token", {}, stable, sends=False)
        except NoSuchCall:  # a proxy, say, that knows only the call before it, whose tokens end one another
            answer = await self._ask("GET", f"{self._base}/cgi-bin/token", who, {}, sends=False)
        answer = self._checked(answer)
        words = answer.words or {}
        token, seconds = words.get("access_token"), words.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise Transient("WeChat answered without an access token")
        return token, float(seconds)

    def _error(self, code: int, words: str) -> DeliveryError:
        return error_of(code, words)
