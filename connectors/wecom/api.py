"""WeCom's API as far as customer service uses it. Its errors come out as ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from connectors.wechat.calls import MEDIA, Calls, patience
from connectors.wecom.errors import TOKEN_CODES, error_of
from connectors.wecom.settings import WeComSettings
from hub.connector import File
from hub.errors import DeliveryError, Rejected, Transient
from hub.store.db import Database

T = TypeVar("T")

LIMIT = 1000
"""Messages that are asked for at once; WeCom gives no more."""

BOT = 1
"""The state of a session that is a program's."""

_AMR = 0


class Page(Struct, frozen=True):
    """Messages and events, each as JSON. `cursor`: where to go on, empty where WeCom names no place."""

    messages: tuple[bytes, ...]
    cursor: str
    more: bool


class State(Struct, frozen=True):
    """Whose a session is. 0: nobody's yet, 1: a program's, 2: waiting for a servicer, 3: `servicer`'s, 4: over."""

    state: int
    servicer: str = ""

    @property
    def human(self) -> bool:
        """Whether somebody sees to it in the WeCom client, or is to."""
        return self.state in (2, 3)


class Media(Struct, frozen=True):
    """A file as WeCom is given it; `kind` is its word for how it is shown."""

    kind: str
    name: str
    type: str
    data: bytes


class _Page(Struct):
    next_cursor: str = ""
    has_more: int = 0
    msg_list: list[dict[str, object]] = []


class _State(Struct):
    service_state: int
    servicer_userid: str = ""


class _Account(Struct):
    open_kfid: str


class _Accounts(Struct):
    account_list: list[_Account] = []


class _Customer(Struct):
    external_userid: str
    nickname: str = ""


class _Customers(Struct):
    customer_list: list[_Customer] = []


class Api(Calls):
    """The calls of one company's app."""

    platform = "WeCom"
    token_codes = TOKEN_CODES

    def __init__(self, settings: WeComSettings, db: Database) -> None:
        super().__init__(settings.api, db, settings.name, f"{settings.corp_id} {settings.api}")
        self._corp_id = settings.corp_id
        self._secret = settings.secret
        self._accounts = settings.accounts

    async def check(self) -> str:
        """Raises a `DeliveryError` where customer service cannot be used; its accounts are asked for."""
        answer = await self._ask_for("/cgi-bin/kf/account/list", {"offset": 0, "limit": 100}, _Accounts)
        there = {account.open_kfid for account in answer.account_list}
        missing = [account for account in self._accounts if account not in there]
        if missing and len(there) < 100:
            raise Rejected(f"open_kfid: {missing[0]} is none of the accounts that the app may manage")
        return f"accounts: {len(self._accounts or there)}"

    async def pull(self, account: str, cursor: str, token: str) -> Page:
        """What came in an account behind `cursor`; without one, all of the last three days.

        `token` is that of a callback; without one WeCom allows few calls.
        """
        wanted = {"cursor": cursor, "token": token, "limit": LIMIT, "voice_format": _AMR, "open_kfid": account}
        page = await self._ask_for("/cgi-bin/kf/sync_msg", {k: v for k, v in wanted.items() if v != ""}, _Page)
        raw = tuple(msgspec.json.encode(message) for message in page.msg_list)
        return Page(raw, page.next_cursor, bool(page.has_more))

    async def send(self, message: dict[str, object]) -> None:
        """Sends a message; raises `TimeoutError` where nobody knows whether it was taken."""
        await self.call("/cgi-bin/kf/send_msg", message, sends=True)

    async def send_on_event(self, code: str, text: str) -> None:
        """Says something that an event's `code` allows, once."""
        await self.call(
            "/cgi-bin/kf/send_msg_on_event", {"code": code, "msgtype": "text", "text": {"content": text}}, sends=True
        )

    async def state(self, account: str, customer: str) -> State:
        """Whose the session with a customer is."""
        who = {"open_kfid": account, "external_userid": customer}
        found = await self._ask_for("/cgi-bin/kf/service_state/get", who, _State)
        return State(found.service_state, found.servicer_userid)

    async def take(self, account: str, customer: str) -> None:
        """Makes the session a program's."""
        who = {"open_kfid": account, "external_userid": customer, "service_state": BOT}
        await self.call("/cgi-bin/kf/service_state/trans", who)

    async def names(self, customers: Sequence[str]) -> dict[str, str]:
        """What customers call themselves, of those who do; at most 100 at once."""
        wanted = {"external_userid_list": list(customers), "need_enter_session_context": 0}
        found = await self._ask_for("/cgi-bin/kf/customer/batchget", wanted, _Customers)
        return {customer.external_userid: customer.nickname for customer in found.customer_list if customer.nickname}

    async def upload(self, media: Media) -> str:
        """Gives WeCom a file for three days; answers its media id."""
        return await self._upload(media.kind, media.name, media.type, media.data)

    async def download(self, media: str) -> File:
        """A file that a customer sent."""
        query = {"media_id": media}
        answer = await self._with_token(
            "GET", "/cgi-bin/media/get", query, lambda: {"timeout": patience(MEDIA)}, json=False
        )
        return File(answer.name, answer.type, answer.body)

    async def _ask_for(self, path: str, body: object, type: type[T]) -> T:
        answer = await self.call(path, body)
        try:
            return msgspec.convert(answer, type)
        except msgspec.ValidationError as error:
            raise Transient(f"WeCom's answer was none ({error})") from None

    async def _fetch_token(self, another: bool) -> tuple[str, float]:
        # WeCom gives the same token until it expires; there is no way to ask for another.
        query = {"corpid": self._corp_id, "corpsecret": self._secret}
        answer = self._checked(await self._ask("GET", f"{self._base}/cgi-bin/gettoken", query, {}, sends=False))
        words = answer.words or {}
        token, seconds = words.get("access_token"), words.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise Transient("WeCom answered without an access token")
        return token, float(seconds)

    def _error(self, code: int, words: str) -> DeliveryError:
        return error_of(code, words)
