"""What is around Tencent's messages, encrypted or not: signatures, and the encryption. WeChat and WeCom share it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

from connectors.wechat.crypto import decrypt, encrypt, is_signed, sign
from connectors.wechat.messages import encrypted_reply, fields_of
from hub.errors import InvalidRequest, Unauthenticated

SKEW = 600.0
"""Seconds by which a request's time may differ from ours. Repetitions come for 15 seconds, and clocks are not exact."""


class Envelope:
    """The envelopes of one account. `key`: None where nothing is encrypted. `receive_id`: for whom they are."""

    def __init__(self, token: str, key: bytes | None, receive_id: str) -> None:
        self._token = token
        self._key = key
        self._receive_id = receive_id

    def echo(self, query: Mapping[str, str]) -> str:
        """What WeChat wants to read when it asks whether we are there; raises `Unauthenticated`."""
        echostr = query.get("echostr", "")
        if not echostr:
            raise InvalidRequest("echostr: missing")
        if "signature" not in query and self._key is not None:
            self._check(query, "msg_signature", echostr)
            return decrypt(self._key, echostr, self._receive_id).decode("utf-8", "replace")
        self._check(query, "signature")
        return echostr

    def open(self, query: Mapping[str, str], body: bytes) -> bytes:
        """The XML that WeChat means; raises `Unauthenticated`, `InvalidRequest`.

        Where messages are encrypted, nothing outside of the encrypted part is believed.
        """
        self._check_time(query)
        if self._key is None:
            self._check(query, "signature")
            return body
        if "signature" in query:
            self._check(query, "signature")
        if not query.get("msg_signature"):
            raise Unauthenticated("msg_signature: missing; messages of this account are encrypted")
        encrypted = fields_of(body).get("Encrypt", "")
        if not encrypted:
            raise InvalidRequest("Encrypt: missing; messages of this account are encrypted")
        self._check(query, "msg_signature", encrypted)
        return decrypt(self._key, encrypted, self._receive_id)

    def seal(self, reply: bytes) -> bytes:
        """A passive reply as it goes over the wire."""
        if self._key is None:
            return reply
        encrypted = encrypt(self._key, reply, self._receive_id)
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        return encrypted_reply(encrypted, sign(self._token, timestamp, nonce, encrypted), timestamp, nonce)

    def _check(self, query: Mapping[str, str], name: str, *more: str) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not timestamp or not nonce:
            raise Unauthenticated("timestamp and nonce: one of them is missing")
        if not is_signed(query.get(name, ""), self._token, timestamp, nonce, *more):
            raise Unauthenticated(f"{name}: missing or wrong; is it our token?")

    def _check_time(self, query: Mapping[str, str]) -> None:
        timestamp = query.get("timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            raise Unauthenticated("timestamp: missing, or no time")
        if abs(time.time() - int(timestamp)) > SKEW:
            raise Unauthenticated(f"timestamp: more than {SKEW / 60:.0f} minutes from our clock")
