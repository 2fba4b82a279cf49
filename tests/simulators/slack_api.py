"""The Web API of the simulated Slack: it refuses what Slack refuses."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from tests.simulators.base import Fault
from tests.simulators.slack_files import APP_TOKEN, BOT_TOKEN, Files, Refused
from tests.simulators.slack_workspace import APP, BOT, BOT_ID, BOT_NAME, TEAM, Json, Workspace, buttons

SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,files:read,files:write,groups:history,groups:read,"
    "im:history,im:write,users:read,users:read.email"
)
"""What the app may do."""


class WebApi(Files):
    """The methods. `interval`: seconds between two messages in one channel, two at once being let pass.

    `on_post` and `on_change` hear of what the app has written, `fault` says what is to go wrong with this call.
    `whispers` are the names of those to whom something was said alone, and the words; `away` who is not active.
    `hides_metadata`: the app may not read it.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        interval: float,
        fault: Callable[[], Awaitable[Fault | None]],
        on_post: Callable[[str, Json, Json], Awaitable[None]],
        on_change: Callable[[str, Json], Awaitable[None]],
        refuses: Callable[[str], bool],
    ) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.limited = 0
        self.whispers: list[tuple[str, str]] = []
        self.away: set[str] = set()
        self.hides_metadata = False
        self.on_whisper: Callable[[str, str], Awaitable[None]] | None = None
        super().__init__(workspace, on_post)
        self.scopes = SCOPES
        self._interval = interval
        self._fault = fault
        self._on_change = on_change
        self._refuses = refuses
        self._free: dict[str, float] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """All of it."""
        yield web.route("*", "/api/{method}", self._call)
        yield from super().routes()
        yield web.post("/response/{channel}/{ts}", self._respond)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method, arguments = request.match_info["method"], await _arguments(request)
        self.calls.append((method, arguments))
        fault = await self._fault()
        if fault not in (None, "drop"):
            return self._faulty(fault)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        answer = await self._carried_out(method, arguments, token)
        if fault == "drop":
            assert request.transport is not None
            request.transport.abort()
        status = 429 if answer.get("error") == "ratelimited" else 200
        headers = {"Retry-After": _retry_after(self._interval)} if status == 429 else {"X-OAuth-Scopes": self.scopes}
        return web.json_response(answer, status=status, headers=headers)

    def _faulty(self, fault: Fault | None) -> web.Response:
        match fault:
            case "429":
                error = {"ok": False, "error": "ratelimited"}
                return web.json_response(error, status=429, headers={"Retry-After": _retry_after(self._interval)})
            case "500":
                return web.json_response({"ok": False, "error": "internal_error"}, status=500)
            case "token":
                return web.json_response({"ok": False, "error": "token_expired"})
            case _:
                return web.Response(text="<html>We will be back soon", content_type="text/html")

    async def _carried_out(self, method: str, arguments: Json, token: str) -> Json:
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        handler = getattr(self, "do_" + method.replace(".", "_"), None)
        try:
            if not token or token != wanted:
                raise Refused("invalid_auth" if token else "not_authed")
            if handler is None:
                raise Refused("unknown_method")
            return {"ok": True, **(await handler(arguments) or {})}
        except Refused as error:
            return {"ok": False, "error": str(error)}

    # Who is who ------------------------------------------------------------------------------------------------------

    async def do_auth_test(self, _: Json) -> Json:
        """Who the app is."""
        return {
            "url": self.address,
            "team": "Shop",
            "user": BOT_NAME,
            "team_id": TEAM,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    async def do_users_info(self, arguments: Json) -> Json:
        """Who somebody is."""
        id = arguments.get("user", "")
        name = self._workspace.names.get(id)
        if name is None:
            raise Refused("user_not_found")
        return {"user": self._user(id, name)}

    async def do_users_lookupByEmail(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        """Who has this address."""
        for id, name in self._workspace.names.items():
            if arguments.get("email") == _email(name):
                return {"user": self._user(id, name)}
        raise Refused("users_not_found")

    async def do_users_getPresence(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        """Whether somebody is there."""
        name = self._workspace.names.get(str(arguments.get("user", "")))
        if name is None:
            raise Refused("user_not_found")
        return {"presence": "away" if name in self.away else "active"}

    async def do_apps_connections_open(self, _: Json) -> Json:
        """Where a socket can be opened."""
        return {
            "url": self.address.replace("http", "ws", 1) + f"/socket?ticket={self._workspace.next_id('s')}&app_id={APP}"
        }

    # Channels --------------------------------------------------------------------------------------------------------

    async def do_conversations_open(self, arguments: Json) -> Json:
        """Direct messages with somebody."""
        name = self._workspace.names.get(str(arguments.get("users", "")))
        if name is None:
            raise Refused("user_not_found")
        return {"channel": {"id": self._workspace.direct(name)}}

    async def do_conversations_info(self, arguments: Json) -> Json:
        """One channel."""
        return {"channel": self._workspace.channels[self.channel(arguments.get("channel", ""))]}

    async def do_conversations_list(self, _: Json) -> Json:
        """All channels, on one page."""
        rooms = [channel for channel in self._workspace.channels.values() if not channel.get("is_im")]
        return {"channels": rooms, "response_metadata": {"next_cursor": ""}}

    async def do_conversations_history(self, arguments: Json) -> Json:
        """What was written, but not in threads; the newest first."""
        channel = self.channel(arguments.get("channel", ""))
        self.must_be_in(channel)
        top = [m for m in self._workspace.messages[channel] if m.get("thread_ts", m["ts"]) == m["ts"]]
        return self._page(reversed(top), arguments)

    async def do_conversations_replies(self, arguments: Json) -> Json:
        """A thread, the oldest first."""
        channel = self.channel(arguments.get("channel", ""))
        thread = self._workspace.thread(channel, str(arguments.get("ts", "")))
        if not thread:
            raise Refused("thread_not_found")
        return self._page(thread, arguments)

    # Messages --------------------------------------------------------------------------------------------------------

    async def do_chat_postMessage(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        """The app writes."""
        channel = self.channel(str(arguments.get("channel", "")))
        self.may_write(channel)
        _check(arguments)
        thread = arguments.get("thread_ts")
        if thread and self._workspace.message(channel, thread) is None:
            raise Refused("thread_not_found")
        message = self._workspace.add(
            channel,
            user=BOT,
            bot_id=BOT_ID,
            app_id=APP,
            text=str(arguments.get("text", ""))[:40_000],
            blocks=arguments.get("blocks"),
            thread_ts=thread,
            metadata=arguments.get("metadata"),
        )
        await self._on_post(channel, message, arguments)
        return {"channel": channel, "ts": message["ts"], "message": message}

    async def do_chat_update(self, arguments: Json) -> Json:
        """The app rewrites what it wrote."""
        channel = self.channel(str(arguments.get("channel", "")))
        message = self._workspace.message(channel, str(arguments.get("ts", "")))
        if message is None:
            raise Refused("message_not_found")
        if message.get("bot_id") != BOT_ID:
            raise Refused("cant_update_message")
        _check(arguments)
        await self._rewrite(channel, message, arguments)
        return {"channel": channel, "ts": message["ts"], "text": message["text"]}

    async def do_chat_postEphemeral(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        """The app says something to one person only."""
        channel = self.channel(str(arguments.get("channel", "")))
        self.must_be_in(channel)
        _check(arguments)
        name = self._workspace.names.get(str(arguments.get("user", "")))
        if name is None:
            raise Refused("user_not_in_channel")
        self.whispers.append((name, self._workspace.look(arguments)))
        if self.on_whisper is not None:
            await self.on_whisper(*self.whispers[-1])
        return {"message_ts": self._workspace.ts()}

    async def do_reactions_add(self, _: Json) -> Json:
        """Nobody looks at reactions here."""
        return {}

    async def do_views_open(self, arguments: Json) -> Json:
        """Nor at dialogues."""
        return {"view": {"id": self._workspace.next_id("V"), **dict(arguments.get("view") or {})}}

    async def _rewrite(self, channel: str, message: Json, arguments: Json) -> None:
        message["text"] = str(arguments.get("text", message["text"]))
        message["blocks"] = arguments.get("blocks") or []
        message["edited"] = {"user": BOT, "ts": self._workspace.ts()}
        await self._on_change(channel, message)

    def _page(self, messages: Iterable[Json], arguments: Json) -> Json:
        """As many as are asked for, and where there are more."""
        oldest, limit = float(arguments.get("oldest") or 0), int(arguments.get("limit") or 100)
        found = [message for message in messages if float(message["ts"]) > oldest]
        start = int(arguments.get("cursor") or 0)
        shown, more = found[start : start + limit], len(found) > start + limit
        if self.hides_metadata or str(arguments.get("include_all_metadata", "")).lower() not in ("1", "true"):
            shown = [{key: value for key, value in message.items() if key != "metadata"} for message in shown]
        cursor = {"next_cursor": str(start + limit) if more else ""}
        return {"messages": shown, "has_more": more, "response_metadata": cursor}

    def _user(self, id: str, name: str) -> Json:
        profile = {"real_name": name.title(), "display_name": name, "email": _email(name)}
        team = "T0OTHER000" if name in self._workspace.outsiders else TEAM
        return {
            "id": id,
            "team_id": team,
            "name": name,
            "is_bot": id == BOT,
            "deleted": False,
            "is_email_confirmed": True,
            "profile": profile,
        }

    def must_be_in(self, channel: str) -> None:
        """Refuses where the app is in no such channel."""
        if not self._workspace.channels[channel].get("is_member", True):
            raise Refused("not_in_channel")

    def may_write(self, channel: str) -> None:
        """Refuses where the app may not write, or not so fast."""
        self.must_be_in(channel)
        if self._refuses(channel):
            raise Refused("channel_not_found")
        if self._workspace.channels[channel].get("is_archived"):
            raise Refused("is_archived")
        now = asyncio.get_running_loop().time()
        free = max(self._free.get(channel, 0.0), now - self._interval)
        if free > now + 0.02:  # two at once; a little more for the clocks
            self.limited += 1
            raise Refused("ratelimited")
        self._free[channel] = free + self._interval

    async def _respond(self, request: web.Request) -> web.Response:
        channel, body = request.match_info["channel"], await request.json()
        message = self._workspace.message(channel, request.match_info["ts"])
        if message is not None and body.get("replace_original"):
            await self._rewrite(channel, message, body)
        return web.json_response({"ok": True})


async def _arguments(request: web.Request) -> Json:
    """A call's arguments, in whichever of the ways in which Slack takes them."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        arguments.update(await request.json())
    elif request.can_read_body:
        arguments.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
    return {key: _parsed(value) if key in ("blocks", "metadata", "view") else value for key, value in arguments.items()}


def _retry_after(interval: float) -> str:
    """Whole seconds, as Slack says it; less where all waits are shortened."""
    return str(math.ceil(interval)) if interval >= 1 else f"{interval:.3f}"


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _check(arguments: Json) -> None:
    """Refuses what Slack refuses of a message."""
    text, blocks = arguments.get("text") or "", arguments.get("blocks") or []
    if not text.strip() and not blocks:
        raise Refused("no_text")
    if len(text) > 40_000:
        raise Refused("msg_too_long")
    if len(blocks) > 50:
        raise Refused("invalid_blocks")
    found = buttons({"blocks": blocks})
    if any(len(b["text"]["text"]) > 75 or len(b.get("value", "")) > 2000 or not b["action_id"] for b in found):
        raise Refused("invalid_blocks")
    for block in blocks:
        if block["type"] == "section" and not 0 < len(block.get("text", {"text": "-"})["text"]) <= 3000:
            raise Refused("invalid_blocks")
        if block["type"] == "actions" and not 0 < len(block["elements"]) <= 25:
            raise Refused("invalid_blocks")
        if len({part["action_id"] for part in block.get("elements", ()) if "action_id" in part}) < len(
            [part for part in block.get("elements", ()) if "action_id" in part]
        ):
            raise Refused("invalid_blocks")
    if len(json.dumps(blocks, ensure_ascii=False)) > 13_200 + 2000:
        raise Refused("msg_blocks_too_long")
    metadata = arguments.get("metadata")
    if metadata and not (isinstance(metadata.get("event_payload"), dict) and metadata.get("event_type")):
        raise Refused("invalid_metadata_format")


def _email(name: str) -> str:
    return f"{name}@example.com"
