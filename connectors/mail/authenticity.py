"""Whether the sender is who they say, by the word of our own mail server (RFC 8601). Nobody else's is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Word = Literal["verified", "forged", "unknown"]

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*(dmarc|dkim|spf)\s*(?:/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_DOMAIN = re.compile(r"\b(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*\"?(?:[^\s;\"@]*@)?([\w.-]+)", re.IGNORECASE)


def word(headers: Iterable[str], authserv_id: str | None, sender: str) -> Word:
    """What our server says of `sender`; the headers `Authentication-Results` come in their order, the last one first.

    Only the first with our server's name counts: it is the one that our server has put there.
    """
    if authserv_id is None:
        return "unknown"
    domain = sender.rpartition("@")[2].lower()
    for header in headers:
        name, _, results = _without_comments(header).partition(";")
        said = name.split()
        if said and said[0].lower() == authserv_id.lower():
            return _of(results, domain)
    return "unknown"


def _of(results: str, domain: str) -> Word:
    forged = False
    for result in results.split(";"):
        found = _RESULT.match(result)
        if not found or not domain:
            continue
        method, outcome = found[1].lower(), found[2].lower()
        named = _DOMAIN.search(result)
        aligned = bool(named) and _aligned(named[1].lower(), domain) if named else method == "dmarc"
        if outcome == "pass" and aligned:
            return "verified"
        forged = forged or (method == "dmarc" and outcome == "fail")
    return "forged" if forged else "unknown"


def _aligned(named: str, domain: str) -> bool:
    """Relaxed, as DMARC has it: the same, or one within the other."""
    return (
        "." in named
        and "." in domain
        and (named == domain or domain.endswith(f".{named}") or named.endswith(f".{domain}"))
    )


def _without_comments(header: str) -> str:
    while (shorter := _COMMENT.sub(" ", header)) != header:
        header = shorter
    return header
