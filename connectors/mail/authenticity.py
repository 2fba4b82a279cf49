"""Whether the sender is who they say, by the word of our own mail server (RFC 8601). Nobody else's is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Word = Literal["verified", "forged", "unknown"]

_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*+"?|\(|[^"(]++', re.DOTALL)
_COMMENT = re.compile(r"[()]|(?:[^()\\]|\\.)++|\\", re.DOTALL)
_PLAIN = re.compile(r"[\w.-]*", re.ASCII)
_RESULT = re.compile(r"\s*(dmarc|dkim|spf)\s*(?:/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_NAMED = {
    "dmarc": re.compile(r"(?<![\w.])header\.from\s*=\s*(\S+)", re.IGNORECASE),
    "dkim": re.compile(r"(?<![\w.])header\.[di]\s*=\s*(\S+)", re.IGNORECASE),
    "spf": re.compile(r"(?<![\w.])smtp\.mailfrom\s*=\s*(\S+)", re.IGNORECASE),
}


def word(headers: Iterable[str], authserv_id: str | None, sender: str) -> Word:
    """What our server says of `sender`; the headers `Authentication-Results` come in their order, the last one first.

    Only the first with our server's name counts: it is the one that our server has put there.
    """
    if authserv_id is None:
        return "unknown"
    domain = _ascii(sender.rpartition("@")[2])
    for header in headers:
        name, _, results = _without_comments(header).partition(";")
        said = name.split()
        if said and said[0].lower() == authserv_id.lower():
            return _of(results, domain)
    return "unknown"


def _of(results: str, domain: str) -> Word:
    """The verdict; where the server has looked at another sender than we read in the mail, somebody plays tricks."""
    verified = forged = False
    for result in results.split(";"):
        found = _RESULT.match(result)
        if not found or not domain:
            continue
        method, outcome = found[1].lower(), found[2].lower()
        named = _NAMED[method].search(result)
        aligned = _aligned(_ascii(named[1].rpartition("@")[2]), domain) if named else method == "dmarc"
        if method == "dmarc" and not aligned:
            return "forged"
        verified = verified or (outcome == "pass" and aligned)
        forged = forged or (method == "dmarc" and outcome == "fail")
    return "verified" if verified else "forged" if forged else "unknown"


def _ascii(domain: str) -> str:
    domain = domain.lower().strip(".")
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _aligned(named: str, domain: str) -> bool:
    """Relaxed, as DMARC has it: the same, or one within the other."""
    return (
        "." in named
        and "." in domain
        and (named == domain or domain.endswith(f".{named}") or named.endswith(f".{domain}"))
    )


def _without_comments(header: str) -> str:
    """A header without what is only said. What somebody quoted is a word, whatever it looks like."""
    kept, at, depth = [], 0, 0
    while at < len(header) and (found := (_COMMENT if depth else _OUTSIDE).match(header, at)):
        piece, at = found[0], found.end()
        if piece == "(":
            depth += 1
        elif depth:
            depth -= piece == ")"
        else:
            quoted = piece.strip('"') if piece[0] == '"' else None
            kept.append(piece if quoted is None else quoted if _PLAIN.fullmatch(quoted) else "quoted")
    return "".join(kept)
