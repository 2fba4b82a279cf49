"""Telegram's Bot API, simulated: what it takes from a bot, and what it refuses in its own words."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from tests.simulators.base import Fault, Shown
from tests.simulators.telegram_chats import Chats, Json

PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
SENDING = frozenset({"sendMessage", "sendPhoto", "sendDocument"})
"""The calls that write to a chat; faults meet these, and the fetching of files."""


class Refused(Exception):
    """An answer that is not `ok`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.parameters = parameters


class BotApi:
    """One bot's calls. `on_sent` hears what it wrote to which chat; `answered` are the presses it has acknowledged."""

    def __init__(
        self,
        token: str,
        chats: Chats,
        *,
        hurry: float,
        fault: Callable[[], Awaitable[Fault | None]],
        now: Callable[[], float],
        on_sent: Callable[[int, Shown], Awaitable[None]],
    ) -> None:
        self.token = token
        self.chats = chats
        self.webhook: Json = {}
        self.pending: list[Json] = []
        self.confirmed = asyncio.Condition()
        self.answered: list[Json] = []
        self.calls: list[tuple[str, Json]] = []
        self._hurry = hurry
        self._fault = fault
        self._now = now
        self._on_sent = on_sent
        self._sent: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=20))
        self._all: deque[float] = deque(maxlen=30)
        self._news = asyncio.Condition()
        self._polls = 0
        self._methods: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendDocument": self._send_document,
            "answerCallbackQuery": self._answer_callback_query,
            "getFile": self._get_file,
        }

    async def call(self, request: web.Request) -> web.StreamResponse:
        """The route of all methods."""
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            made = self._methods.get(method)
            if made is None:
                raise Refused(404, "Not Found")
            data = await _parameters(request)
            self.calls.append((method, data))
            wanted = await self._fault() if method in SENDING or method == "getFile" else None
            if wanted is not None and wanted != "drop":
                return self._faulty(wanted)
            result = await made(data)
            if wanted == "drop" and request.transport is not None:
                request.transport.close()
            return web.json_response({"ok": True, "result": result})
        except Refused as refusal:
            return _refusal(refusal)

    def _faulty(self, fault: Fault) -> web.Response:
        match fault:
            case "429":
                return _refusal(Refused(429, "Too Many Requests: retry after 1", retry_after=1))
            case "token":
                return _refusal(Refused(401, "Unauthorized"))
            case "500":
                return _refusal(Refused(500, "Internal Server Error"))
        return web.Response(body=b"<html>\xff not what you asked for")

    async def download(self, request: web.Request) -> web.Response:
        """A file that a customer sent, by the path that `getFile` said."""
        found = self.chats.paths.get(request.match_info["path"])
        if request.match_info["token"] != self.token or found is None:
            return _refusal(Refused(404, "Not Found"))
        return web.Response(body=found)

    # Updates ---------------------------------------------------------------------------------------------------------

    async def add(self, update: Json) -> None:
        """Puts an update where a bot that polls finds it."""
        async with self._news:
            self.pending.append(update)
            self._news.notify_all()

    async def _get_updates(self, data: Json) -> list[Json]:
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                "webhook first",
            )
        offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
        self._polls += 1
        mine = self._polls
        async with self._news:
            self._news.notify_all()  # whoever asked before is sent away
            await self._confirm(offset)
            try:
                async with asyncio.timeout(float(data.get("timeout", 0)) / self._hurry):
                    await self._news.wait_for(lambda: self.pending or self._polls != mine)
            except TimeoutError:
                return []
            if self._polls != mine:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            return self.pending[:limit]

    async def _confirm(self, offset: int) -> None:
        """What is before the offset has been received and is forgotten; a negative one counts from the end."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        async with self.confirmed:
            self.confirmed.notify_all()

    async def _set_webhook(self, data: Json) -> bool:
        url, secret = str(data.get("url", "")), str(data.get("secret_token", ""))
        if not re.match(r"https://|http://127\.0\.0\.1", url):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch("[A-Za-z0-9_-]{0,256}", secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = {**data, "url": url}
        return True

    async def _delete_webhook(self, data: Json) -> bool:
        self.webhook = {}
        if data.get("drop_pending_updates"):
            self.pending = []
        return True

    async def _get_webhook_info(self, _: Json) -> Json:
        return {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": 0}

    # Calls -----------------------------------------------------------------------------------------------------------

    async def _get_me(self, _: Json) -> Json:
        return {**self.chats.bot, "can_join_groups": True, "can_read_all_group_messages": False}

    async def _send_message(self, data: Json) -> Json:
        text = str(data.get("text", "")).strip()
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise Refused(400, "Bad Request: message is too long")
        return await self._sent_to(data, {"text": text}, None)

    async def _send_photo(self, data: Json) -> Json:
        file: web.FileField = data["photo"]
        content = file.file.read()
        if len(content) > 10 * 2**20:
            raise Refused(400, "Bad Request: file is too big for a photo")
        if not content.startswith(PICTURES):
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
        size = {"file_id": "AgAC", "file_unique_id": "AQAD", "width": 1, "height": 1}
        return await self._sent_to(data, {"photo": [size]}, (file.filename, content))

    async def _send_document(self, data: Json) -> Json:
        file: web.FileField = data["document"]
        content = file.file.read()
        if len(content) > 50 * 2**20:
            raise Refused(413, "Request Entity Too Large")
        about = {"file_id": "BQAC", "file_unique_id": "AgAD", "file_name": file.filename}
        return await self._sent_to(data, {"document": about}, (file.filename, content))

    async def _sent_to(self, data: Json, content: Json, file: tuple[str, bytes] | None) -> Json:
        chat = self._writable(data)
        keyboard = _keyboard(data)
        self._counted(chat)
        message = self.chats.sent(chat, content, keyboard, data.get("message_thread_id"))
        buttons = tuple((button["text"], button["callback_data"]) for row in keyboard for button in row)
        name, bytes_ = file if file is not None else (None, None)
        shown = Shown(text=content.get("text", ""), buttons=buttons, file=name, data=bytes_, at=self._now())
        await self._on_sent(chat, shown)
        return message

    def _writable(self, data: Json) -> int:
        chat = int(data["chat_id"])
        if chat in self.chats.moved:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.chats.moved[chat],
            )
        if chat not in self.chats.all:
            raise Refused(400, "Bad Request: chat not found")
        if self.chats.refuses(chat):
            left = "bot was blocked by the user" if chat > 0 else "bot was kicked from the group chat"
            raise Refused(403, f"Forbidden: {left}")
        reply = data.get("reply_parameters") or {}
        if reply and not reply.get("allow_sending_without_reply") and reply["message_id"] not in self.chats.messages:
            raise Refused(400, "Bad Request: message to be replied not found")
        thread = data.get("message_thread_id")
        if thread is not None and int(thread) not in self.chats.topics:
            raise Refused(400, "Bad Request: message thread not found")
        return chat

    def _counted(self, chat: int) -> None:
        """One message a second to a chat, 20 a minute to a group, 30 a second in all."""
        now, sent = self._now(), self._sent[chat]
        if len(self._all) == 30 and now - self._all[0] < 0.95 / self._hurry:
            raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
        if chat < 0 and len(sent) == 20 and now - sent[0] < 59 / self._hurry:
            raise Refused(429, "Too Many Requests: retry after 3", retry_after=3)
        if chat > 0 and sent and now - sent[-1] < 0.9 / self._hurry:
            raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
        sent.append(now)
        self._all.append(now)

    async def _answer_callback_query(self, data: Json) -> bool:
        if data.get("callback_query_id") not in self.chats.presses:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.answered.append(data)
        return True

    async def _get_file(self, data: Json) -> Json:
        found = self.chats.files.get(str(data.get("file_id")))
        if found is None:
            raise Refused(400, "Bad Request: invalid file_id")
        path, content = found
        if len(content) > 20 * 2**20:
            raise Refused(400, "Bad Request: file is too big")
        self.chats.paths[path] = content
        return {"file_id": data["file_id"], "file_unique_id": "AgADx", "file_size": len(content), "file_path": path}


def _keyboard(data: Json) -> list[list[Json]]:
    rows: list[list[Json]] = (data.get("reply_markup") or {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise Refused(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        if not 1 <= len(str(button.get("callback_data", "")).encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


async def _parameters(request: web.Request) -> Json:
    """The parameters as they may be sent: a form, a form with files, or JSON; in a form, objects are JSON, too."""
    if request.content_type == "application/json":
        return dict(msgspec.json.decode(await request.read() or b"{}"))
    form: Mapping[str, Any] = await request.post()
    return {name: _value(value) for name, value in form.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[" and value:
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _refusal(refusal: Refused) -> web.Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": str(refusal)}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)
