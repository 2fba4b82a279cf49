"""Signatures as the Standard Webhooks convention has them: over an id, the time and the body, with a shared secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from hub.errors import Unauthenticated

TOLERANCE = 300
"""Seconds by which the two clocks may differ, and for which a delivery can be sent again as it is."""

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def signed(key: bytes, id: str, now: float, body: bytes) -> dict[str, str]:
    """The headers of a delivery of ours."""
    timestamp = str(int(now))
    return {ID: id, TIMESTAMP: timestamp, SIGNATURE: _signature(key, id, timestamp, body)}


def verify(key: bytes, headers: Mapping[str, str], now: float, body: bytes) -> None:
    """Raises `Unauthenticated` unless a delivery is signed with the key, and was just now."""
    id, timestamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (id and timestamp and given):
        raise Unauthenticated(f"{ID}, {TIMESTAMP} and {SIGNATURE} have to be sent")
    wanted = _signature(key, id, timestamp, body).encode()
    # Several signatures may stand there, while a secret is replaced by another.
    if not any(hmac.compare_digest(one.encode("utf-8", "replace"), wanted) for one in given.split(" ")):
        raise Unauthenticated(f"{SIGNATURE}: not made with this channel's secret, over ID.TIMESTAMP.BODY")
    if not (timestamp.isascii() and timestamp.isdigit() and abs(int(timestamp[:15]) - now) <= TOLERANCE):
        raise Unauthenticated(f"{TIMESTAMP}: more than {TOLERANCE // 60} minutes from our clock; sign again")


def _signature(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    over = f"{id}.{timestamp}.".encode("utf-8", "replace") + body
    return "v1," + base64.b64encode(hmac.digest(key, over, hashlib.sha256)).decode()
