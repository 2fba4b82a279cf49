"""What nothing automatic may answer (RFC 3834), and who is to look at it instead. Pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from connectors.mail.types import Mail

MOST_AN_HOUR = 5
"""Automatic mails into one case; more are a loop, whatever the mails say of themselves."""

MOST_TO_ONE = 12
"""Automatic mails within an hour to one sender: a machine that gives each of its answers a new subject, say, and so
makes a case of each."""


class Handling(Struct, frozen=True):
    """`answered`: the bot may answer. `person`: somebody of ours is to; where neither, the mail is only kept."""

    answered: bool
    person: bool
    reason: str = ""


def handling(mail: Mail, own: Collection[str], *, copy: bool, automatic_lately: int, to_sender: int = 0) -> Handling:
    """How a mail is treated. `copy`: we have sent it, or have it already.

    `automatic_lately`: so many automatic mails went into its case in the last hour, and `to_sender` to its sender.
    """
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
    if to_sender > MOST_TO_ONE:
        reason = f"{to_sender} automatic mails within an hour to its sender: no more of them"
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
