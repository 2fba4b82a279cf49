"""Stored files over HTTP: always as a download, never as something that runs in a page of ours."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from hub.types import Attachment

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may know by its own type; the rest is bytes, whatever the sender called it."""


def response(attachment: Attachment, data: bytes) -> web.Response:
    """A file's bytes under its own name."""
    return web.Response(
        body=data,
        headers={
            "Content-Type": attachment.type if attachment.type in _PICTURES else "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, max-age=3600",
        },
    )
