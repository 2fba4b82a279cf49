"""Puts customers' and agents' files into the threads, each once.

A message of files carries no name of ours. But Slack names a file before it is shown, and later says where it is shown.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
import msgspec

from connectors.slack.api import SlackApi
from hub.errors import AuthFailed, Rejected, Transient, Unreachable
from hub.store import attachments, thread_lines
from hub.store.db import Database
from hub.store.thread_lines import Written
from hub.store.threads import Thread

log = logging.getLogger(__name__)

_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=5)


class Files:
    """Posts files into threads."""

    def __init__(self, db: Database, api: SlackApi) -> None:
        self._db = db
        self._api = api

    async def post(self, thread: Thread, line: Written) -> bool:
        """Posts the file of a line; False where Slack cannot have it."""
        assert thread.place is not None
        if line.post is not None and await self._is_shared(line.post, thread.place):
            await self._written(line)
            return True
        async with self._db.connection() as conn:
            stored = await attachments.read(conn, line.item or "")
        if stored is None or not stored[1]:
            return False
        name, data = stored[0].name, stored[1]
        try:
            id = await self._bring(name, data)
            async with self._db.connection() as conn:
                await thread_lines.put_into(conn, [line.number], id)
            await self._share(id, name, thread)
        except Unreachable:
            raise
        except (AuthFailed, Rejected) as error:
            log.warning("a file is not shown in Slack: %s", error)
            return False
        await self._written(line)
        return True

    async def _written(self, line: Written) -> None:
        async with self._db.connection() as conn:
            await thread_lines.written(conn, [line.number], "file")

    async def _bring(self, name: str, data: bytes) -> str:
        """Gives Slack the bytes; nobody sees them yet. Answers the file's id."""
        client = self._api.client
        wanted = await self._api.asked(client.files_getUploadURLExternal(filename=name, length=len(data)))
        assert client.session is not None, "start first"
        try:
            async with client.session.post(str(wanted.get("upload_url")), data=data, timeout=_TIMEOUT) as answer:
                if answer.status != 200:
                    raise Transient(f"Slack did not take a file (status {answer.status})")
        except TimeoutError:
            raise Rejected("Slack did not take it in time") from None
        except aiohttp.ClientError as error:
            raise Transient(f"a file could not be brought to Slack: {type(error).__name__}") from None
        return str(wanted.get("file_id"))

    async def _share(self, id: str, name: str, thread: Thread) -> None:
        await self._api.turn(thread.place or "")
        call = self._api.client.files_completeUploadExternal(
            files=[{"id": id, "title": name}], channel_id=thread.place, thread_ts=thread.thread
        )
        await self._api.asked(call)

    async def _is_shared(self, id: str, place: str) -> bool:
        try:
            file = await self._api.file(id)
        except Rejected:
            return False
        shares = msgspec.convert(file.get("shares") or {}, dict[str, dict[str, Any]])
        return any(place in places for places in shares.values())
