"""Slack's error codes in our words."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import AuthFailed, DeliveryError, Rejected, Transient, Unreachable

_AUTH = frozenset(
    {
        "access_denied",
        "account_inactive",
        "app_missing_action_url",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "team_disabled",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""Somebody has to mend the app or its settings; until then messages wait."""

_PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
        "timeout",
    }
)

_GONE: Mapping[str, str] = {
    "cannot_dm_bot": "Slack does not let us write to them",
    "cannot_reply_to_message": "Slack no longer takes answers in this thread",
    "channel_not_found": "the conversation no longer exists, or the app is no longer in it",
    "is_archived": "the channel is archived",
    "messages_tab_disabled": "the app's messages are turned off",
    "not_in_channel": "the app is no longer in the channel",
    "restricted_action_read_only_channel": "nobody may write in the channel",
    "restricted_action_thread_locked": "the thread is locked",
    "thread_locked": "the thread is locked",
    "user_disabled": "their account is deactivated",
    "user_is_bot": "it is a bot",
    "user_not_found": "there is no such user",
}
"""Nothing that is sent there arrives until they write again."""


def classified(code: str, status: int, headers: Mapping[str, str], needed: str | None = None) -> DeliveryError:
    """What an answer means that is not `ok`; `needed` is the permission that Slack misses."""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Transient("Slack takes no more for the moment", _seconds(headers.get("Retry-After")))
    if status >= 500 or code in _PASSING:
        return Transient(f"Slack has a fault of its own: {_word(code) or status}")
    if code in _AUTH:
        missing = f"; the app needs the permission {_word(needed)}" if needed else ""
        return AuthFailed(f"Slack refuses the app's credentials: {code}{missing}")
    if code in _GONE:
        return Unreachable(f"Slack: {_GONE[code]} ({code})")
    if not code:
        return Transient(f"Slack's answer is none of Slack's (status {status})")
    return Rejected(f"Slack refuses it: {_word(code)}")


def _seconds(retry_after: str | None) -> float:
    try:
        return min(max(float(retry_after or 1), 0.1), 3600.0)
    except ValueError:
        return 1.0


def _word(code: str | None) -> str:
    """As much of what somebody else wrote as may stand in a line of ours."""
    return "".join(sign for sign in (code or "") if sign.isalnum() or sign in "_:.,-")[:80]
