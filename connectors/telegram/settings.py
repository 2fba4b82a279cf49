"""What `hub.yml` says about a Telegram channel."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct


class TelegramSettings(Struct, frozen=True, tag="telegram", tag_field="kind", forbid_unknown_fields=True):
    """A bot of Telegram's.

    `mode`: Telegram calls us (`webhook`, with `secret_token` in its hand), or we ask it again and again (`polling`).
    `welcome`: what somebody reads who starts the bot; without it they are greeted as if they had said hello.
    """

    name: str
    token: str
    secret_token: str | None = None
    mode: Literal["webhook", "polling"] = "webhook"
    api_base_url: Annotated[str, Meta(pattern="^https?://.")] = "https://api.telegram.org"
    welcome: Annotated[str, Meta(min_length=1, max_length=4000)] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_:-]+", self.token):
            raise ValueError("token: not a bot's token; BotFather gives one that looks like 123456789:AAF-c0de")
        if self.mode == "webhook" and self.secret_token is None:
            raise ValueError("secret_token: mode webhook needs one; make it up, or set mode: polling")
        if self.secret_token is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", self.secret_token):
            raise ValueError("secret_token: Telegram takes 1 to 256 of A-Z, a-z, 0-9, _ and -; make up another one")

    @property
    def bot(self) -> int:
        """The bot's own id, with which its token begins; 0 where it does not, until Telegram tells it."""
        number = self.token.partition(":")[0]
        return int(number) if number.isdecimal() else 0
