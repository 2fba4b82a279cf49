"""The routes for letters: what came into the wrong conversation is sorted, and a letter is had as it came."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web
from msgspec import Struct

from handoff.api import Id
from handoff.cases import Cases
from hub.errors import InvalidRequest, NotFound
from hub.http import Route, agent_of, answer, body
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


class CasesApi:
    """The handlers."""

    def __init__(self, sorting: Cases, db: Database) -> None:
        self._sorting = sorting
        self._db = db

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

    async def undo(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if not number.isdecimal() or len(number) > 18:
            raise InvalidRequest("the number of a change, as `GET /api/v1/conversations/{id}/changes` gives it")
        return answer(await self._sorting.undo(agent_of(request), int(number)))

    async def original(self, request: web.Request) -> web.Response:
        message = request.match_info["message"]
        async with self._db.connection() as conn:
            raw = await messages.raw(conn, request.match_info["id"], message)
        if raw is None:
            raise NotFound("there is no such message, or it did not come as a file")
        return web.Response(
            body=raw,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(message, safe='')}.eml",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "Cache-Control": "private, max-age=3600",
            },
        )

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
        ]
