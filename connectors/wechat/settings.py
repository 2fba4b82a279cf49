"""What `hub.yml` says about a WeChat Official Account; all of it is checked when it is read."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from connectors.wechat.crypto import key_of
from hub.render import utf8

Word = Annotated[str, Meta(min_length=1)]

SAYS = "say:"
"""How a menu entry's key begins that says something; the words follow, so that an old menu goes on being understood."""

LONGEST_TEXT = 2048
"""Bytes of one text message. WeChat documents none; above this it answers 45002."""

_SAYS = 128 - len(SAYS)
_MENU = 3
_ITEMS = 5


class Welcome(Struct, frozen=True, forbid_unknown_fields=True):
    """The welcome in both languages. WeChat does not say which one a new follower reads, so they get both."""

    zh: Word
    en: Word


class MenuItem(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the account's menu: it `says` something in the customer's name, opens a `url`, or holds `items`."""

    title: Word
    says: Word | None = None
    url: Annotated[str, Meta(pattern="^https?://.")] | None = None
    items: tuple[MenuItem, ...] = ()


class WeChatSettings(Struct, frozen=True, kw_only=True, tag="wechat", tag_field="kind", forbid_unknown_fields=True):
    """One Official Account.

    `mode` is what the account's page calls 明文模式, 兼容模式, 安全模式. `passive_only`: the account has no right to
    customer-service messages, so that all we say has to go back in WeChat's own requests.
    """

    name: str
    mode: Literal["plain", "compat", "safe"] = "safe"
    token: Word
    encoding_aes_key: str | None = None
    app_id: Word
    app_secret: Word
    api_base_url: Annotated[str, Meta(pattern="^https?://.")] = "https://api.weixin.qq.com"
    welcome: Welcome | Word | None = None
    menu: tuple[MenuItem, ...] = ()
    passive_only: bool = False

    def __post_init__(self) -> None:
        if self.mode != "plain" and not self.encoding_aes_key:
            raise ValueError(f"encoding_aes_key: mode {self.mode} needs it; copy the account's EncodingAESKey")
        if self.encoding_aes_key:
            key_of(self.encoding_aes_key)
        if utf8(self.greeting) > LONGEST_TEXT:
            raise ValueError(f"welcome: {utf8(self.greeting)} bytes; shorten it to {LONGEST_TEXT}")
        if len(self.menu) > _MENU:
            raise ValueError(f"menu: {len(self.menu)} entries; WeChat shows {_MENU}, put some into others' items")
        for item in self.menu:
            _check(item, 16)
            if len(item.items) > _ITEMS:
                raise ValueError(f"menu: {item.title!r} holds {len(item.items)} items; WeChat shows {_ITEMS}")
            for below in item.items:
                if below.items:
                    raise ValueError(f"menu: {below.title!r} is in an entry itself, so it cannot hold items")
                _check(below, 60)

    @property
    def greeting(self) -> str:
        """The welcome as it is sent; empty where there is none."""
        if isinstance(self.welcome, Welcome):
            return f"{self.welcome.zh}\n\n{self.welcome.en}"
        return self.welcome or ""

    @property
    def key(self) -> bytes | None:
        """The key under which messages are encrypted; None in plain mode."""
        return key_of(self.encoding_aes_key) if self.mode != "plain" and self.encoding_aes_key else None

    @property
    def api(self) -> str:
        """The platform's address without a slash at its end."""
        return self.api_base_url.rstrip("/")


def _check(item: MenuItem, longest: int) -> None:
    if sum((item.says is not None, item.url is not None, bool(item.items))) != 1:
        raise ValueError(f"menu: {item.title!r} needs exactly one of says, url and items")
    if utf8(item.title) > longest:
        raise ValueError(f"menu: the title {item.title!r} has {utf8(item.title)} bytes; WeChat shows {longest} here")
    if item.says is not None and utf8(item.says) > _SAYS:
        raise ValueError(f"menu: {item.title!r} says {utf8(item.says)} bytes; shorten that to {_SAYS}")
