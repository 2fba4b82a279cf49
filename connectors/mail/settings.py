"""What `hub.yml` says about a mail channel."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

Closeness = Callable[[str, Sequence[str]], Awaitable[Sequence[float]]]
"""How close a text is to each of others in what it says: 1 is the same."""

Security = Literal["none", "starttls", "tls"]
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\x00-\x1f]{1,64}@[^\s@<>,;:\"\\()\x00-\x1f]{1,250}")


class OAuth2(Struct, frozen=True, forbid_unknown_fields=True):
    """A provider that takes no passwords: `refresh_token` gets access tokens from `token_url`."""

    client_id: str
    client_secret: str
    refresh_token: str
    token_url: Annotated[str, Meta(pattern="^https?://.")]
    scope: str | None = None


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """A mail server and how we log in: with a `password`, or with `oauth2`.

    `ca_file` is a company's own authority, in PEM; then no other is trusted.
    """

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(gt=0, lt=65536)]
    security: Security
    username: str | None = None
    password: str | None = None
    oauth2: OAuth2 | None = None
    ca_file: str | None = None

    def __post_init__(self) -> None:
        if self.password is not None and self.oauth2 is not None:
            raise ValueError("password: there is oauth2, too; keep one of the two")
        if (self.username is None) is not (self.password is None and self.oauth2 is None):
            raise ValueError("username: needs a password (or oauth2), and the other way round; set both or neither")
        if self.security == "starttls" and self.port in {465, 993}:
            raise ValueError(f"security: at port {self.port} TLS is there from the first word; take tls")
        if self.ca_file is not None:
            self._look_at(self.ca_file)

    def _look_at(self, ca_file: str) -> None:
        if self.security == "none":
            raise ValueError("ca_file: is of no use with security: none; remove it, or take starttls or tls")
        try:
            ssl.create_default_context(cafile=ca_file)
        except ssl.SSLError:
            raise ValueError(f"ca_file: {ca_file} holds no certificate; name a file in PEM (-----BEGIN ...)") from None
        except OSError as error:
            raise ValueError(f"ca_file: {ca_file} cannot be read ({error.strerror}); name a file that can") from None


class Imap(Server, frozen=True, forbid_unknown_fields=True):
    """A mailbox that is read. `folder`: where new mail comes in."""

    folder: Annotated[str, Meta(min_length=1)] = "INBOX"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.username is None:
            raise ValueError("username: a mailbox needs one, with its password (or oauth2)")

    @property
    def key(self) -> str:
        """The mailbox's own name among all."""
        return f"{self.username}@{self.host}:{self.port}/{self.folder}"


class MailSettings(Struct, frozen=True, tag="mail", tag_field="kind", forbid_unknown_fields=True):
    """A mail channel: the mailboxes that it reads, and the server that it sends by.

    `addresses` are further ones of ours. `sender_name` is what customers see as the sender. `import_since`: the first
    connection takes mail from that day on, and not only what arrives from then on. `authserv_id` is the name with which
    our own server signs its `Authentication-Results`; what other servers claim is not believed. `plus_addressing`: the
    server delivers `help+anything@` to `help@`. `ask_rating`: agents' mails end in a link to rate us by. `secret`
    signs what we put into addresses and links.
    """

    name: str
    address: str
    imap: Imap | tuple[Imap, ...]
    smtp: Server
    addresses: tuple[str, ...] = ()
    sender_name: Annotated[str, Meta(max_length=200)] = ""
    import_since: date | None = None
    delete_after_import: bool = False
    authserv_id: str | None = None
    plus_addressing: bool = False
    ask_rating: bool = True
    secret: Annotated[str, Meta(min_length=16)] | None = None
    poll_seconds: Annotated[float, Meta(gt=0, le=540)] = 120

    def __post_init__(self) -> None:
        for key, address in (("address", self.address), *(("addresses", each) for each in self.addresses)):
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{key}: {address!r} is no mail address; for example help@shop.example")
        if not self.mailboxes:
            raise ValueError("imap: name at least one mailbox")
        keys = [mailbox.key for mailbox in self.mailboxes]
        if len(set(keys)) < len(keys):
            raise ValueError("imap: the same mailbox stands there twice; remove one")

    @property
    def mailboxes(self) -> tuple[Imap, ...]:
        """All that are read."""
        return self.imap if isinstance(self.imap, tuple) else (self.imap,)

    @property
    def own(self) -> frozenset[str]:
        """All addresses of ours, in lower case."""
        return frozenset(address.lower() for address in (self.address, *self.addresses))

    @property
    def domain(self) -> str:
        """Of our main address."""
        return self.address.rpartition("@")[2].lower()
