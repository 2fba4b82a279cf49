"""Mail that reaches us through a list of our own: help@ as a Google Group or a distribution list. Pure.

Such a list writes into every mail what lists write, and sometimes its own address in the place of the sender's, so that
DMARC holds. What it wrote says nothing about the mail: somebody wrote to us. A list is ours where it posts to an
address of ours (List-Post), or is called after one (List-Id). Where a second list stands beside it, it was a list's
mail before it came to ours, and stays one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import msgspec

from connectors.mail.headers import Headers, addresses
from connectors.mail.loops import plain
from connectors.mail.types import Address

_POST = re.compile(r"<\s*mailto:([^>?\s]+)", re.IGNORECASE)
_ID = re.compile(r"<([^<>]*)>\s*$")
_SAYS_VIA = re.compile(r"^'?(.*?)'?\s+via\s+.*$", re.IGNORECASE | re.DOTALL)


def is_ours(headers: Headers, own: Collection[str]) -> bool:
    """Whether a mail came through a list, and that is ours; `own` are our addresses, plain."""
    seen = Counter(name for name, _ in headers if name.startswith("list-") or name == "mailing-list")
    if not seen or seen.most_common(1)[0][1] > 1:
        return False
    if posts := _POST.findall(headers.text("list-post")):
        return all(plain(each) in own for each in posts)
    found = _ID.search(headers.text("list-id").strip())
    return found is not None and found[1].strip().lower() in {each.replace("@", ".") for each in own}


def without(headers: Headers) -> Headers:
    """The headers without what a list of ours wrote into them."""
    return Headers([(name, value) for name, value in headers if not _is_lists(name, value)])


def _is_lists(name: str, value: bytes) -> bool:
    return (
        name.startswith("list-") or name == "mailing-list" or (name, value.strip().lower()) == ("precedence", b"list")
    )


def writer(headers: Headers, sender: Address | None, own: Collection[str]) -> Address | None:
    """Who wrote a mail that came through a list of ours, where that put its own address in the place of theirs."""
    if sender is None or plain(sender.address) not in own:
        return sender
    said = _SAYS_VIA.match(sender.name)
    told = addresses([*headers.all("x-original-from"), *headers.all("x-original-sender")])
    if not told and said is not None:
        told = addresses(headers.all("reply-to"))
    for one in told:
        if plain(one.address) not in own:
            return one if one.name or said is None else msgspec.structs.replace(one, name=said[1].strip())
    return sender  # we wrote it ourselves
