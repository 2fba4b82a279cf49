"""The routes of the agents' side: conversations, their transcripts, and what is done with them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, get_args

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from handoff import views
from handoff.context import TranscriptContexts
from handoff.desk import Desk
from hub import files
from hub.bus import Bus
from hub.connector import Channels
from hub.errors import InvalidRequest, NotFound
from hub.http import Handler, Page, Route, agent_of, answer, body, query, read_cursor, write_cursor
from hub.store import attachments, conversations, overview
from hub.store.db import Database
from hub.types import Attachment, Message, Status

MAX_TEXT = 20_000
MAX_FILES = 10
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class Listing(Page, frozen=True, kw_only=True):
    """Which conversations: `status` may be several, with commas; `agent` an id, or `me`; `q` searches names, addresses
    and what was said."""

    status: str | None = None
    channel: str | None = None
    agent: str | None = None
    q: Annotated[str, Meta(max_length=200)] | None = None


class Reading(Page, frozen=True, kw_only=True):
    """Which part of a transcript: behind the message with the number `after`."""

    limit: Annotated[int, Meta(ge=1)] = 200
    after: Annotated[int, Meta(ge=0, le=2**62)] = 0


class Writing(Struct, frozen=True):
    """Something to write. Sent again under the same `id`, it is still written once."""

    text: Text
    id: Id | None = None


class Saying(Struct, frozen=True):
    """Something to say to the customer; `attachments` are the ids of files that were uploaded for it.

    There may be files without a text. Sent again under the same `id`, it is still said once.
    """

    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    id: Id | None = None
    attachments: Annotated[tuple[Id, ...], Meta(max_length=MAX_FILES)] = ()


class Correcting(Struct, frozen=True):
    """Whether an answer of the bot's was right."""

    right: bool


class Transfer(Struct, frozen=True):
    """To whom a conversation goes: a colleague (id or address), or a team's queue."""

    agent: Id | None = None
    team: Id | None = None
    note: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None


class Api:
    """The handlers. What agents do is the desk's; here is what HTTP has to do with it."""

    def __init__(self, desk: Desk, db: Database, bus: Bus, channels: Channels) -> None:
        self._desk = desk
        self._db = db
        self._bus = bus
        self._channels = channels
        self._uploads = files.Uploads()
        self._contexts = TranscriptContexts()

    async def channels(self, request: web.Request) -> web.Response:
        return answer(views.Channels([connector.channel for connector in self._channels]))

    async def list(self, request: web.Request) -> web.Response:
        wanted = query(request, Listing)
        after = read_cursor(wanted.cursor, tuple[datetime, str]) if wanted.cursor else None
        owner = agent_of(request).id if wanted.agent == "me" else wanted.agent
        kept = overview.Filter(statuses=_statuses(wanted.status), channel=wanted.channel, owner=owner, words=wanted.q)
        async with self._db.connection() as conn:
            found = await overview.page(conn, kept, after, wanted.size + 1)
        page = found[: wanted.size]
        following = write_cursor(page[-1].updated_at, page[-1].id) if len(found) > wanted.size else None
        return answer(views.Conversations([views.conversation(seen) for seen in page], following))

    async def show(self, request: web.Request) -> web.Response:
        return await self._shown(request.match_info["id"])

    async def _shown(self, conversation: str) -> web.Response:
        async with self._db.connection() as conn:
            seen = await overview.one(conn, conversation)
            context = seen.context
            if context is None:
                now = await conversations.get(conn, conversation)
                context = await self._contexts.build(conn, now, now.reason)
        return answer(views.detail(seen, context))

    async def transcript(self, request: web.Request) -> web.Response:
        wanted = query(request, Reading)
        conversation = request.match_info["id"]
        key = read_cursor(wanted.cursor, tuple[int])[0] if wanted.cursor else 0
        async with self._db.connection() as conn:
            await conversations.get(conn, conversation)
            found = await overview.transcript(conn, conversation, wanted.after, key, wanted.size + 1)
        page = found[: wanted.size]
        following = write_cursor(page[-1].key) if len(found) > wanted.size else None
        return answer(views.Transcript([views.message(message) for message in page], following))

    async def claim(self, request: web.Request) -> web.Response:
        await self._desk.claim(agent_of(request), request.match_info["id"])
        return await self._shown(request.match_info["id"])

    async def release(self, request: web.Request) -> web.Response:
        await self._desk.release(agent_of(request), request.match_info["id"])
        return await self._shown(request.match_info["id"])

    async def close(self, request: web.Request) -> web.Response:
        await self._desk.close(agent_of(request), request.match_info["id"])
        return await self._shown(request.match_info["id"])

    async def transfer(self, request: web.Request) -> web.Response:
        to = await body(request, Transfer)
        if (to.agent is None) == (to.team is None):
            raise InvalidRequest("name either an `agent` or a `team`")
        note = _clean(to.note or "")
        await self._desk.transfer(agent_of(request), request.match_info["id"], to.agent, to.team, note)
        return await self._shown(request.match_info["id"])

    async def say(self, request: web.Request) -> web.Response:
        said = await body(request, Saying)
        text = _clean(said.text) if said.attachments else _words(said.text)
        agent, conversation = agent_of(request), request.match_info["id"]
        return _written(*await self._desk.say(agent, conversation, text, said.id, said.attachments))

    async def attach(self, request: web.Request) -> web.Response:
        conversation = await self._desk.owned(agent_of(request), request.match_info["id"])
        async with self._uploads.receive(request) as file:
            return answer(await self._desk.attach(conversation, file), 201)

    async def note(self, request: web.Request) -> web.Response:
        said = await body(request, Writing)
        return _written(*await self._desk.note(agent_of(request), request.match_info["id"], _words(said.text), said.id))

    async def correct(self, request: web.Request) -> web.Response:
        return await self._corrected(request, (await body(request, Correcting)).right)

    async def withdraw(self, request: web.Request) -> web.Response:
        return await self._corrected(request, None)

    async def _corrected(self, request: web.Request, right: bool | None) -> web.Response:
        agent, at = agent_of(request), request.match_info
        return answer(views.message(await self._desk.correct(agent, at["id"], at["message"], right)))

    async def typing(self, request: web.Request) -> web.Response:
        now = await self._desk.owned(agent_of(request), request.match_info["id"])
        self._bus.signal("typing", now.id, "agent")
        return web.Response(status=204)

    async def attachment(self, request: web.Request) -> web.Response:
        async with self._db.connection() as conn:
            found = await attachments.read(conn, request.match_info["id"])
        if found is None:
            raise NotFound("there is no such file")
        return files.response(*found)


