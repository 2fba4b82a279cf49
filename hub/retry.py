"""What follows when a platform did not take a message. The one place that knows."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hub.errors import AuthFailed, DeliveryError, Transient

FIRST = 1.0
"""Seconds before the second attempt; each further one waits twice as long."""

MAX_ATTEMPTS = 12
"""With the delays below: about an hour and a half of trying."""


class Verdict(Struct, frozen=True):
    """`again`: queue it anew in `delay` seconds; `failed`: tell the agents that it did not arrive."""

    then: Literal["again", "failed"]
    delay: float = 0.0


def decide(error: DeliveryError, attempt: int) -> Verdict:
    """The verdict on `error` after `attempt` attempts, the first being 1.

    Wrong credentials are the operator's to mend, so messages wait for that rather than fail at once.
    """
    if not isinstance(error, Transient | AuthFailed) or attempt >= MAX_ATTEMPTS:
        return Verdict("failed")
    if isinstance(error, Transient) and error.retry_after is not None:
        return Verdict("again", max(0.1, error.retry_after))
    return Verdict("again", min(900.0, FIRST * 2 ** (attempt - 1)))
