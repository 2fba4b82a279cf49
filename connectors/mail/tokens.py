"""Words that only we can have written: which case a mail of ours belongs to, and who may rate it.

They stand in Message-IDs and addresses, whose case does not survive everywhere: lower-case base32, short enough for the
64 characters that an address may have in front of its `@`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Iterable

_SEAL = 10
_TOKEN = re.compile(r"[a-z2-7]{42}")
_LOCAL = 64


class Tokens:
    """Makes and knows the tokens of one channel."""

    def __init__(self, secret: str, address: str) -> None:
        self._secret = secret.encode()
        self._local, _, self._domain = address.lower().rpartition("@")

    def sign(self, conversation: str, purpose: str = "case") -> str:
        """The token of a conversation."""
        id = uuid.UUID(conversation).bytes
        return _word(id + self._seal(id, purpose))

    def verify(self, token: str, purpose: str = "case") -> str | None:
        """The conversation of a token; None where it is not ours."""
        token = token.lower()
        if not _TOKEN.fullmatch(token):
            return None
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        id, seal = data[:16], data[16:]
        if len(seal) != _SEAL or _word(data) != token or not hmac.compare_digest(seal, self._seal(id, purpose)):
            return None
        return str(uuid.UUID(bytes=id))

    def message_id(self, conversation: str, key: str) -> str:
        """The Message-ID of a part of ours: the same at every attempt, and it names the case."""
        part = _word(hashlib.sha256(key.encode()).digest()[:10])
        return f"<{self.sign(conversation)}.{part}@{self._domain}>"

    def thread_id(self, conversation: str) -> str:
        """What stands first in the References of all our mails of a case: it survives a rewritten Message-ID."""
        return f"<{self.sign(conversation)}@{self._domain}>"

    def reply_to(self, conversation: str) -> str | None:
        """Our address with the token in it; None where that gets too long."""
        local = f"{self._local}+{self.sign(conversation)}"
        return f"{local}@{self._domain}" if len(local) <= _LOCAL else None

    def in_addresses(self, addresses: Iterable[str]) -> str | None:
        """The case that one of our addresses names."""
        for address in addresses:
            local, _, domain = address.lower().rpartition("@")
            base, plus, token = local.rpartition("+")
            if plus and (base, domain) == (self._local, self._domain) and (found := self.verify(token)):
                return found
        return None

    def in_ids(self, ids: Iterable[str]) -> str | None:
        """The case that the first Message-ID of ours among these names."""
        for id in ids:
            local, _, domain = id.strip("<> ").lower().rpartition("@")
            if domain == self._domain and (found := self.verify(local.partition(".")[0])):
                return found
        return None

    def _seal(self, id: bytes, purpose: str) -> bytes:
        return hmac.new(self._secret, purpose.encode() + b"\0" + id, hashlib.sha256).digest()[:_SEAL]


def _word(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
