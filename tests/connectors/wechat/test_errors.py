"""WeChat's codes in our words."""

from __future__ import annotations

import pytest

from connectors.wechat.errors import TOKEN_CODES, error_of
from hub.errors import AuthFailed, Deferred, DeliveryError, Rejected, Transient, Unreachable


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (-1, Transient, "busy"),
        (-9, Transient, "odd"),
        (40001, AuthFailed, "app_secret"),
        (40013, AuthFailed, "app_id"),
        (40164, AuthFailed, "IP whitelist"),
        (40125, AuthFailed, "app_secret"),
        (45009, Transient, "quota"),
        (45011, Transient, "minute"),
        (48001, Deferred, "passive_only"),
        (45047, Deferred, "(5)"),
        (45015, Rejected, "48 hours"),
        (45002, Rejected, "too long"),
        (40007, Rejected, "three days"),
        (43004, Unreachable, "unsubscribed"),
        (40003, Unreachable, "does not know"),
        (99999, Rejected, "odd"),
    ],
)
def test_each_code_has_its_class_and_words(code: int, kind: type[DeliveryError], said: str) -> None:
    error = error_of(code, "something odd")
    assert type(error) is kind
    assert said in str(error)
    assert f"(WeChat's error {code})" in str(error)


def test_a_wrong_token_that_stays_wrong_is_the_operators_to_mend() -> None:
    assert all(type(error_of(code)) is AuthFailed for code in TOKEN_CODES)
