"""What `hub.yml` says about a webhook channel."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from msgspec import Meta, Struct

PREFIX = "whsec_"


class WebhookSettings(Struct, frozen=True, tag="webhook", tag_field="kind", forbid_unknown_fields=True):
    """A system of one's own. `url`: where our messages go; `secret`: what both sides sign with."""

    name: str
    url: Annotated[str, Meta(pattern="^https?://.")]
    secret: str

    def __post_init__(self) -> None:
        if not 24 <= len(self.key) <= 64:
            raise ValueError(
                "secret: not of the form whsec_ and the base64 of 24 to 64 random bytes; "
                "make one with: echo whsec_$(openssl rand -base64 32)"
            )
        if origin(self.url) is None:
            raise ValueError("url: not an address; for example https://crm.example/parley")

    @property
    def key(self) -> bytes:
        """The bytes to sign with; none where the secret is not of its form."""
        try:
            coded = self.secret.removeprefix(PREFIX)
            return base64.b64decode(coded, validate=True) if self.secret.startswith(PREFIX) else b""
        except (binascii.Error, ValueError):
            return b""


def origin(url: str) -> tuple[str, str, int] | None:
    """Whose an address is: its scheme, host and port; None for one that names somebody to log in as, or is none."""
    try:
        split: SplitResult = urlsplit(url)
        port = split.port or {"http": 80, "https": 443}.get(split.scheme, 0)
    except ValueError:
        return None
    if not split.hostname or not port or split.username is not None or split.password is not None:
        return None
    return split.scheme, split.hostname, port
