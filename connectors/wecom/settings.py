"""What `hub.yml` says about WeCom customer service (微信客服); all of it is checked when it is read."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from connectors.wechat.crypto import key_of
from connectors.wechat.settings import LONGEST_TEXT, Welcome, Word
from hub.render import utf8

ACCOUNT = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
"""What an open_kfid looks like."""


class WeComSettings(Struct, frozen=True, kw_only=True, tag="wecom", tag_field="kind", forbid_unknown_fields=True):
    """One company's customer service accounts.

    `secret` is that of the app that may call 微信客服's interfaces, `token` and `encoding_aes_key` are those of its
    callback. `open_kfid`: the accounts to serve; without it every account that a callback names.
    """

    name: str
    corp_id: Word
    secret: Word
    token: Word
    encoding_aes_key: Word
    open_kfid: Word | tuple[Word, ...] = ()
    api_base_url: Annotated[str, Meta(pattern="^https?://.")] = "https://qyapi.weixin.qq.com"
    welcome: Welcome | Word | None = None

    def __post_init__(self) -> None:
        key_of(self.encoding_aes_key)
        for account in self.accounts:
            if not ACCOUNT.fullmatch(account):
                raise ValueError(f"open_kfid: {account!r} is none; copy the account's 客服ID, which begins with wk")
        if utf8(self.greeting) > LONGEST_TEXT:
            raise ValueError(f"welcome: {utf8(self.greeting)} bytes; shorten it to {LONGEST_TEXT}")

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts to serve; empty where all are."""
        return (self.open_kfid,) if isinstance(self.open_kfid, str) else tuple(dict.fromkeys(self.open_kfid))

    @property
    def greeting(self) -> str:
        """The welcome as it is sent; empty where there is none."""
        if isinstance(self.welcome, Welcome):
            return f"{self.welcome.zh}\n\n{self.welcome.en}"
        return self.welcome or ""

    @property
    def key(self) -> bytes:
        """The key under which callbacks are encrypted."""
        return key_of(self.encoding_aes_key)

    @property
    def api(self) -> str:
        """The platform's address without a slash at its end."""
        return self.api_base_url.rstrip("/")
