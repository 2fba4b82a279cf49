"""WeCom's API, simulated: pulled messages behind cursors, sessions in their states, windows, ids that count once."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.simulators.base import Shown
from tests.simulators.wechat_api import MEDIA_DAYS, Media, Refused

if TYPE_CHECKING:
    from tests.simulators.wecom import WeCom

Json = dict[str, Any]

DAYS_KEPT = 3 * 24 * 3600.0
TOKEN_SECONDS = 600.0
WITHOUT_TOKEN = 20
"""Pulls a minute that WeCom allows without a callback's token. It says that there are few; the number is ours."""

REPEATED = 40058
"""WeCom documents that a repeated msgid is refused, not with which code: this one is ours."""

_NEXT = {0: (0, 1, 2, 3, 4), 1: (1, 2, 3, 4), 2: (2, 3, 4), 3: (3, 4), 4: ()}
"""Into which states a program may bring a session."""

_MEDIA = {
    "image": (10 * 2**20, ("image/jpeg", "image/png"), 40009),
    "voice": (2 * 2**20, ("audio/amr",), 40010),
    "video": (10 * 2**20, ("video/mp4",), 40011),
    "file": (20 * 2**20, None, 40006),
}


@dataclass
class Session:
    """A customer's session with an account: whose it is, until when and how often we may write, its welcome."""

    state: int = 4
    servicer: str = ""
    until: float = 0.0
    left: int = 0
    welcomed: float = 0.0


Call = Callable[[web.Request, Json], Awaitable[Json | web.StreamResponse]]


