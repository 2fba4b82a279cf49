"""Calls of the Bot API: python-telegram-bot makes and sends them, here their errors become ours.

The token is part of every address, so what the libraries log or raise never gets out as it is.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec
import telegram
from msgspec import Struct
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from connectors.telegram.settings import TelegramSettings
from hub.errors import AuthFailed, DeliveryError, Rejected, Transient, Unreachable

os.environ.setdefault("PTB_TIMEDELTA", "true")  # its word for: spans of time as such, and no warning about it
for _name, _level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("telegram", logging.CRITICAL)):
    logging.getLogger(_name).setLevel(_level)

T = TypeVar("T")

TIMEOUT = 20.0
"""Seconds for a call, with whatever it uploads; less than the outbox waits."""

MAX_DOWNLOAD = 20 * 2**20
"""Bytes; larger files Telegram gives to no bot."""

_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "deactivated",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "need administrator rights",
)
"""What is in Telegram's words when it is the chat that refuses, not the message."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Me(Struct, frozen=True):
    """The bot as Telegram knows it."""

    id: int
    username: str = ""


class WebhookInfo(Struct, frozen=True):
    """Where Telegram delivers, and what went wrong last."""

    url: str = ""
    pending_update_count: int = 0
    last_error_date: int = 0
    last_error_message: str = ""


class SentMessage(Struct, frozen=True):
    """Telegram has taken a message."""

    message_id: int


class _Remote(Struct, frozen=True):
    file_path: str | None = None
    file_size: int = 0


class _Bot(telegram.Bot):
    """With the answers as they come: what a library makes of them is not needed to go on."""

    async def post(self, method: str, data: dict[str, Any], read_timeout: float) -> Any:
        """One call; answers its `result`."""
        return await self._post(method, data, read_timeout=read_timeout)


class Api:
    """The Bot API of one bot. Calls raise a `DeliveryError`, or `TimeoutError` where nobody knows what came of them.

    `ChatMigrated` comes through as it is: the same call is to be made for another chat.
    """

    def __init__(self, settings: TelegramSettings) -> None:
        self._token = settings.token
        self._files = f"{settings.api_base_url.rstrip('/')}/file/bot{settings.token}"
        self._request = HTTPXRequest(
            connect_timeout=5, pool_timeout=5, read_timeout=TIMEOUT, write_timeout=TIMEOUT, media_write_timeout=TIMEOUT
        )
        self._bot = _Bot(
            settings.token,
            base_url=f"{settings.api_base_url.rstrip('/')}/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._request.shutdown()

    async def call(
        self, method: str, type: type[T], data: Mapping[str, object] | None = None, *, timeout: float | None = None
    ) -> T:
        """Makes one call and answers its result as `type`."""
        seconds = TIMEOUT if timeout is None else timeout
        try:
            async with asyncio.timeout(seconds):
                result = await self._bot.post(method, dict(data or {}), seconds)
            return msgspec.convert(result, type)
        except telegram.error.TelegramError as error:
            raise self._ours(error) from None
        except (msgspec.ValidationError, KeyError, AttributeError, TypeError):
            raise TimeoutError(f"{method}: the answer is none of Telegram's") from None  # it may have been carried out

    async def updates(self, offset: int | None, seconds: int, kinds: Sequence[str]) -> list[dict[str, Any]]:
        """What has come in; waits so many seconds for it. `offset` tells Telegram that all before it is stored."""
        wanted = {"offset": offset, "timeout": seconds, "allowed_updates": list(kinds)}
        return await self.call("getUpdates", list[dict[str, Any]], wanted, timeout=seconds + 10.0)

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file that a customer sent."""
        file = await self.call("getFile", _Remote, {"file_id": file_id})
        if file.file_path is None or file.file_size > MAX_DOWNLOAD:
            raise Rejected(f"Telegram gives no file of more than {MAX_DOWNLOAD // 2**20} MB to a bot")
        try:
            async with asyncio.timeout(2 * TIMEOUT):
                return await self._request.retrieve(f"{self._files}/{quote(file.file_path)}", read_timeout=TIMEOUT)
        except InvalidToken:  # so the library calls every 404
            raise Rejected("Telegram no longer has this file") from None
        except telegram.error.TelegramError as error:
            raise self._ours(error) from None

    def _ours(self, error: telegram.error.TelegramError) -> Exception:
        said = error.message.replace(self._token, "<token>")[:200]
        cause = error.__cause__
        match error:
            case ChatMigrated():
                return error
            case RetryAfter():
                return Transient("too many messages at once for Telegram", _seconds(error))
            case Conflict():
                return Transient(
                    "somebody else takes this bot's messages: a webhook, or another program that polls with the same "
                    f"token; stop it, or give this channel a bot of its own ({said})"
                )
            case _ if isinstance(cause, telegram.error.TelegramError):
                return Transient(f"what answers is not Telegram ({said.partition('.')[0]})")
            case InvalidToken():
                return AuthFailed("Telegram does not know this token; set token to the one that BotFather shows")
            case Forbidden():
                return Unreachable(said)
            case BadRequest():
                return Unreachable(said) if any(word in said.lower() for word in _GONE) else Rejected(said)
            case NetworkError():
                return _of_network(said, cause)
        return TimeoutError(said)  # an answer that is none: it may have been carried out


def _of_network(said: str, cause: BaseException | None) -> Exception:
    if isinstance(cause, _NOT_SENT):
        return Transient("Telegram cannot be reached")
    if cause is not None:
        return TimeoutError("Telegram did not answer")
    if said.startswith("Request Entity Too Large"):
        return Rejected(said)
    return Transient(said)


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()


def words(error: Exception) -> str:
    """An error of a call in words for the log and the health page."""
    return str(error) if isinstance(error, DeliveryError) else str(error) or "Telegram does not answer"
