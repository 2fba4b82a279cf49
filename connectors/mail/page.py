"""A mail as its sender made it, as a page that is safe to look at."""

from __future__ import annotations

import base64
from html import escape

from connectors.mail import html
from connectors.mail.parse import parse

_LARGEST = 1_500_000
"""Bytes of a picture within a mail that are put into the page; larger ones are among the files."""


def page(raw: bytes, *, images: bool) -> str:
    """The HTML of a mail, or its text where it has none; with `images`, pictures from elsewhere are loaded with it."""
    mail = parse(raw)
    if not mail.html:
        return f"<pre style='white-space: pre-wrap'>{escape(mail.full_text)}</pre>"
    pictures = {
        file.cid: f"data:{file.type};base64,{base64.b64encode(file.content).decode()}"
        for file in mail.attachments
        if file.cid and file.type.startswith("image/") and len(file.content) <= _LARGEST
    }
    shown = html.sanitised(mail.html, pictures).html
    return shown.replace(f"{html.REMOTE}=", "src=") if images else shown
