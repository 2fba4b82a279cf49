"""The routes for letters: what came into the wrong conversation is sorted, and a letter is had as it came."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from msgspec import Meta, Struct

from handoff.api import Id
from handoff.cases import Cases
from hub.connector import Channels, Letters
from hub.errors import InvalidRequest, NotFound
from hub.http import Route, agent_of, answer, body, query
from hub.store import case_changes, conversations, messages
from hub.store.case_changes import Change
from hub.store.db import Database


class Changes(Struct, frozen=True):
    """The moves into and out of a conversation, the latest first."""

    items: list[Change]
    next: None = None


class Merge(Struct, frozen=True):
    """Into which conversation all of this one goes."""

    into: Id


class Split(Struct, frozen=True):
    """Which of the customer's letters becomes a conversation of its own."""

    message: Id


class Decline(Struct, frozen=True):
    """To which conversation this one does not belong."""

    other: Id


class Showing(Struct, frozen=True):
    """How a letter is shown: with `images` 1, pictures are loaded from wherever its sender keeps them."""

    images: Annotated[int, Meta(ge=0, le=1)] = 0


_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><base target="_blank">
<style>:root{{color-scheme:light;background:#fff}}
body{{margin:16px;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}
img{{max-width:100%;height:auto}}</style></head><body>
{}
</body></html>"""
"""Around a letter. Its links open beside the console: in the frame they would have no scripts."""


class CasesApi:
    """The handlers."""

    def __init__(self, sorting: Cases, db: Database, channels: Channels) -> None:
        self._sorting = sorting
        self._db = db
        self._channels = channels

    async def changes(self, request: web.Request) -> web.Response:
        conversation = request.match_info["id"]
        async with self._db.connection() as conn:
            await conversations.get(conn, conversation)
            return answer(Changes(await case_changes.of(conn, conversation)))

    async def merge(self, request: web.Request) -> web.Response:
        into = (await body(request, Merge)).into
        return answer(await self._sorting.merge(agent_of(request), request.match_info["id"], into))

    async def split(self, request: web.Request) -> web.Response:
        message = (await body(request, Split)).message
        return answer(await self._sorting.split(agent_of(request), request.match_info["id"], message))

    async def decline(self, request: web.Request) -> web.Response:
        other = (await body(request, Decline)).other
        await self._sorting.decline(request.match_info["id"], other)
        return web.Response(status=204)

    async def undo(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if not number.isdecimal() or len(number) > 18:
            raise InvalidRequest("the number of a change, as `GET /api/v1/conversations/{id}/changes` gives it")
        return answer(await self._sorting.undo(agent_of(request), int(number)))

    async def original(self, request: web.Request) -> web.Response:
        message = request.match_info["message"]
        return web.Response(
            body=await self._raw(request.match_info["id"], message),
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(message, safe='')}.eml",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "Cache-Control": "private, max-age=3600",
            },
        )

    async def page(self, request: web.Request) -> web.Response:
        """A document of its own and no part of an answer: only so has it a policy of its own, whoever frames it."""
        images = bool(query(request, Showing).images)
        conversation = request.match_info["id"]
        raw = await self._raw(conversation, request.match_info["message"])
        async with self._db.connection() as conn:
            connector = self._channels.get((await conversations.get(conn, conversation)).channel)
        if connector is None or not isinstance(connector, Letters):
            raise NotFound("this channel cannot show messages as they were sent")
        shown = await asyncio.to_thread(connector.page, raw, images=images)
        return web.Response(
            text=_PAGE.format(shown),
            content_type="text/html",
            headers={
                "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
                f"img-src data:{' https: http:' if images else ''}; style-src 'unsafe-inline'; form-action 'none'; "
                "frame-ancestors 'self'",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "private, max-age=300",
            },
        )

    async def _raw(self, conversation: str, message: str) -> bytes:
        async with self._db.connection() as conn:
            raw = await messages.raw(conn, conversation, message)
        if raw is None:
            raise NotFound("there is no such message, or it did not come as a file")
        return raw

    def routes(self) -> list[Route]:
        """The routes, all for agents."""
        at = "/api/v1/conversations/{id}"
        return [
            Route(
                method="GET",
                path=f"{at}/changes",
                handler=self.changes,
                summary="What was merged into it and split from it",
                roles=("agent",),
                answers={200: Changes},
                errors=(404,),
            ),
            Route(
                method="POST",
                path=f"{at}/merge",
                handler=self.merge,
                summary="Merge it into another conversation of letters",
                roles=("agent",),
                body=Merge,
                answers={200: Change},
                errors=(404, 409),
            ),
            Route(
                method="POST",
                path=f"{at}/split",
                handler=self.split,
                summary="Make one of its letters a conversation of its own",
                roles=("agent",),
                body=Split,
                answers={200: Change},
                errors=(404, 409),
            ),
            Route(
                method="POST",
                path=f"{at}/decline",
                handler=self.decline,
                summary="Say that its letters do not belong to another conversation",
                roles=("agent",),
                body=Decline,
                answers={204: None},
                errors=(404,),
            ),
            Route(
                method="POST",
                path="/api/v1/changes/{number}/undo",
                handler=self.undo,
                summary="Undo a merge or a split",
                roles=("agent",),
                answers={200: Change},
                errors=(404, 409),
            ),
            Route(
                method="GET",
                path=f"{at}/messages/{{message}}/original",
                handler=self.original,
                summary="A letter as it came",
                roles=("agent",),
                answers={200: bytes},
                errors=(404,),
            ),
            Route(
                method="GET",
                path=f"{at}/messages/{{message}}/page",
                handler=self.page,
                summary="A letter as a page that is safe to show",
                roles=("agent",),
                query=Showing,
                answers={200: bytes},
                errors=(404,),
            ),
        ]
