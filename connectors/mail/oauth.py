"""Access tokens for servers that take no passwords."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import msgspec
from msgspec import Struct

from connectors.mail.settings import OAuth2
from hub.errors import AuthFailed, Transient

_TIMEOUT = aiohttp.ClientTimeout(total=15)
_EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""


class _Granted(Struct):
    access_token: str
    expires_in: float = 3600


class AccessTokens:
    """Keeps one access token for each login, and fetches a new one in time. No error holds a secret."""

    def __init__(self) -> None:
        self._held: dict[OAuth2, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def get(self, login: OAuth2) -> str:
        """A token that is good now; raises `AuthFailed`, `Transient`."""
        async with self._asking:
            token, until = self._held.get(login, ("", 0.0))
            if until <= time.monotonic():
                granted = await _ask(login)
                token = granted.access_token
                self._held[login] = token, time.monotonic() + granted.expires_in - _EARLY
            return token

    def forget(self, login: OAuth2) -> None:
        """The token was refused: the next one is fetched anew."""
        self._held.pop(login, None)


async def _ask(login: OAuth2) -> _Granted:
    form = {
        "grant_type": "refresh_token",
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "refresh_token": login.refresh_token,
        **({"scope": login.scope} if login.scope else {}),
    }
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.post(login.token_url, data=form) as answer,
        ):
            body = await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Transient(f"oauth2.token_url does not answer ({type(error).__name__})") from None
    if 400 <= answer.status < 500 and answer.status != 429:
        raise AuthFailed(f"oauth2: the provider refuses the refresh token ({answer.status})")
    if answer.status != 200:
        raise Transient(f"oauth2: the provider answers {answer.status}")
    try:
        return msgspec.json.decode(body, type=_Granted)
    except msgspec.MsgspecError:
        raise Transient("oauth2: the provider answers nothing that can be understood") from None
