"""A mail of ours as bytes. Pure; nothing that anybody wrote can become a header of it.

Message-IDs are written by hand: the library encodes long ones as if they were words, and nobody finds them again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from msgspec import Struct

from hub.connector import File
from hub.errors import Rejected

_POLICY = SMTP.clone(cte_type="7bit")
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,900}>")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*", re.ASCII)
_INTERNATIONAL = re.compile(r"(?=.*[^\x00-\x7f])[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_LONGEST_NAME = 200


class Draft(Struct, frozen=True, kw_only=True):
    """All that is in a mail. Addresses are without names; `automatic`: a machine wrote it, and it says so."""

    sender: str
    sender_name: str
    to: str
    to_name: str = ""
    cc: Sequence[str] = ()
    reply_to: str | None = None
    subject: str
    message_id: str
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    date: datetime
    text: str
    html: str
    files: Sequence[File] = ()
    automatic: bool = False


def compose(draft: Draft) -> bytes:
    """The mail, with CRLF; raises `Rejected` where an address cannot stand in one."""
    international = not all(each.rpartition("@")[0].isascii() for each in (draft.to, *draft.cc))
    mail = EmailMessage(_POLICY.clone(utf8=True) if international else _POLICY)
    try:
        mail["From"] = _address(draft.sender, draft.sender_name)
        mail["To"] = _address(draft.to, draft.to_name)
        if draft.cc:
            mail["Cc"] = [_address(each, "") for each in draft.cc]
        if draft.reply_to is not None:
            mail["Reply-To"] = _address(draft.reply_to, draft.sender_name)
        mail["Subject"] = line(draft.subject)
    except (ValueError, IndexError, MessageError) as error:
        raise Rejected(f"an address cannot be written to ({draft.to})") from error
    mail["Date"] = format_datetime(draft.date)
    if draft.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["X-Loop"] = line(draft.sender)
    mail.set_content(_body(draft.text), cte=_encoding(draft.text))
    mail.add_alternative(_body(draft.html), subtype="html", cte=_encoding(draft.html))
    for file in draft.files:
        _attach(mail, file)
    return _ids(draft) + mail.as_bytes()


def line(text: str) -> str:
    """`text` as one line of a header.

    What looks like an encoded word is taken apart: the library decodes it, and its line ends would begin a new header.
    """
    return _CONTROL.sub(" ", _SURROGATES.sub("\ufffd", text)).strip().replace("=?", "= ?")


def wire(address: str) -> str:
    """An address as servers want it: the domain in ASCII; raises `Rejected` where there is no such address."""
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError as error:
            raise Rejected(f"there is no domain {domain}") from error
    if not local or not domain or _CONTROL.search(address) or any(sign in address for sign in " <>,"):
        raise Rejected(f"{line(address)!r} is no address that can be written to")
    return f"{local}@{domain}"


def writable(address: str) -> bool:
    """Whether a mail can have this address on its outside."""
    try:
        Address(addr_spec=wire(address))
    except (Rejected, ValueError, IndexError, MessageError):
        return False
    return True


def _address(address: str, name: str) -> Address:
    shown, written = line(name)[:_LONGEST_NAME], wire(address)
    local, _, domain = written.rpartition("@")
    if _INTERNATIONAL.fullmatch(local):  # RFC 6531; the library takes it only in two pieces
        return Address(display_name=shown, username=local, domain=domain)
    return Address(display_name=shown, addr_spec=written)


def _ids(draft: Draft) -> bytes:
    lines = [f"Message-ID: {_checked(draft.message_id)}"]
    if draft.in_reply_to and _ID.fullmatch(draft.in_reply_to):
        lines.append(f"In-Reply-To: {draft.in_reply_to}")
    known = [id for id in dict.fromkeys(draft.references) if _ID.fullmatch(id)]
    if known:
        lines.append("References: " + "\r\n ".join(known))
    return "".join(f"{each}\r\n" for each in lines).encode("ascii")


def _checked(id: str) -> str:
    if not _ID.fullmatch(id):
        raise ValueError("not a Message-ID")
    return id


def _body(text: str) -> str:
    return _SURROGATES.sub("\ufffd", text.replace("\x00", "")).replace("\r\n", "\n").replace("\r", "\n") + "\n"


def _encoding(text: str) -> str:
    """Something that every server passes on unchanged: readable where most of it is ASCII."""
    other = sum(not sign.isascii() for sign in text)
    return "base64" if other * 5 > len(text) else "quoted-printable"


def _attach(mail: EmailMessage, file: File) -> None:
    type = file.type.lower()
    if not _TYPE.fullmatch(type) or type.startswith(("multipart/", "message/")):
        type = "application/octet-stream"
    main, _, sub = type.partition("/")
    mail.add_attachment(file.data, maintype=main, subtype=sub, filename=line(file.name)[:_LONGEST_NAME] or "file")
