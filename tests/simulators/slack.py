"""Slack, simulated: `python -m tests.simulators.slack`, with `--socket` for Socket Mode and `--agents NAME` for the
channel in which agents answer; `/as agent` is one of them, in its newest thread.

A customer's direct messages are `say`; in channels they `write`, and `mention` the app. Agents `write` as well.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterable
from typing import ClassVar
from urllib.parse import urlencode

from aiohttp import web

from hub.ending import end
from tests.simulators import terminal
from tests.simulators.base import Delivery, Shown, Simulator
from tests.simulators.slack_api import WebApi
from tests.simulators.slack_files import APP_TOKEN, BOT_TOKEN
from tests.simulators.slack_socket import Sockets
from tests.simulators.slack_workspace import BOT, BOT_ID, Json, Workspace, buttons, typed

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
RETRIES = (0.0, 60.0, 300.0)
"""Seconds before each further attempt at a delivery that was not acknowledged."""

PATIENCE = 3.0
"""Seconds in which an app has to acknowledge."""


class SlackSimulator(Simulator):
    """One workspace with one app. `echo`: the app is also told of what it wrote itself, as Slack does."""

    kind: ClassVar[str] = "slack"
    tries: ClassVar[int] = 1 + len(RETRIES)

    def __init__(
        self, name: str | None = None, *, hurry: float = 1.0, socket: bool = False, agents: str = "", echo: bool = True
    ) -> None:
        super().__init__(name, hurry=hurry)
        self.socket = socket
        self.agents = agents
        self.echo = echo
        self.workspace = Workspace()
        self.sockets = Sockets(APP_TOKEN)
        self.api = WebApi(
            self.workspace,
            interval=1.0 / hurry,
            fault=self.fault,
            on_post=self._posted,
            on_change=self._changed,
            refuses=lambda channel: self.workspace.whose(channel) in self.blocked,
        )
        self.calls = self.api.calls
        self.unfolded: list[str] = []
        self._known: dict[str, Json] = {}
        self._telling: set[asyncio.Task[bool]] = set()
        if agents:
            self.workspace.room(agents)

    # The server ------------------------------------------------------------------------------------------------------

    def routes(self) -> Iterable[web.RouteDef]:
        """The Web API, files, and the other end of Socket Mode."""
        yield from self.api.routes()
        yield web.get("/socket", self.sockets.serve)

    async def start(self, port: int = 0) -> None:
        """Begins to listen; addresses in answers are the server's own."""
        await super().start(port)
        self.api.address = self.url

    async def stop(self) -> None:
        """Ends deliveries that still go on, too."""
        await end(*self._telling)
        await self.sockets.close()
        await super().stop()

    def channel(self) -> dict[str, object]:
        """The channel's lines in `hub.yml`."""
        mode = {"app_token": APP_TOKEN} if self.socket else {"signing_secret": SECRET}
        agents = {"agents_channel": self.agents} if self.agents else {}
        address = f"{self.url}/api/"
        return {
            "name": self.name,
            "kind": self.kind,
            "bot_token": BOT_TOKEN,
            **mode,
            "api_base_url": address,
            **agents,
        }

    # Deliveries ------------------------------------------------------------------------------------------------------

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """A direct message; in Socket Mode, what would be delivered over HTTP."""
        return self.signed(self._direct(sender, text, id))

    def signed(self, payload: Json, *, form: bool = False, at: float | None = None, secret: str = SECRET) -> Delivery:
        """A request as Slack signs it; events are JSON, what people press comes as a form."""
        text = json.dumps(payload, ensure_ascii=False)
        body = (urlencode({"payload": text}) if form else text).encode()
        stamp = str(int(at if at is not None else self.now()))
        signature = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        return Delivery(headers=headers, body=body)

    async def tell(self, payload: Json, *, form: bool = False) -> bool:
        """Delivers until it is acknowledged, or has been tried often enough."""
        reason = ""
        for attempt, pause in enumerate((0.0, *RETRIES)):
            await asyncio.sleep(pause / self.hurry)
            if self.socket:
                reason = await self.sockets.send("interactive" if form else "events_api", payload, attempt, reason)
            else:
                reason = await self._attempt(payload, form, attempt, reason)
            if not reason:
                return True
        return False

    async def _attempt(self, payload: Json, form: bool, attempt: int, reason: str) -> str:
        """Why an attempt failed; empty where it did not."""
        delivery = self.signed(payload, form=form)
        if attempt:
            delivery.headers.update({"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason})
        answer = await self.post(delivery, timeout=PATIENCE)
        if answer is None:
            return "http_timeout"
        return "" if 200 <= answer[0] < 300 else "http_error"

    def later(self, payload: Json) -> None:
        """Delivers without anybody waiting for it."""
        task = asyncio.create_task(self.tell(payload))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    # The customers' side ---------------------------------------------------------------------------------------------

    async def say(
        self,
        sender: str,
        text: str,
        id: str | None = None,
        *,
        thread: str | None = None,
        files: tuple[tuple[str, str, bytes], ...] = (),
    ) -> bool:
        """A direct message, in a thread or not, with files (name, type, bytes) or without."""
        return await self.tell(self._direct(sender, text, id, thread, files))

    def _direct(
        self,
        sender: str,
        text: str,
        id: str | None = None,
        thread: str | None = None,
        files: tuple[tuple[str, str, bytes], ...] = (),
    ) -> Json:
        if id is not None and id in self._known:
            return self._known[id]
        channel = self.workspace.direct(sender)
        message = self._written(sender, typed(text), channel, thread, files)
        event = next(self.workspace.told(channel, message))
        if id is not None:
            self._known[id] = event
        return event

    async def mention(self, sender: str, text: str, channel: str = "general", thread: str | None = None) -> str:
        """Somebody mentions the app in a channel; answers when."""
        return await self.write(sender, f"<@{BOT}> {typed(text)}", channel, thread)

    async def write(
        self,
        sender: str,
        markup: str,
        channel: str = "general",
        thread: str | None = None,
        files: tuple[tuple[str, str, bytes], ...] = (),
    ) -> str:
        """Somebody writes in a channel; answers when."""
        room = self.workspace.room(channel)
        message = self._written(sender, markup, room, thread, files)
        for event in self.workspace.told(room, message):
            await self.tell(event)
        return str(message["ts"])

    def _written(
        self,
        sender: str,
        markup: str,
        channel: str,
        thread: str | None,
        files: tuple[tuple[str, str, bytes], ...] = (),
    ) -> Json:
        root = self.workspace.message(channel, thread) if thread else None
        return self.workspace.add(
            channel,
            user=self.workspace.user(sender),
            text=markup,
            client_msg_id=self.new_id(),
            thread_ts=thread,
            parent_user_id=root.get("user") if root else None,
            subtype="file_share" if files else None,
            files=[self.keep(*file) for file in files],
        )

    def keep(self, name: str, type: str, data: bytes) -> Json:
        """A file that somebody has put into the workspace."""
        id = self.workspace.next_id("F")
        self.workspace.files[id] = {"id": id, "name": name, "mimetype": type, "size": len(data)}
        self.workspace.data[id] = data
        return self.api.described(id)

    async def edit(self, sender: str, ts: str, markup: str, channel: str | None = None) -> bool:
        """Somebody rewrites what they wrote, in a channel or to the app."""
        place = self.workspace.room(channel) if channel else self.workspace.direct(sender)
        message = self.workspace.message(place, ts)
        assert message is not None
        before = dict(message)
        message.update(text=markup, edited={"user": message["user"], "ts": self.workspace.ts()})
        return await self.tell(
            self.workspace.changed(place, "message_changed", message=message, previous_message=before)
        )

    async def delete(self, sender: str, ts: str, channel: str | None = None) -> bool:
        """Somebody deletes what they wrote."""
        place = self.workspace.room(channel) if channel else self.workspace.direct(sender)
        message = self.workspace.message(place, ts)
        assert message is not None
        self.workspace.messages[place].remove(message)
        return await self.tell(
            self.workspace.changed(place, "message_deleted", deleted_ts=ts, previous_message=message)
        )

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """A customer presses a button of the app's last message to them that has one like it."""
        channel = self.workspace.direct(sender)
        for message in reversed(self.workspace.messages[channel]):
            for action in buttons(message):
                if (action["text"]["text"], action.get("value")) == (title, payload):
                    return await self._press(sender, channel, message, action)
        raise AssertionError(f"{sender} sees no button {title}")

    async def press_in(self, sender: str, channel: str, ts: str, title: str) -> bool:
        """Somebody presses a button under a message in a channel."""
        room = self.workspace.room(channel)
        message = self.workspace.message(room, ts)
        assert message is not None
        action = next(action for action in buttons(message) if action["text"]["text"] == title)
        return await self._press(sender, room, message, action)

    async def _press(self, sender: str, channel: str, message: Json, action: Json) -> bool:
        response_url = f"{self.url}/response/{channel}/{message['ts']}"
        return await self.tell(self.workspace.pressed(sender, channel, message, action, response_url), form=True)

    # What the app does -----------------------------------------------------------------------------------------------

    async def _posted(self, channel: str, message: Json, arguments: Json) -> None:
        loud = bool(arguments.get("link_names")) or arguments.get("parse") == "full"
        text = self.workspace.look(message, link_names=loud)
        if "http" in text and arguments.get("unfurl_links", True) is not False and "files" not in message:
            self.unfolded.append(text)
        choices = tuple((str(b["text"]["text"]), str(b.get("value", ""))) for b in buttons(message))
        place = self.workspace.whose(channel) or channel
        if text or choices:
            await self.show(place, Shown(text=text, buttons=choices, at=self.now()))
        for file in message.get("files", ()):
            data = self.workspace.data[file["id"]]
            await self.show(place, Shown(file=file["name"], data=data, at=self.now()))
        if self.echo and (self.hub or self.socket):
            self.later(next(self.workspace.told(channel, message)))

    async def _changed(self, channel: str, message: Json) -> None:
        async with self._news:
            self._news.notify_all()
        if self.echo and (self.hub or self.socket):
            self.later(self.workspace.changed(channel, "message_changed", message=message, previous_message=message))

    def thread(self, channel: str, ts: str) -> list[str]:
        """What a thread looks like now, its beginning included."""
        room = self.workspace.room(channel)
        return [self.workspace.look(message) for message in self.workspace.thread(room, ts)]

    def posts(self, channel: str) -> list[Json]:
        """The app's own messages in a channel, as they are now."""
        return [m for m in self.workspace.messages[self.workspace.room(channel)] if m.get("bot_id") == BOT_ID]

    async def until(self, condition: Callable[[], bool], longest: float = 15.0) -> None:
        """Waits until what the app wrote or rewrote makes this true."""
        async with asyncio.timeout(longest), self._news:
            await self._news.wait_for(condition)


if __name__ == "__main__":
    from tests.simulators.slack_agents import SlackByHand

    sys.exit(terminal.main(SlackByHand))
