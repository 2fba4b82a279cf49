"""Telegram, simulated: the Bot API with its limits, updates by webhook or by polling, people and groups."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from tests.simulators import terminal
from tests.simulators.base import Delivery, Shown, Simulator
from tests.simulators.telegram_api import BotApi
from tests.simulators.telegram_chats import BOT, Chats, Json

TOKEN = f"{BOT['id']}:AAF-5imulated_t0ken_of_a_bot_that_is_none"
SECRET = "s3cret-of-the_webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


class TelegramSimulator(Simulator):
    """People by their names; `mode` is how the bot gets its updates: `webhook` or `polling`."""

    kind = "telegram"
    tries = 12

    def __init__(self, name: str | None = None, *, mode: str = "webhook", hurry: float = 1.0) -> None:
        super().__init__(name, hurry=hurry)
        self.mode = mode
        self.chats = Chats(lambda: self.now(), self._is_blocked)
        self.api = BotApi(
            TOKEN, self.chats, hurry=hurry, fault=self.fault, now=lambda: self.now(), on_sent=self._on_sent
        )
        self.calls = self.api.calls
        self._in_order: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def routes(self) -> Iterable[web.RouteDef]:
        """The Bot API."""
        yield web.route("*", "/bot{token}/{method}", self.api.call)
        yield web.get("/file/bot{token}/{path:.+}", self.api.download)

    def channel(self) -> dict[str, object]:
        """The bot's settings."""
        settings: dict[str, object] = {"name": self.name, "kind": self.kind, "token": TOKEN, "mode": self.mode}
        if self.mode == "webhook":
            settings["secret_token"] = SECRET
        return {**settings, "api_base_url": self.url}

    @property
    def webhook(self) -> str:
        """Where the bot wants its updates; before it has said so, where it is known to be."""
        return str(self.api.webhook.get("url") or super().webhook)

    # The customers' side ---------------------------------------------------------------------------------------------

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """The delivery of a message in the sender's own chat."""
        return self.signed(self.chats.said(self.chats.private(sender), sender, text, id))

    def signed(self, update: Json) -> Delivery:
        """The delivery of any update."""
        secret = str(self.api.webhook.get("secret_token") or SECRET)
        headers = {"Content-Type": "application/json", HEADER: secret}
        return Delivery(headers=headers, body=msgspec.json.encode(update))

    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        """Somebody writes to the bot."""
        return await self.deliver(self.chats.said(self.chats.private(sender), sender, text, id))

    async def say_in(self, group: str, sender: str, text: str, **more: Any) -> bool:
        """Somebody writes in a group; `more` is what else is in the message."""
        if "message_thread_id" in more:
            self.chats.topics.add(more["message_thread_id"])
            more["is_topic_message"] = True
        return await self.deliver(self.chats.said(self.chats.group(group), sender, text, None, **more))

    async def edit(self, sender: str, message: Json, text: str) -> bool:
        """Somebody changes what they wrote."""
        edited = {**message, "text": text, "edit_date": int(self.now())}
        return await self.deliver(self.chats.update(edited_message=edited))

    async def send_file(self, sender: str, name: str, data: bytes, *, type: str = "application/octet-stream") -> bool:
        """Somebody sends a file, a picture as a photo."""
        file = f"BQAC{len(self.chats.files):06}"
        about = {"file_id": file, "file_unique_id": f"u{file}", "file_size": len(data)}
        photo = type.startswith("image/")
        self.chats.files[file] = (f"{'photos' if photo else 'documents'}/{file}", data)
        content: Json = (
            {"photo": [{**about, "width": 9, "height": 9}]}
            if photo
            else {"document": {**about, "file_name": name, "mime_type": type}}
        )
        message = self.chats.message(self.chats.private(sender), self.chats.person(sender), **content)
        return await self.deliver(self.chats.update(message=message))

    async def press(
        self, sender: str, title: str, payload: str, *, group: str | None = None, old: bool = False
    ) -> bool:
        """Somebody presses a button; `payload` is what the bot gave it."""
        chat = self.chats.private(sender) if group is None else self.chats.group(group)
        return await self.deliver(self.chats.pressed(chat, sender, payload, self.new_id(), old=old))

    async def block(self, sender: str, *, again: bool = False) -> bool:
        """Somebody blocks the bot, or (`again`) lets it write again."""
        (self.blocked.discard if again else self.blocked.add)(sender)
        before, after = ("kicked", "member") if again else ("member", "kicked")
        return await self.deliver(self.chats.member(self.chats.private(sender), sender, before, after))

    async def migrate(self, group: str, *, tell: bool = True) -> int:
        """A group gets another number; `tell`: the bot is told at once, and not only when it writes to the old one."""
        told = self.chats.migrate(group)
        for update in told if tell else ():
            await self.deliver(update)
        return self.chats.moved[told[0]["message"]["chat"]["id"]]

    async def deliver(self, update: Json) -> bool:
        """Gives an update to the bot until it has acknowledged it; one chat's in their order."""
        if self.mode == "polling":
            return await self._until_confirmed(update)
        about = update.get("message") or update.get("callback_query", {}).get("message") or update.get("my_chat_member")
        async with self._in_order[about["chat"]["id"] if about else 0]:
            for attempt in range(self.tries):
                answer = await self.post(self.signed(update), timeout=60 / self.hurry)
                if answer is not None and 200 <= answer[0] < 300:
                    return True
                await asyncio.sleep(min(60.0, 0.5 * 2**attempt) / self.hurry)
        return False

    async def _until_confirmed(self, update: Json, longest: float = 30.0) -> bool:
        if update not in self.api.pending:
            await self.api.add(update)
        try:
            async with asyncio.timeout(longest), self.api.confirmed:
                await self.api.confirmed.wait_for(lambda: update not in self.api.pending)
        except TimeoutError:
            return False
        return True

    # The platform's side ---------------------------------------------------------------------------------------------

    def _is_blocked(self, chat: int) -> bool:
        return self.chats.names.get(chat) in self.blocked

    async def _on_sent(self, chat: int, shown: Shown) -> None:
        await self.show(self.chats.names[chat], shown)


if __name__ == "__main__":
    sys.exit(terminal.main(TelegramSimulator))
