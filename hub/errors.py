"""What can go wrong, as types.

HubError
├── InvalidRequest       somebody sent what cannot be accepted; says where and why
├── Unauthenticated      nobody knows who is asking
├── NotFound             there is no such thing (or not for this person)
├── Forbidden            this person may not
├── IllegalTransition    the conversation's state does not allow it now
├── BotUnavailable       the dialogue engine is away
├── BotFailed            it is there, and could not answer this turn
└── DeliveryError        a platform did not take a message
    ├── Transient        may work later; `retry_after` seconds where the platform says so
    ├── AuthFailed       our credentials were refused
    ├── Deferred         not now: it can go out with the customer's next message
    ├── Withheld         the channel keeps it back, on purpose: nobody is to get it
    ├── Rejected         the platform refuses this message for good
    │   └── Unreachable  ... and any other to this customer: blocked, unsubscribed, gone
    └── Unsupported      the platform cannot carry such a message
"""

from __future__ import annotations


class HubError(Exception):
    """The root of the tree above."""


class InvalidRequest(HubError):
    """Bad input. The message names the field and the remedy and is shown to the sender."""


class Unauthenticated(HubError):
    """Not logged in, or no longer."""


class NotFound(HubError):
    """No such thing."""


class Forbidden(HubError):
    """Known, but not allowed."""


class IllegalTransition(HubError):
    """The conversation's life does not allow this step now (see `hub.lifecycle`)."""


class BotUnavailable(HubError):
    """The dialogue engine is away: nobody's turn can be answered."""


class BotFailed(HubError):
    """The dialogue engine is there, but answered this turn with an error or with nothing."""


class DeliveryError(HubError):
    """A platform did not take a message. Connectors only classify; `hub.retry` decides what follows."""


class Transient(DeliveryError):
    """Try again; `retry_after` is in seconds, None where the platform does not say."""

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class AuthFailed(DeliveryError):
    """The platform refused our credentials: somebody has to mend the settings."""


class Deferred(DeliveryError):
    """The platform lets us answer, not write: the message waits for the customer's next one."""


class Withheld(DeliveryError):
    """Nothing is wrong, but sending this would be: a courtesy for the second time today, a machine for an answer."""


class Rejected(DeliveryError):
    """The platform refuses this message, now and later."""


class Unreachable(Rejected):
    """The customer cannot be written to at all until they write again; the message says why (blocked, gone)."""


class Unsupported(DeliveryError):
    """The platform cannot carry this kind of message."""