class WeComApi:
    """The API of one company. `refuse` names errors by path; `page` and `empty_pages` say how messages are paged.

    `held` holds pulls up, `pulled` counts them, `overlapping` says how many there were at once in one account.

    Faults befall what customers get to see: messages and files. What goes on in the background has none, so that no
    fault is used up there.
    """

    def __init__(self, platform: WeCom) -> None:
        self._platform = platform
        self.refuse: dict[str, int] = {}
        self.tokens: dict[str, float] = {}
        self.callback_tokens: dict[str, float] = {}
        self.codes: dict[str, tuple[tuple[str, str], float]] = {}
        self.entries: dict[str, list[Json]] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.media: dict[str, Media] = {}
        self.names: dict[str, str] = {}
        self.page = 1000
        self.empty_pages = 0
        self.ahead = 0.0
        self.held = asyncio.Event()
        self.held.set()
        self.pulled = self.overlapping = 0
        self._pulling: Counter[str] = Counter()
        self._without_token: deque[float] = deque()
        self._msgids: set[tuple[str, str]] = set()

    def routes(self) -> list[web.RouteDef]:
        """What the app may call."""
        return [
            web.get("/cgi-bin/gettoken", self._gettoken),
            web.post("/cgi-bin/kf/sync_msg", self._behind_token(self._sync)),
            web.post("/cgi-bin/kf/send_msg", self._behind_token(self._send, faulty=True)),
            web.post("/cgi-bin/kf/send_msg_on_event", self._behind_token(self._send_on_event)),
            web.post("/cgi-bin/kf/account/list", self._behind_token(self._accounts)),
            web.post("/cgi-bin/kf/service_state/get", self._behind_token(self._state)),
            web.post("/cgi-bin/kf/service_state/trans", self._behind_token(self._trans)),
            web.post("/cgi-bin/kf/customer/batchget", self._behind_token(self._customers)),
            web.post("/cgi-bin/media/upload", self._behind_token(self._upload, faulty=True)),
            web.get("/cgi-bin/media/get", self._behind_token(self._get, faulty=True)),
        ]

    def now(self) -> float:
        """The clock by which tokens, windows and media end."""
        return self._platform.now() + self.ahead

    # Tokens ----------------------------------------------------------------------------------------------------------

    async def _gettoken(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self._platform.calls.append((request.path, asked))
        if code := self.refuse.get(request.path):
            return _error(code, "refused")
        if asked.get("corpid") != self._platform.corp_id:
            return _error(40013, "invalid corpid")
        if asked.get("corpsecret") != self._platform.secret:
            return _error(40001, "invalid credential")
        token = next((known for known, until in self.tokens.items() if until > self.now()), None)
        if token is None:
            token = self._platform.new_id() + self._platform.new_id()
            self.tokens[token] = self.now() + 7200
        return web.json_response(
            {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": int(self.tokens[token] - self.now())}
        )

    def _behind_token(self, call: Call, *, faulty: bool = False) -> Callable[..., Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body: Json = json.loads(await request.read()) if request.content_type == "application/json" else {}
            self._platform.calls.append((request.path, body))
            fault = await self._platform.fault() if faulty else None
            if fault == "500":
                return web.Response(status=500, text="Internal Server Error")
            if fault == "429":
                return _error(45033, "api concurrent out of limit")
            if fault == "rubbish":
                return web.Response(text="<html>busy</html>", content_type="text/html")
            if fault == "token":
                self.tokens.clear()
            if self.tokens.get(request.query.get("access_token", ""), 0.0) <= self.now():
                return _error(42001, "access_token expired")
            try:
                if code := self.refuse.get(request.path):
                    raise Refused(code, "refused")
                answer = await call(request, body)
            except Refused as error:
                answer = {"errcode": error.code, "errmsg": f"{error}, hint: [1645025097], from ip: 127.0.0.1"}
            if fault == "drop" and request.transport is not None:
                request.transport.close()
            return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

        return handle

    # What came in ----------------------------------------------------------------------------------------------------

    async def _sync(self, _: web.Request, asked: Json) -> Json:
        account = asked.get("open_kfid", "")
        if account not in self._platform.accounts:
            raise Refused(95000, "invalid open_kfid")
        self._check_pull(asked.get("token"))
        self._pulling[account] += 1
        self.overlapping = max(self.overlapping, self._pulling[account])
        try:
            await self.held.wait()
            await asyncio.sleep(0.01)
            return self._page_of(self.entries.get(account, []), asked)
        finally:
            self._pulling[account] -= 1
            self.pulled += 1

    def _check_pull(self, token: str | None) -> None:
        if token is not None:
            if self.callback_tokens.get(token, 0.0) <= self.now():
                raise Refused(95007, "invalid msg token")
            return
        while self._without_token and self._without_token[0] < self.now() - 60 / self._platform.hurry:
            self._without_token.popleft()
        if len(self._without_token) >= WITHOUT_TOKEN:
            raise Refused(45009, "api freq out of limit")
        self._without_token.append(self.now())

    def _page_of(self, entries: list[Json], asked: Json) -> Json:
        cursor = asked.get("cursor")
        if cursor is None:
            oldest = self.now() - DAYS_KEPT
            start, blank = next((n for n, one in enumerate(entries) if one["send_time"] >= oldest), len(entries)), 0
        elif found := re.fullmatch(r"at-(\d+)\.(\d+)", str(cursor)):
            start, blank = int(found[1]), int(found[2])
        else:
            raise Refused(40058, "invalid cursor")
        if self.empty_pages > 0:
            self.empty_pages -= 1
            return _page([], f"at-{start}.{blank + 1}", True)
        end = min(start + min(int(asked.get("limit", 1000)), self.page), len(entries))
        if not entries:
            return _page([], "", False)
        return _page(entries[start:end], f"at-{end}.0", end < len(entries))

    # Messages --------------------------------------------------------------------------------------------------------

    async def _send(self, _: web.Request, message: Json) -> Json:
        account, customer = str(message.get("open_kfid")), str(message.get("touser"))
        if account not in self._platform.accounts:
            raise Refused(95000, "invalid open_kfid")
        session = self.sessions.get((account, customer))
        if session is None:
            raise Refused(40096, "invalid external userid")
        msgid = self._msgid(account, message)
        if session.state not in (0, 1):
            raise Refused(95018, "send msg session status invalid")
        if session.until <= self.now():
            raise Refused(95002, "send msg time limit")
        if session.left <= 0:
            raise Refused(95001, "send msg count limit")
        shown = self._shown(message)
        session.left -= 1
        self._msgids.add((account, msgid))
        if customer in self._platform.blocked:
            self._platform.fails(account, customer, msgid, 10)
        else:
            await self._platform.show(customer, shown)
        return {"errcode": 0, "errmsg": "ok", "msgid": msgid}

    def _msgid(self, account: str, message: Json) -> str:
        msgid = message.get("msgid", self._platform.new_id())
        if not re.fullmatch(r"[0-9a-zA-Z_-]{1,32}", msgid, re.ASCII):
            raise Refused(40058, "invalid msgid")
        if (account, msgid) in self._msgids:
            raise Refused(REPEATED, "invalid Request Parameter, msgid is repeated")
        return str(msgid)

    def _shown(self, message: Json) -> Shown:
        kind = message.get("msgtype")
        if kind == "text":
            text = message["text"]["content"]
            if not text:
                raise Refused(44004, "empty content")
            _check(text, 2048)
            return Shown(text=text, at=self.now())
        if kind == "msgmenu":
            menu = message["msgmenu"]
            _check(menu.get("head_content", ""), 1024)
            _check(menu.get("tail_content", ""), 1024)
            if len(menu["list"]) > 10:
                raise Refused(95008, "menu item num out of limit")
            items = [item["click"] for item in menu["list"]]
            for item in items:
                _check(item["id"], 128, 1)
                _check(item["content"], 128, 1)
            buttons = tuple((item["content"], item["id"]) for item in items)
            return Shown(text=menu.get("head_content", ""), buttons=buttons, at=self.now())
        if kind in _MEDIA:
            kept = self.found(message[kind]["media_id"])
            if kept.kind != kind:
                raise Refused(40007, "invalid media_id")
            return Shown(file=kept.name, data=kept.data, at=self.now())
        raise Refused(40008, "invalid message type")

    async def _send_on_event(self, _: web.Request, message: Json) -> Json:
        (account, customer), until = self.codes.pop(str(message.get("code")), (("", ""), 0.0))
        if until <= self.now():
            raise Refused(95009, "invalid code")
        if message.get("msgtype") not in ("text", "msgmenu"):
            raise Refused(40008, "invalid message type")
        self.sessions[account, customer].welcomed = self.now()
        await self._platform.show(customer, self._shown(message))
        return {"errcode": 0, "errmsg": "ok", "msgid": self._platform.new_id()}

    # Sessions, accounts, customers -----------------------------------------------------------------------------------

    def _session(self, asked: Json) -> Session:
        session = self.sessions.get((str(asked.get("open_kfid")), str(asked.get("external_userid"))))
        if session is None:
            raise Refused(40096, "invalid external userid")
        return session

    async def _state(self, _: web.Request, asked: Json) -> Json:
        session = self._session(asked)
        who = {"servicer_userid": session.servicer} if session.state == 3 else {}
        return {"errcode": 0, "errmsg": "ok", "service_state": session.state, **who}

    async def _trans(self, _: web.Request, asked: Json) -> Json:
        session, wanted = self._session(asked), asked.get("service_state")
        if wanted not in _NEXT[session.state]:
            raise Refused(95016, "invalid service state transition")
        session.state = wanted
        return {"errcode": 0, "errmsg": "ok"}

    async def _accounts(self, _: web.Request, asked: Json) -> Json:
        accounts = [{"open_kfid": account, "name": "Service", "avatar": ""} for account in self._platform.accounts]
        start = int(asked.get("offset", 0))
        return {"errcode": 0, "errmsg": "ok", "account_list": accounts[start : start + int(asked.get("limit", 100))]}

    async def _customers(self, _: web.Request, asked: Json) -> Json:
        wanted = asked.get("external_userid_list", [])
        if not 1 <= len(wanted) <= 100:
            raise Refused(40058, "invalid external_userid_list")
        known = {customer for _, customer in self.sessions}
        there = [
            {"external_userid": one, "nickname": self.names.get(one, one.capitalize()), "gender": 0, "avatar": ""}
            for one in wanted
            if one in known
        ]
        gone = [one for one in wanted if one not in known]
        return {"errcode": 0, "errmsg": "ok", "customer_list": there, "invalid_external_userid": gone}

    # Media -----------------------------------------------------------------------------------------------------------

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

    async def _upload(self, request: web.Request, _: Json) -> Json:
        kind = request.query.get("type", "")
        field = (await request.post()).get("media")
        if kind not in _MEDIA:
            raise Refused(40004, "invalid media type")
        if not isinstance(field, web.FileField):
            raise Refused(41005, "media data missing")
        data, (longest, types, code) = field.file.read(), _MEDIA[kind]
        if len(data) > longest or len(data) <= 5:
            raise Refused(code, f"invalid {kind} size")
        if types is not None and field.content_type not in types:
            raise Refused(40005, "invalid file type")
        id = self.keep(kind, field.content_type, field.filename, data)
        return {"errcode": 0, "errmsg": "ok", "type": kind, "media_id": id, "created_at": str(int(self.now()))}

    async def _get(self, request: web.Request, _: Json) -> web.Response:
        kept = self.found(request.query.get("media_id", ""))
        headers = {"Content-Disposition": f'attachment; filename="{kept.name}"'}
        return web.Response(body=kept.data, content_type=kept.type, headers=headers)


def _page(entries: list[Json], cursor: str, more: bool) -> Json:
    return {"errcode": 0, "errmsg": "ok", "next_cursor": cursor, "has_more": int(more), "msg_list": entries}


def _check(text: str, longest: int, shortest: int = 0) -> None:
    if not shortest <= len(text.encode()) <= longest:
        raise Refused(40058, f"content has {len(text.encode())} bytes of {longest}")


def _error(code: int, words: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": words})
