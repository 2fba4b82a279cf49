"""What WeChat's error codes mean to us: one literal table."""

from __future__ import annotations

from hub.errors import AuthFailed, Deferred, DeliveryError, Rejected, Transient, Unreachable

TOKEN_CODES = frozenset({40001, 40014, 41001, 42001})
"""The access token is wrong or has expired: a new one is got, and the call made once more."""

_TOMORROW = 900.0
"""Seconds between attempts where only another day helps."""

_CODES: dict[int, tuple[type[DeliveryError], str]] = {
    -1: (Transient, "WeChat is busy"),
    # Our credentials
    40001: (AuthFailed, "the access token or app_secret is wrong"),
    40014: (AuthFailed, "the access token is not valid"),
    41001: (AuthFailed, "the access token is missing"),
    42001: (AuthFailed, "the access token has expired"),
    40013: (AuthFailed, "app_id is not valid"),
    41002: (AuthFailed, "app_id is missing"),
    40125: (AuthFailed, "app_secret is wrong"),
    41004: (AuthFailed, "app_secret is missing"),
    40243: (AuthFailed, "the AppSecret is frozen; thaw it on the account's page"),
    40164: (AuthFailed, "this server's address is not on the account's IP whitelist (IP白名单); add it there"),
    61004: (AuthFailed, "this server's address is not on the account's IP whitelist (IP白名单); add it there"),
    48001: (
        Deferred,
        "the account has no right to this call (for messages: 客服接口); have it verified, or set passive_only: true",
    ),
    48004: (AuthFailed, "WeChat has closed this call to the account"),
    50001: (AuthFailed, "the account has not been given the right to this call"),
    50007: (AuthFailed, "the account is frozen"),
    # How often
    45009: (Transient, "today's quota of calls is used up"),
    45011: (Transient, "too many calls this minute"),
    # The customer
    40003: (Unreachable, "WeChat does not know this customer"),
    43004: (Unreachable, "unsubscribed"),
    48002: (Unreachable, "does not want to receive messages"),
    50005: (Unreachable, "unsubscribed"),
    43019: (Unreachable, "on the account's black list"),
    45015: (
        Rejected,
        "the customer last wrote more than 48 hours ago; WeChat lets us write again once they have written",
    ),
    45047: (
        Deferred,
        "all messages are used up that WeChat allows after one of the customer's (5); this goes out when they write",
    ),
    # What was said
    45002: (Rejected, "the text is too long for WeChat"),
    44004: (Rejected, "WeChat carries no empty text"),
    87014: (Rejected, "WeChat refuses what the message says"),
    40004: (Rejected, "WeChat does not carry this kind of file"),
    40005: (Rejected, "WeChat does not carry this kind of file"),
    40006: (Rejected, "the file is too large for WeChat"),
    40007: (Rejected, "WeChat does not have this file (any longer); it keeps files for three days"),
    40009: (Rejected, "the image is too large for WeChat"),
    40010: (Rejected, "the voice message is too large for WeChat"),
    40011: (Rejected, "the video is too large for WeChat"),
    45001: (Rejected, "the file is too large for WeChat"),
    45007: (Rejected, "the voice message is too long for WeChat"),
    44001: (Rejected, "the file is empty"),
}


def error_of(code: int, words: str = "") -> DeliveryError:
    """The error that `code` is to us; WeChat's own `words` are shown where the code is not in the table.

    Negative codes are WeChat's own failures; any other that is not known would only come again.
    """
    kind, meaning = _CODES.get(code, (Transient if code < 0 else Rejected, words[:200] or "an unknown error"))
    detail = f"{meaning} (WeChat's error {code})"
    return Transient(detail, _TOMORROW) if code == 45009 else kind(detail)
