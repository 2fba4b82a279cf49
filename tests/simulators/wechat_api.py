"""WeChat's API, simulated: tokens that expire, customer-service messages within their window, media, the menu."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.simulators.wechat import WeChat

TEXT_LIMIT = 2048
MEDIA_DAYS = 3 * 24 * 3600.0
MEDIA_LIMITS = {"image": 10 * 2**20, "voice": 2 * 2**20, "video": 10 * 2**20, "thumb": 64 * 2**10}
MEDIA_TYPES = {
    "image": ("image/jpeg", "image/png", "image/gif"),
    "voice": ("audio/amr", "audio/mpeg", "audio/mp3"),
    "video": ("video/mp4",),
    "thumb": ("image/jpeg",),
}
MEDIA_ERRORS = {"image": 40009, "voice": 40010, "video": 40011, "thumb": 40012}


class Refused(Exception):
    """An error of the platform, by its code."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass
class Media:
    """A file that the platform keeps for a while."""

    kind: str
    type: str
    name: str
    data: bytes
    until: float


@dataclass
class Window:
    """How long and how often a customer may be written to."""

    until: float
    left: int


Call = Callable[[web.Request, bytes], Awaitable[dict[str, Any] | web.Response]]


class WeChatApi:
    """The API of one account; `refuse` names errors by path, for what only the platform's owner can bring about.

    `wants_thumb`: a video has to come with a picture. WeChat's pages name one, and do not say that it must be there.
    """

    def __init__(self, platform: WeChat) -> None:
        self._platform = platform
        self.refuse: dict[str, int] = {}
        self.wants_thumb = False
        self.tokens: dict[str, float] = {}
        self.media: dict[str, Media] = {}
        self.windows: dict[str, Window] = {}
        self.menu: list[dict[str, Any]] = []
        self.ahead = 0.0

    def routes(self) -> list[web.RouteDef]:
        """What the account may call."""
        return [
            web.post("/cgi-bin/stable_token", self._stable_token),
            web.post("/cgi-bin/message/custom/send", self._behind_token(self._send)),
            web.post("/cgi-bin/media/upload", self._behind_token(self._upload)),
            web.get("/cgi-bin/media/get", self._behind_token(self._get)),
            web.post("/cgi-bin/menu/create", self._behind_token(self._create_menu)),
            web.get("/video/{id}", self._video),
        ]

    def now(self) -> float:
        """The clock by which tokens, windows and media end."""
        return self._platform.now() + self.ahead

    def opens(self, customer: str, seconds: float, messages: int) -> None:
        """Somebody did something after which they may be written to."""
        window = self.windows.get(customer)
        until, left = self.now() + seconds, messages
        if window is not None and window.until > until:
            until, left = window.until, max(window.left, messages)
        self.windows[customer] = Window(until, left)

    def keep(self, kind: str, type: str, name: str, data: bytes) -> str:
        """Keeps a file; answers its media id."""
        id = f"media-{self._platform.new_id()}"
        self.media[id] = Media(kind, type, name, data, self.now() + MEDIA_DAYS)
        return id

    def found(self, media: object) -> Media:
        """A file that is still kept."""
        kept = self.media.get(str(media))
        if kept is None or kept.until <= self.now():
            raise Refused(40007, "invalid media_id")
        return kept

    # Tokens ----------------------------------------------------------------------------------------------------------

    async def _stable_token(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        self._platform.calls.append((request.path, asked))
        if code := self.refuse.get(request.path):
            return _error(code, "refused")
        if asked.get("grant_type") != "client_credential":
            return _error(40002, "invalid grant_type")
        if asked.get("appid") != self._platform.app_id:
            return _error(40013, "invalid appid")
        if asked.get("secret") != self._platform.app_secret:
            return _error(40125, "invalid appsecret")
        if asked.get("force_refresh"):
            self.tokens.clear()
        token = next((known for known, until in self.tokens.items() if until - 300 > self.now()), None)
        if token is None:
            token = f"{len(self.tokens)}_{self._platform.new_id()}{self._platform.new_id()}"
            self.tokens[token] = self.now() + 7200
        return web.json_response({"access_token": token, "expires_in": int(self.tokens[token] - self.now())})

    def _behind_token(self, call: Call) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read() if request.content_type == "application/json" else b""
            self._platform.calls.append((request.path, body))
            fault = await self._platform.fault()
            if fault == "500":
                return web.Response(status=500, text="Internal Server Error")
            if fault == "429":
                return _error(45011, "api minute-quota reach limit, must slower, retry next minute")
            if fault == "rubbish":
                return web.Response(text="<html>busy</html>", content_type="text/html")
            if fault == "token":
                self.tokens.clear()
            if self.tokens.get(request.query.get("access_token", ""), 0.0) <= self.now():
                return _error(42001, "access_token expired rid: 65a0-0")
            try:
                if code := self.refuse.get(request.path):
                    raise Refused(code, "refused")
                answer = await call(request, body)
            except Refused as error:
                answer = {"errcode": error.code, "errmsg": f"{error} rid: 65a0-0"}
            if fault == "drop" and request.transport is not None:
                request.transport.close()
            return answer if isinstance(answer, web.Response) else _json(answer)

        return handle

    # Messages --------------------------------------------------------------------------------------------------------

    async def _send(self, request: web.Request, body: bytes) -> dict[str, Any]:
        message = json.loads(body.decode().replace("\\u", "\\\\u"))  # escapes are shown as they are
        customer, kind = message.get("touser"), message.get("msgtype")
        if customer not in self._platform.followers:
            raise Refused(40003, "invalid openid")
        if customer in self._platform.blocked or not self._platform.followers[customer]:
            raise Refused(43004, "require subscribe")
        window = self.windows.get(customer)
        if window is None or window.until <= self.now():
            raise Refused(45015, "response out of time limit or subscription is canceled")
        if window.left <= 0:
            raise Refused(45047, "out of response count limit")
        if kind == "text":
            text = message["text"]["content"]
            if not text:
                raise Refused(44004, "empty content")
            if len(text.encode()) > TEXT_LIMIT:
                raise Refused(45002, "content size out of limit")
            await self._platform.see(customer, text)
        elif kind in ("image", "voice", "video"):
            kept = self.found(message[kind]["media_id"])
            if kept.kind != kind or (kind == "video" and self.wants_thumb and "thumb_media_id" not in message[kind]):
                raise Refused(40007, "invalid media_id")
            await self._platform.see(customer, "", kept)
        else:
            raise Refused(40008, "invalid message type")
        window.left -= 1
        return {"errcode": 0, "errmsg": "ok"}

    # Media -----------------------------------------------------------------------------------------------------------

    async def _upload(self, request: web.Request, _: bytes) -> dict[str, Any]:
        kind = request.query.get("type", "")
        if kind not in MEDIA_LIMITS:
            raise Refused(40004, "invalid media type")
        field = (await request.post()).get("media")
        if not isinstance(field, web.FileField):
            raise Refused(41005, "media data missing")
        data = field.file.read()
        if field.content_type not in MEDIA_TYPES[kind]:
            raise Refused(40005, "invalid file type")
        if len(data) > MEDIA_LIMITS[kind]:
            raise Refused(MEDIA_ERRORS[kind], f"invalid {kind} size")
        id = self.keep(kind, field.content_type, field.filename, data)
        return {"type": kind, "media_id": id, "created_at": int(self.now())}

    async def _get(self, request: web.Request, _: bytes) -> dict[str, Any] | web.Response:
        id = request.query.get("media_id", "")
        kept = self.found(id)
        if kept.kind == "video":
            return {"video_url": f"{self._platform.url}/video/{id}"}
        return _file(kept)

    async def _video(self, request: web.Request) -> web.Response:
        return _file(self.found(request.match_info["id"]))

    # The menu --------------------------------------------------------------------------------------------------------

    async def _create_menu(self, request: web.Request, body: bytes) -> dict[str, Any]:
        menu = json.loads(body.decode().replace("\\u", "\\\\u")).get("button")
        if not isinstance(menu, list) or not 1 <= len(menu) <= 3:
            raise Refused(40016, "invalid button size")
        for button in menu:
            below = button.get("sub_button", [])
            if len(below) > 5:
                raise Refused(40023, "invalid sub button size")
            for one, longest in ((button, 16), *((one, 60) for one in below)):
                _check_button(one, longest)
        self.menu = menu
        return {"errcode": 0, "errmsg": "ok"}


def _check_button(button: dict[str, Any], longest: int) -> None:
    if not 1 <= len(button["name"].encode()) <= longest:
        raise Refused(40018, "invalid button name size")
    if button.get("type") == "click" and not 1 <= len(button["key"].encode()) <= 128:
        raise Refused(40019, "invalid button key size")
    if button.get("type") == "view" and not button["url"].startswith(("http://", "https://")):
        raise Refused(40055, "invalid button url domain")
    if ("sub_button" in button) == ("type" in button):
        raise Refused(40017, "invalid button type")


def _file(kept: Media) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{kept.name}"'}
    return web.Response(body=kept.data, content_type=kept.type, headers=headers)


def _json(words: dict[str, Any]) -> web.Response:
    # WeChat calls its JSON text/plain where it is asked for a file
    return web.Response(text=json.dumps(words, ensure_ascii=False), content_type="text/plain")


def _error(code: int, words: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": words})
