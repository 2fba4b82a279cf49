"""The channels that no platform stands behind: browsers with the widget, and callers of Rasa's REST channel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping

import aiohttp
import msgspec
from aiohttp import web

from tests.simulators.base import Delivery, Shown, Simulator


class Browsers(Simulator):
    """Customers with the widget, over requests. A customer's first words open their session."""

    kind = "webchat"

    def __init__(self, name: str | None = None, *, hurry: float = 1.0) -> None:
        super().__init__(name or "web", hurry=hurry)
        self._sessions: dict[str, str] = {}
        self._opening = asyncio.Lock()
        self._reading: list[asyncio.Task[None]] = []

    def routes(self) -> Iterable[web.RouteDef]:
        """A browser serves nothing."""
        return ()

    def channel(self) -> dict[str, object]:
        """The channel that every installation has."""
        return {"name": self.name, "kind": self.kind}

    @property
    def webhook(self) -> str:
        """Where browsers without sockets send to."""
        return f"{self.hub}/channels/{self.name}/messages"

    async def stop(self) -> None:
        """Closes all pages."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await super().stop()

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """For somebody who has said something before."""
        return self._delivery(sender, {"id": id or self.new_id(), "text": text})

    def _delivery(self, sender: str, body: Mapping[str, object]) -> Delivery:
        headers = {"Authorization": f"Bearer {self._sessions[sender]}", "Content-Type": "application/json"}
        return Delivery(headers=headers, body=msgspec.json.encode(body))

    async def say(self, sender: str, text: str, id: str | None = None, files: tuple[str, ...] = ()) -> bool:
        """Sends it until it is acknowledged."""
        await self.open(sender)
        body = {"id": id or self.new_id(), "text": text, "attachments": files}
        return await self._until_taken(self._delivery(sender, body))

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """The title as text, and the payload."""
        return await self._until_taken(self._delivery(sender, {"id": self.new_id(), "text": title, "payload": payload}))

    async def _until_taken(self, delivery: Delivery) -> bool:
        while True:
            answer = await self.post(delivery)
            if answer is not None and answer[0] < 500:
                return answer[0] == 202
            await asyncio.sleep(0.1)

    async def open(self, sender: str) -> None:
        """Opens a session, and reads from then on."""
        assert self._http is not None
        async with self._opening:
            while sender not in self._sessions:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with self._http.post(f"{self.hub}/channels/{self.name}/sessions", json={}) as answer:
                        if answer.status == 201:
                            self._sessions[sender] = (await answer.json())["session"]
                            self._reading.append(asyncio.create_task(self._read(sender)))
                await asyncio.sleep(0)

    async def upload(self, sender: str, name: str, type: str, data: bytes) -> str:
        """Uploads a file; answers its id."""
        assert self._http is not None
        await self.open(sender)
        form = aiohttp.FormData()
        form.add_field("file", data, filename=name, content_type=type)
        async with self._http.post(
            f"{self.hub}/channels/{self.name}/attachments", data=form, headers=self._bearer(sender)
        ) as answer:
            id: str = (await answer.json())["id"]
            return id

    def _bearer(self, sender: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._sessions[sender]}"}

    async def _read(self, sender: str) -> None:
        assert self._http is not None
        after = 0
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                url = f"{self.webhook}?after={after}&wait=10"
                async with self._http.get(url, headers=self._bearer(sender)) as answer:
                    if answer.status == 200:
                        for entry in (await answer.json())["messages"]:
                            after = entry["seq"]
                            if entry["type"] == "message" and entry["author"] != "customer":
                                await self._show(sender, entry)
                        continue
            await asyncio.sleep(0.1)

    async def _show(self, sender: str, entry: dict[str, object]) -> None:
        entry = msgspec.convert(entry, dict[str, object])
        buttons = msgspec.convert(entry.get("buttons", []), list[dict[str, str]])
        choices = tuple((button["title"], button["payload"]) for button in buttons)
        await self.show(sender, Shown(text=str(entry["text"]), buttons=choices, at=self.now()))
        for file in msgspec.convert(entry.get("attachments", []), list[dict[str, object]]):
            await self.show(
                sender, Shown(file=str(file["name"]), data=await self._download(sender, file), at=self.now())
            )

    async def _download(self, sender: str, file: dict[str, object]) -> bytes:
        assert self._http is not None
        url = f"{self.hub}/channels/{self.name}/attachments/{file['id']}"
        async with self._http.get(url, headers=self._bearer(sender)) as answer:
            return await answer.read()


class Callers(Simulator):
    """Programs that talk to the hub as they would to Rasa: they ask again until they have the answer."""

    kind = "rest"
    token = "the-rest-channels-own-token"

    def routes(self) -> Iterable[web.RouteDef]:
        """A caller serves nothing."""
        return ()

    def channel(self) -> dict[str, object]:
        """The channel is always there; only its token is a setting."""
        return {"name": "rest", "kind": "rest", "token": self.token}

    @property
    def webhook(self) -> str:
        """Rasa's own path."""
        return f"{self.hub}/webhooks/rest/webhook"

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """A request with its token."""
        body = {"sender": sender, "message": text, "message_id": id or self.new_id()}
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return Delivery(headers=headers, body=msgspec.json.encode(body))

    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        """Asks until it is answered, with one id."""
        delivery = self.delivery(sender, text, id)
        while True:
            answer = await self.post(delivery, timeout=30)
            if answer is not None and answer[0] == 200:
                for said in msgspec.json.decode(answer[1]):
                    buttons = tuple((button["title"], button["payload"]) for button in said.get("buttons", ()))
                    await self.show(sender, Shown(text=said["text"], buttons=buttons, at=self.now()))
                return True
            if answer is not None and answer[0] < 500:
                return False
            await asyncio.sleep(0.1)

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """The protocol has no presses: the title is said."""
        return await self.say(sender, title)
