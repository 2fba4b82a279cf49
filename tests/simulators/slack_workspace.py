"""A simulated Slack workspace: people, channels, messages, and what an app is told about them."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from collections.abc import Iterator
from html import escape
from typing import Any

Json = dict[str, Any]

TEAM, APP, BOT, BOT_ID = "T0PARLEY00", "A0PARLEY00", "U0PARLEY00", "B0PARLEY00"
BOT_NAME = "parley"

_MARK = re.compile(r"<([^<>]+)>")
_NAMED = re.compile(r"(?<!\S)@(channel|here|everyone|\w+)")


class Workspace:
    """What everybody in it sees. Ids follow from names, so that a restarted simulator has the same ones."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {BOT: BOT_NAME}
        self.channels: dict[str, Json] = {}
        self.messages: dict[str, list[Json]] = {}
        self.files: dict[str, Json] = {}
        self.data: dict[str, bytes] = {}
        self.pings: list[str] = []
        self.outsiders: set[str] = set()
        self._counter = itertools.count(1)
        self._last = 0

    # People and channels ---------------------------------------------------------------------------------------------

    def user(self, name: str) -> str:
        """Somebody's id."""
        id = "U" + _digest(name)
        self.names.setdefault(id, name)
        return id

    def direct(self, name: str) -> str:
        """The id of somebody's direct messages with the app."""
        id = "D" + _digest(name)
        if id not in self.channels:
            self._add(id, {"is_im": True, "user": self.user(name)})
        return id

    def room(self, name: str) -> str:
        """The id of a channel, which the app is a member of."""
        id = name if name in self.channels else "C" + _digest(name)
        if id not in self.channels:
            self._add(id, {"is_channel": True, "name": name, "is_member": True, "is_archived": False})
        return id

    def _add(self, id: str, what: Json) -> None:
        self.channels[id] = {"id": id, **what}
        self.messages[id] = []

    def find(self, channel: str) -> Json | None:
        """A channel by its id or its name; direct messages also by the user."""
        for known in self.channels.values():
            if channel.lstrip("#") in (known["id"], known.get("name"), known.get("user")):
                return known
        return None

    def whose(self, channel: str) -> str | None:
        """Whose direct messages these are; None for a channel."""
        user = self.channels[channel].get("user")
        return self.names[user] if user else None

    def next_id(self, letter: str) -> str:
        """An id that nothing has yet."""
        return f"{letter}0{next(self._counter):08d}"

    # Messages --------------------------------------------------------------------------------------------------------

    def ts(self) -> str:
        """A point in time that no other message has."""
        self._last = max(self._last + 1, int(time.time() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def add(self, channel: str, **what: Any) -> Json:
        """A message is written."""
        ts = self.ts()
        message = {"type": "message", "ts": ts, "team": TEAM, **{key: value for key, value in what.items() if value}}
        self.messages[channel].append(message)
        return message

    def message(self, channel: str, ts: str) -> Json | None:
        """One message."""
        return next((message for message in self.messages.get(channel, ()) if message["ts"] == ts), None)

    def thread(self, channel: str, ts: str) -> list[Json]:
        """A thread with the message that it began with."""
        return [message for message in self.messages[channel] if ts in (message["ts"], message.get("thread_ts"))]

    # How a message looks ---------------------------------------------------------------------------------------------

    def look(self, message: Json, *, link_names: bool = False) -> str:
        """A message's words as its readers see them; whoever is pinged by it is written down."""
        self._read(message.get("text", ""), link_names)
        blocks = message.get("blocks") or ()
        if not blocks:
            return self._read(message.get("text", ""), link_names, count=False)
        return "\n".join(text for text in (self._block(block) for block in blocks) if text)

    def _block(self, block: Json) -> str:
        match block["type"]:
            case "rich_text":
                return "".join(self._element(part) for section in block["elements"] for part in section["elements"])
            case "section" | "header" | "context":
                texts = [block["text"]] if "text" in block else []
                texts += [*block.get("fields", ()), *block.get("elements", ())]
                return "\n".join(
                    self._read(text["text"]) if text["type"] == "mrkdwn" else str(text["text"]) for text in texts
                )
            case _:
                return ""

    def _element(self, part: Json) -> str:
        match part["type"]:
            case "text":
                return str(part["text"])
            case "link":
                return str(part.get("text", part["url"]))
            case "date":
                return str(part["fallback"])
            case "user" | "usergroup" | "broadcast" as kind:
                self.pings.append(f"{kind} {part}")
                return "@somebody"
            case _:
                return ""

    def _read(self, text: str, link_names: bool = False, count: bool = True) -> str:
        def shown(found: re.Match[str]) -> str:
            target, _, label = found[1].partition("|")
            if target[:1] in "@!" and count and not target.startswith("!date"):
                self.pings.append(target)
            return label or (f"@{self.names.get(target[1:], target[1:])}" if target[0] == "@" else target)

        if link_names and count:
            self.pings += _NAMED.findall(text)
        return _MARK.sub(shown, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    # What the app is told --------------------------------------------------------------------------------------------

    def event(self, event: Json, id: str | None = None) -> Json:
        """An event as it is delivered; each has an id of its own."""
        return {
            "token": "an-old-verification-token",
            "team_id": TEAM,
            "context_team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": id or self.next_id("Ev"),
            "event_time": int(float(event["event_ts"])),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def told(self, channel: str, message: Json) -> Iterator[Json]:
        """The events that a message makes: one for the message, one more where the app is mentioned."""
        kind = {"channel_type": "im" if self.channels[channel].get("is_im") else "channel"}
        yield self.event({**message, "channel": channel, "event_ts": message["ts"], **kind})
        if f"<@{BOT}>" in message.get("text", "") and "is_im" not in self.channels[channel] and "bot_id" not in message:
            mention = {key: value for key, value in message.items() if key not in ("subtype", "parent_user_id")}
            yield self.event({**mention, "type": "app_mention", "channel": channel, "event_ts": message["ts"]})

    def changed(self, channel: str, subtype: str, **what: Any) -> Json:
        """The event of a message that was changed or deleted."""
        ts = self.ts()
        kind = "im" if self.channels[channel].get("is_im") else "channel"
        return self.event(
            {
                "type": "message",
                "subtype": subtype,
                "hidden": True,
                "channel": channel,
                "channel_type": kind,
                "ts": ts,
                "event_ts": ts,
                **what,
            }
        )

    def pressed(self, name: str, channel: str, message: Json, action: Json, response_url: str) -> Json:
        """What the app is told when somebody presses a button."""
        user = self.user(name)
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        return {
            "type": "block_actions",
            "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
            "api_app_id": APP,
            "token": "an-old-verification-token",
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel,
                "is_ephemeral": False,
                **thread,
            },
            "trigger_id": f"{self.next_id('1')}.{TEAM}",
            "team": {"id": TEAM, "domain": "shop"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": channel, "name": self.channels[channel].get("name", "directmessage")},
            "message": message,
            "state": {"values": {}},
            "response_url": response_url,
            "actions": [{**action, "action_ts": self.ts()}],
        }


def typed(text: str) -> str:
    """What somebody types as Slack passes it on."""
    return escape(text, quote=False)


def buttons(message: Json) -> list[Json]:
    """The buttons under a message."""
    return [
        {**element, "block_id": block.get("block_id", "b")}
        for block in message.get("blocks") or ()
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:10].upper()
