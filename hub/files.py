"""Stored files over HTTP: always as a download, never as something that runs in a page of ours."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from hub.types import Attachment


def response(attachment: Attachment, data: bytes) -> web.Response:
    """A file's bytes under its own name."""
    return web.Response(
        body=data,
        headers={
            "Content-Type": attachment.type if "/" in attachment.type else "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, max-age=3600",
        },
    )
