"""What WeCom's error codes mean to us: one literal table, and one for messages that it took and could not deliver."""

from __future__ import annotations

from hub.errors import AuthFailed, Deferred, DeliveryError, Rejected, Transient, Unreachable

TOKEN_CODES = frozenset({40014, 41001, 42001})
"""The access token is wrong or has expired: a new one is got, and the call made once more."""


class Elsewhere(Rejected):
    """The session is in a state in which messages of ours are not taken: a servicer has it, or it is over."""


class StaleToken(Rejected):
    """The token of a callback, with which messages are pulled, is too old."""


class Repeated(Rejected):
    """The account has a message under this msgid already."""


_NOT_OURS = (
    "the app may not use customer service: name it under 微信客服, 可调用接口的应用, and let it manage the account"
)

_CODES: dict[int, tuple[type[DeliveryError], str]] = {
    -1: (Transient, "WeCom is busy"),
    6000: (Transient, "WeCom is busy with this customer"),
    # Our credentials
    40001: (AuthFailed, "secret is wrong"),
    40013: (AuthFailed, "corp_id is not valid"),
    40014: (AuthFailed, "the access token is not valid"),
    41001: (AuthFailed, "the access token is missing"),
    41002: (AuthFailed, "corp_id is missing"),
    41004: (AuthFailed, "secret is missing"),
    42001: (AuthFailed, "the access token has expired"),
    48002: (AuthFailed, _NOT_OURS),
    60011: (AuthFailed, _NOT_OURS),
    60020: (AuthFailed, "this server's address is not among the app's trusted ones (企业可信IP); add it there"),
    60030: (AuthFailed, _NOT_OURS),
    95011: (AuthFailed, "the company uses 微信客服 within WeCom; let the app manage its accounts there"),
    95012: (AuthFailed, "the company does not use 微信客服 within WeCom; switch it on there"),
    95017: (AuthFailed, "the company has switched 微信客服's API off; switch it on in its console"),
    # How often
    45009: (Transient, "too many calls"),
    45033: (Transient, "too many calls at once"),
    # The customer, and the session with them
    40096: (Unreachable, "WeCom does not know this customer"),
    84061: (Unreachable, "WeCom does not know this customer"),
    95000: (Rejected, "WeCom does not know this customer service account"),
    95001: (
        Deferred,
        "all messages are used up that WeCom allows after one of the customer's (5); this goes out when they write",
    ),
    95002: (
        Rejected,
        "the customer last wrote more than 48 hours ago; WeCom lets us write again once they have written",
    ),
    95004: (Rejected, "WeCom does not know this customer service account"),
    95007: (StaleToken, "the callback's token is too old"),
    95013: (Elsewhere, "the session with the customer is over"),
    95016: (Rejected, "WeCom does not let the session change its state so"),
    95018: (Elsewhere, "WeCom takes no messages of ours in the session's state"),
    # What was said
    40004: (Rejected, "WeCom does not carry this kind of file"),
    40005: (Rejected, "WeCom does not carry this kind of file"),
    40006: (Rejected, "the file is too large for WeCom, or has no more than 5 bytes"),
    40007: (Rejected, "WeCom does not have this file (any longer); it keeps files for three days"),
    40009: (Rejected, "the image is too large for WeCom"),
    40010: (Rejected, "the voice message is too large for WeCom"),
    40011: (Rejected, "the video is too large for WeCom"),
    40058: (Rejected, "WeCom does not understand the message"),
    44001: (Rejected, "the file is empty"),
    44004: (Rejected, "WeCom carries no empty text"),
    45001: (Rejected, "the file is too large for WeCom"),
    45002: (Rejected, "the text is too long for WeCom"),
    95008: (Rejected, "there are too many buttons for WeCom"),
    95009: (Rejected, "WeCom does not know this kind of button"),
}

_WAIT = {-1: 5.0, 6000: 1.0, 45009: 60.0, 45033: 5.0}

REFUSES = 10
"""The kind of failure that says that the customer wants to hear nothing."""

_FAILURES = {
    1: "the customer service account has been deleted",
    2: "the app has been switched off",
    4: "the customer last wrote more than 48 hours ago; WeCom lets us write again once they have written",
    5: "the session with the customer is over",
    6: "all messages are used up that WeCom allows after one of the customer's (5); it allows more once they write",
    7: "the company has no video account (视频号) bound to 微信客服",
    8: "the company is not verified",
    9: "the company is not verified, and has no video account (视频号) bound to 微信客服",
    REFUSES: "the customer refuses messages",
    11: "nobody of the company is logged in to WeCom",
    12: "WeCom does not let customer service send this kind of message",
    13: "WeCom has restricted the account for security's sake",
}


def error_of(code: int, words: str = "") -> DeliveryError:
    """The error that `code` is to us; WeCom's own `words` are shown where the code is not in the table.

    Which code a repeated msgid has, WeCom does not document: whatever speaks of a msgid is taken for it. Only who sends
    something again asks. Negative codes are WeCom's own failures; any other that is not known would only come again.
    """
    if code > 0 and "msgid" in words.lower():
        return Repeated(f"WeCom does not take this msgid (WeCom's error {code})")
    kind, meaning = _CODES.get(code, (Transient if code < 0 else Rejected, words[:200] or "an unknown error"))
    detail = f"{meaning} (WeCom's error {code})"
    return Transient(detail, _WAIT.get(code)) if kind is Transient else kind(detail)


def failure_of(kind: int) -> str:
    """Why a message that WeCom had taken did not arrive."""
    return f"{_FAILURES.get(kind, 'WeCom could not deliver it')} (WeCom's failure {kind})"
