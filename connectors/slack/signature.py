"""Whether a request comes from Slack."""

from __future__ import annotations

from collections.abc import Mapping

from slack_sdk.signature import SignatureVerifier

from hub.errors import Unauthenticated

STAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raises `Unauthenticated` unless the body was signed with our secret within the last five minutes.

    Slack's own verifier looks at the text of the body and raises on junk; to us that is a wrong signature as well.
    """
    stamp, signature = headers.get(STAMP), headers.get(SIGNATURE)
    if not stamp or not signature:
        raise Unauthenticated(f"{STAMP} and {SIGNATURE}: both are needed")
    try:
        valid = SignatureVerifier(secret).is_valid(body, stamp, signature)
    except (ValueError, TypeError, OverflowError):
        valid = False
    if not valid:
        raise Unauthenticated(f"{SIGNATURE}: not of this channel's signing_secret, or older than five minutes")
