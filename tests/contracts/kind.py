"""What the contract tests have to know of a kind of channel: how its deliveries are forged, what is odd in them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from typing import ClassVar

import msgspec
import pytest

from hub.connector import File
from tests.simulators.base import Delivery, Simulator

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one dot."""


class Kind:
    """One kind of channel, in one of its modes; the tests are parametrised over all of them.

    `posts`: messages come as requests that anybody on the internet could make. `guarded`: what it refuses of them is
    logged. `tells_all`: such a request holds the message, not only the news of one. `signs_body`, `signs_time`: what
    the signature covers. `says_when`: a message says when it was written. `acknowledges`: it is acknowledged before it
    is answered. `calls`: what we say goes out by calls of ours, which can fail. `presses`: a button's payload comes
    back with it. `numbered`: choices are numbers in the text, however many there are. `files_in`, `files_out`: which
    way files can go. `outgoing`: one that customers can be sent. `pace`: by how much it is quicker here than it is.
    `quick`: so many messages in a row are each answered, and not taken for a machine's.
    """

    id: str
    posts: ClassVar[bool] = True
    guarded: ClassVar[bool] = True
    tells_all: ClassVar[bool] = True
    signs_body: bool = False
    signs_time: ClassVar[bool] = False
    says_when: ClassVar[bool] = True
    acknowledges: ClassVar[bool] = True
    calls: ClassVar[bool] = True
    pace: ClassVar[float] = 1.0
    presses: ClassVar[bool] = True
    numbered: ClassVar[bool] = False
    files_in: ClassVar[bool] = True
    files_out: ClassVar[bool] = True
    quick: ClassVar[int] = 10
    outgoing: ClassVar[File] = File("dot.png", "image/png", PNG)

    def __repr__(self) -> str:
        return self.id

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        """The platform, not started."""
        raise NotImplementedError

    async def until_reached(self, platform: Simulator) -> None:
        """Waits until the platform can deliver, where we have to call it for that."""

    def delivery(self, platform: Simulator) -> Delivery:
        """A rightly signed delivery to be spoilt."""
        return platform.delivery("ann", "a parcel")

    def oversized(self, platform: Simulator) -> Delivery:
        """A rightly signed delivery of two million characters."""
        return platform.delivery("ann", "x" * 2_000_000)

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        """The delivery with a wrong signature or secret, and with none, by what was done to it."""
        raise NotImplementedError

    def changed(self, delivery: Delivery) -> dict[str, Delivery]:
        """The delivery with another body under the same signature."""
        body = delivery.body
        return {
            "one character": with_body(delivery, bent(body.decode()).encode()),
            "something added": with_body(delivery, body + b" "),
            "emptied": with_body(delivery, b""),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        """Rightly signed deliveries that say nothing that can be understood."""
        raise NotImplementedError

    def strange(self, platform: Simulator) -> Delivery | None:
        """A rightly signed delivery of a kind that the platform may bring tomorrow."""
        return None

    def written(
        self, platform: Simulator, sender: str, text: str, ago: float
    ) -> Callable[[], Coroutine[None, None, bool]]:
        """A message that was written so many seconds ago; it is delivered when the answer is called."""
        then = platform.now() - ago

        async def deliver() -> bool:
            platform.now = lambda: then  # type: ignore[method-assign] # the clock stands still from here on
            return await platform.say(sender, text)

        return deliver

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        """A customer sends a file."""
        raise NotImplementedError

    def words(self, text: str) -> str:
        """What we said, of what a customer is shown: a letter has more around it."""
        return text

    def lost(self, platform: Simulator, sender: str) -> set[str]:
        """A customer can no longer be written to, until they are taken out of this set."""
        platform.blocked.add(sender)
        return platform.blocked

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
