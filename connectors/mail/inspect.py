"""What the connector makes of mails, as JSON: one line a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from connectors.mail.mime import MAX_BYTES
from connectors.mail.parse import parse
from connectors.mail.types import Bounce, Mail


def inspected(path: str) -> dict[str, Any]:
    """The mail in a file as it is printed; a file that cannot be read says so in `error`."""
    shown = path.encode("utf-8", "replace").decode()  # a name of bytes that are no text
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)  # some never end
    except (OSError, ValueError) as error:
        why = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        return {**described(parse(b"")), "file": shown, "error": why}
    return {**described(parse(raw)), "file": shown}


def described(mail: Mail) -> dict[str, Any]:
    """A mail for people and checks: without the files' contents."""
    return {
        "kind": mail.kind,
        "reason": mail.reason,
        "from": mail.sender.address if mail.sender else "",
        "from_name": mail.sender.name if mail.sender else "",
        "to": [one.address for one in mail.to],
        "cc": [one.address for one in mail.cc],
        "reply_to": [one.address for one in mail.reply_to],
        "subject": mail.subject,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "date": mail.date.isoformat() if mail.date else None,
        "language": mail.language,
        "text": mail.text,
        "full_text": mail.full_text,
        "has_html": bool(mail.html),
        "forwarded": mail.forwarded,
        "answers": [{"quoted": one.quoted, "said": one.said} for one in mail.answers],
        "attachments": [
            {
                "name": one.name,
                "type": one.type,
                "size": len(one.content),
                "part": one.part,
                "cid": one.cid,
                "inline": one.inline,
                "note": one.note,
            }
            for one in mail.attachments
        ],
        "suppress": mail.suppress,
        "bounce": _reported(mail.bounce) if mail.bounce else None,
        "faults": list(mail.faults),
    }


def _reported(bounce: Bounce) -> dict[str, Any]:
    """A report: what became of the first recipient in front, and then of all."""
    first = msgspec.to_builtins(bounce.failures[0]) if bounce.failures else {}
    about = {"message_id": bounce.message_id, "subject": bounce.subject}
    return {**first, **about, "recipients": msgspec.to_builtins(bounce.failures)}


def main(paths: list[str]) -> int:
    """Prints a line for each file; 2 where no file was named."""
    if not paths:
        print("python -m connectors.mail inspect FILE.eml ...", file=sys.stderr)
        return 2
    for path in paths:
        sys.stdout.buffer.write(msgspec.json.encode(inspected(path)) + b"\n")
    sys.stdout.buffer.flush()
    return 0
