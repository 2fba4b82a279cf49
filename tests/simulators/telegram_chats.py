"""The chats of a simulated Telegram: people, groups, what was written there, and the updates that come of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

BOT: Json = {"id": 7100200300, "is_bot": True, "first_name": "Shop", "username": "parley_shop_bot"}


class Chats:
    """`all`: every chat by its number. People are named as the tests name them, and have a number for each name."""

    def __init__(self, now: Callable[[], float], refuses: Callable[[int], bool]) -> None:
        self.bot = BOT
        self.all: dict[int, Json] = {}
        self.names: dict[int, str] = {}
        self.messages: dict[int, Json] = {}
        self.topics: set[int] = set()
        self.moved: dict[int, int] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.paths: dict[str, bytes] = {}
        self.presses: set[str] = set()
        self.refuses = refuses
        self._now = now
        self._numbers: dict[str, int] = {}
        self._ids = itertools.count(501)
        self._updates = itertools.count(880_130_000)
        self._known: dict[str, Json] = {}

    def person(self, name: str) -> Json:
        """Somebody by their name, as updates show them."""
        number = self._numbers.setdefault(name, 5_000_000 + len(self._numbers) + 1)
        return {"id": number, "is_bot": False, "first_name": name, "username": f"{name}_tg", "language_code": "en"}

    def private(self, name: str) -> Json:
        """The chat of somebody with the bot; it is there once they have written."""
        person = self.person(name)
        chat = {"id": person["id"], "type": "private", "first_name": name, "username": person["username"]}
        self.names[person["id"]] = name
        return self.all.setdefault(person["id"], chat)

    def group(self, name: str) -> Json:
        """A group by its name; the bot is in it."""
        number = self._numbers.setdefault(name, -4_000_000 - len(self._numbers))
        number = self.moved.get(number, number)
        self.names[number] = name
        kind = "supergroup" if number < -1_000_000_000_000 else "group"
        return self.all.setdefault(number, {"id": number, "type": kind, "title": name})

    def update(self, **content: Json) -> Json:
        """A new update."""
        return {"update_id": next(self._updates), **content}

    def message(self, chat: Json, sender: Json, **content: Any) -> Json:
        """A new message in a chat."""
        made = {"message_id": next(self._ids), "from": sender, "chat": chat, "date": int(self._now()), **content}
        self.messages[made["message_id"]] = made
        return made

    def said(self, chat: Json, name: str, text: str, id: str | None, **more: Any) -> Json:
        """The update of a message; the same `id` is the same one again."""
        if id is not None and id in self._known:
            return self._known[id]
        content: Json = {"text": text, **more}
        if entities := _entities(text):
            content["entities"] = entities
        made = self.update(message=self.message(chat, self.person(name), **content))
        if id is not None:
            self._known[id] = made
        return made

    def sent(self, chat: int, content: Json, keyboard: list[list[Json]], topic: object) -> Json:
        """The bot has written."""
        more: Json = {"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {}
        if topic is not None:
            more |= {"message_thread_id": topic, "is_topic_message": True}
        return self.message(self.all[chat], self.bot, **content, **more)

    def pressed(self, chat: Json, name: str, data: str, query: str, *, old: bool) -> Json:
        """The update of a press on the latest button with this data; of an `old` message little is shown."""
        self.presses.add(query)
        under = next(message for message in reversed(self.messages.values()) if _offers(message, chat, data))
        if old:
            under = {"chat": chat, "message_id": under["message_id"], "date": 0}
        content = {"id": query, "from": self.person(name), "message": under, "chat_instance": "-881", "data": data}
        return self.update(callback_query=content)

    def member(self, chat: Json, name: str, before: str, after: str) -> Json:
        """The update of the bot's standing in a chat."""
        about = {"chat": chat, "from": self.person(name), "date": int(self._now())}
        old, new = ({"user": self.bot, "status": status, "until_date": 0} for status in (before, after))
        return self.update(my_chat_member={**about, "old_chat_member": old, "new_chat_member": new})

    def migrate(self, name: str) -> tuple[Json, Json]:
        """A group becomes a supergroup with another number; answers the updates that tell it."""
        before = self.group(name)
        number = -1_002_000_000_000 + before["id"]
        self.moved[before["id"]] = number
        after = self.group(name)
        told = self.message(before, self.person(name), migrate_to_chat_id=number)
        anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        there = self.message(after, anonymous, sender_chat=after, migrate_from_chat_id=before["id"])
        return self.update(message=told), self.update(message=there)


def _entities(text: str) -> list[Json]:
    """Our name, and a command, as Telegram marks them in a text."""
    found = []
    name = f"@{BOT['username']}"
    if text.startswith("/"):
        found.append({"offset": 0, "length": _units(text.partition(" ")[0]), "type": "bot_command"})
    elif name in text:
        found.append({"offset": _units(text.partition(name)[0]), "length": len(name), "type": "mention"})
    return found


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _offers(message: Json, chat: Json, data: str) -> bool:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return bool(message["chat"]["id"] == chat["id"]) and any(
        button["callback_data"] == data for row in rows for button in row
    )
