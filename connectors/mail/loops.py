"""What nothing automatic may answer (RFC 3834), and who is to look at it instead. Pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from connectors.mail.types import Mail

MOST_AN_HOUR = 5
"""Automatic mails into one case; more are a loop, whatever the mails say of themselves."""


class Handling(Struct, frozen=True):
    """`answered`: the bot may answer. `person`: somebody of ours is to; where neither, the mail is only kept."""

    answered: bool
    person: bool
    reason: str = ""


def handling(mail: Mail, own: Collection[str], *, copy: bool, automatic_lately: int) -> Handling:
    """How a mail is treated. `copy`: we have sent it, or have it already; `automatic_lately`: in the last hour."""
    if mail.kind != "message":
        return Handling(answered=False, person=False, reason=f"{mail.kind}: {mail.reason}")
    if copy:
        return Handling(answered=False, person=False, reason="a copy of a mail that we sent, or have")
    if mail.sender is None:
        return Handling(answered=False, person=True, reason="it names no sender")
    if plain(mail.sender.address) in own:
        return Handling(answered=False, person=False, reason="it comes from an address of ours")
    if automatic_lately > MOST_AN_HOUR:
        reason = f"{automatic_lately} automatic mails within an hour: no more of them here"
        return Handling(answered=False, person=True, reason=reason)
    if mail.suppress:
        return Handling(answered=False, person=True, reason="its sender wants no automatic answer")
    if not any(plain(one.address) in own for one in (*mail.to, *mail.cc)):
        return Handling(answered=False, person=True, reason="it is not addressed to us")
    return Handling(answered=True, person=False)


def plain(address: str) -> str:
    """An address without what stands behind a `+`, in lower case."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
