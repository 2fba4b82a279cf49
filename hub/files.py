"""Files over HTTP: taken in as uploads, given out as downloads and never as something that runs in a page of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from hub.connector import File
from hub.errors import InvalidRequest
from hub.http import Problem
from hub.types import Attachment

MAX_FILE = 10 * 2**20
"""Bytes of one upload."""

_AT_ONCE = 8
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may know by its own type; the rest is bytes, whatever the sender called it."""


class Uploads:
    """Takes files in, a few at a time: each is in memory until it is stored."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    @contextlib.asynccontextmanager
    async def receive(self, request: web.Request) -> AsyncIterator[File]:
        """The one file of a multipart request, for the block that stores it.

        Raises `InvalidRequest` where there is none, and answers 413 where it is larger than `MAX_FILE`.
        """
        try:
            part = await (await request.multipart()).next()
        except (AssertionError, ValueError) as error:
            raise InvalidRequest("send the file as multipart/form-data") from error
        if not isinstance(part, BodyPartReader):
            raise InvalidRequest("send one file as multipart/form-data")
        async with self._places:
            yield File(_name_of(part), _type_of(part), await _read(part))


async def _read(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        data += chunk
        if len(data) > MAX_FILE:
            raise Problem(413, "File too large", f"a file may have {MAX_FILE // 2**20} MB")
    return bytes(data)


def _name_of(part: BodyPartReader) -> str:
    return (part.filename or "file").replace("\\", "/").rsplit("/", 1)[-1].replace("\x00", "")[:200] or "file"


def _type_of(part: BodyPartReader) -> str:
    return part.headers.get("Content-Type", "application/octet-stream").split(";")[0].strip()[:100]


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