def _statuses(given: str | None) -> list[Status] | None:
    try:
        return msgspec.convert(given.split(","), list[Status]) if given else None
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"status: one of {', '.join(get_args(Status))}") from error


def _clean(text: str) -> str:
    return text.replace("\x00", "")  # PostgreSQL cannot hold it, and nobody wrote it


def _words(text: str) -> str:
    cleaned = _clean(text)
    if not cleaned.strip():
        raise InvalidRequest("text: must not be empty")
    return cleaned


def _written(message: Message, new: bool) -> web.Response:
    return answer(views.message(message), 201 if new else 200)


def routes(desk: Desk, db: Database, bus: Bus, channels: Channels) -> list[Route]:
    """The routes of the agents' side."""
    api = Api(desk, db, bus, channels)
    at = "/api/v1/conversations/{id}"
    step: dict[int, object] = {200: views.ConversationDetail}
    written: dict[int, object] = {201: views.MessageView, 200: views.MessageView}
    corrected: dict[int, object] = {200: views.MessageView}

    def route(method: str, path: str, handler: Handler, summary: str, answers: dict[int, object], **more: Any) -> Route:
        return Route(
            method=method, path=path, handler=handler, summary=summary, answers=answers, roles=("agent",), **more
        )

    return [
        route("GET", "/api/v1/channels", api.channels, "The configured channels", {200: views.Channels}),
        route(
            "GET",
            "/api/v1/conversations",
            api.list,
            "Conversations, what moved last first",
            {200: views.Conversations},
            query=Listing,
        ),
        route("GET", at, api.show, "A conversation with its context", step, errors=(404,)),
        route(
            "GET",
            f"{at}/messages",
            api.transcript,
            "The transcript, oldest first",
            {200: views.Transcript},
            query=Reading,
            errors=(404,),
        ),
        route("POST", f"{at}/claim", api.claim, "Take a conversation; it has one owner", step, errors=(404, 409)),
        route("POST", f"{at}/release", api.release, "Give it back to the bot", step, errors=(404, 409)),
        route("POST", f"{at}/close", api.close, "End it", step, errors=(404, 409)),
        route(
            "POST",
            f"{at}/transfer",
            api.transfer,
            "Hand it to a colleague or to a team's queue",
            step,
            body=Transfer,
            errors=(404, 409),
        ),
        route(
            "POST",
            f"{at}/messages",
            api.say,
            "Write to the customer; the same id is the same message",
            written,
            body=Saying,
            errors=(404, 409),
        ),
        route(
            "POST",
            f"{at}/attachments",
            api.attach,
            "Upload a file, of 10 MB at most, that a message is to carry",
            {201: Attachment},
            takes_file=True,
            errors=(400, 404, 413),
        ),
        route("POST", f"{at}/notes", api.note, "Write for the agents alone", written, body=Writing, errors=(404, 409)),
        route(
            "PUT",
            f"{at}/messages/{{message}}/correction",
            api.correct,
            "Say whether an answer of the bot's was right; it learns from that",
            corrected,
            body=Correcting,
            errors=(404,),
        ),
        route(
            "DELETE",
            f"{at}/messages/{{message}}/correction",
            api.withdraw,
            "Take back what was said about an answer",
            corrected,
            errors=(404,),
        ),
        route("POST", f"{at}/typing", api.typing, "Show the customer that you write", {204: None}, errors=(404,)),
        route("GET", "/api/v1/attachments/{id}", api.attachment, "A file", {200: bytes}, errors=(404,)),
    ]
