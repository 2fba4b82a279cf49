"""What the contract tests have to know of each kind of channel: how its deliveries are forged, what is odd in them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
import pytest

from hub.connector import File
from tests.contracts.direct import Browsers, Callers
from tests.simulators.base import Delivery, Simulator

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one dot."""


class Kind:
    """One kind of channel, in one of its modes; the tests are parametrised over all of them.

    `posts`: messages come as requests that anybody on the internet could make. `guarded`: what it refuses of them is
    logged. `signs_body`, `signs_time`: what their signature covers beside the secret. `says_when`: a message says when
    it was written. `acknowledges`: a message is acknowledged before it is answered. `calls`: what we say goes out by
    calls of ours, which can fail. `presses`: a button's payload comes back with it. `outgoing`: a file that it carries
    to customers.
    """

    id: ClassVar[str]
    posts: ClassVar[bool] = True
    guarded: ClassVar[bool] = True
    signs_body: ClassVar[bool] = False
    signs_time: ClassVar[bool] = False
    calls: ClassVar[bool] = True
    says_when: ClassVar[bool] = True
    acknowledges: ClassVar[bool] = True
    presses: ClassVar[bool] = True
    files_in: ClassVar[bool] = True
    files_out: ClassVar[bool] = True
    outgoing: ClassVar[File] = File("dot.png", "image/png", PNG)

    def __repr__(self) -> str:
        return self.id

    def make(self) -> Simulator:
        """The platform, not started."""
        raise NotImplementedError

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        """The delivery with a wrong signature or secret, and with none, by what was done to it."""
        raise NotImplementedError

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        """Rightly signed deliveries that say nothing that can be understood."""
        raise NotImplementedError

    def strange(self, platform: Simulator) -> Delivery | None:
        """A rightly signed delivery of a kind that the platform may bring tomorrow."""
        return None

    async def send_file(self, platform: Simulator, sender: str, name: str, data: bytes) -> bool:
        """A customer sends a file."""
        raise NotImplementedError

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Shortens how long our calls wait for the platform, for the tests in which it never answers."""


def with_header(delivery: Delivery, name: str, value: str | None) -> Delivery:
    """The delivery with this header, or without it."""
    kept = {known: said for known, said in delivery.headers.items() if known.lower() != name.lower()}
    return msgspec.structs.replace(delivery, headers=kept if value is None else {**kept, name: value})


def with_query(delivery: Delivery, name: str, value: str | None) -> Delivery:
    """The delivery with this parameter behind the `?`, or without it."""
    kept = {known: said for known, said in delivery.query.items() if known != name}
    return msgspec.structs.replace(delivery, query=kept if value is None else {**kept, name: value})


def with_body(delivery: Delivery, body: bytes) -> Delivery:
    """The delivery with another body."""
    return msgspec.structs.replace(delivery, body=body)


def bent(word: str) -> str:
    """A word of the same length with one character changed."""
    middle = len(word) // 2
    return word[:middle] + ("a" if word[middle] != "a" else "b") + word[middle + 1 :]


class _Bearer(Kind):
    """Channels whose callers show a token."""

    guarded = False
    calls = False
    says_when = False
    bodies: ClassVar[Mapping[str, bytes]] = {
        "empty": b"",
        "not JSON": b"hello",
        "not UTF-8": b'{"id":"\xff"}',
        "a list": b"[]",
        "numbers for words": b'{"id":1,"text":2,"sender":3,"message":4}',
        "without what is needed": b"{}",
    }

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        token = delivery.headers["Authorization"]
        return {
            "bad": with_header(delivery, "Authorization", bent(token)),
            "missing": with_header(delivery, "Authorization", None),
            "no text": with_header(delivery, "Authorization", "Bearer ��"),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        known = platform.delivery("ann", "a parcel")
        return {what: with_body(known, body) for what, body in self.bodies.items()}


class WebChat(_Bearer):
    """Browsers."""

    id = "webchat"

    def make(self) -> Simulator:
        return Browsers()

    async def send_file(self, platform: Simulator, sender: str, name: str, data: bytes) -> bool:
        assert isinstance(platform, Browsers)
        file = await platform.upload(sender, name, "application/pdf", data)
        return await platform.say(sender, "", files=(file,))


class Rest(_Bearer):
    """Rasa's REST channel."""

    id = "rest"
    acknowledges = False
    presses = False
    files_in = False
    files_out = False

    def make(self) -> Simulator:
        return Callers()


KINDS: Sequence[Kind] = (WebChat(), Rest())


def over(wanted: Callable[[Kind], object] = lambda _: True) -> pytest.MarkDecorator:
    """A test over all kinds that have something."""
    return pytest.mark.parametrize("kind", [kind for kind in KINDS if wanted(kind)], ids=str)
