"""A system of one's own behind the channel `webhook`, simulated: it signs, checks signatures, takes nothing twice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from tests.simulators import terminal
from tests.simulators.base import Delivery, Fault, Shown, Simulator

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, yes").decode()


class WebhookSimulator(Simulator):
    """Customers who write in a form on somebody's own pages."""

    kind = "webhook"
    tries = 8

    def __init__(self, name: str | None = None, *, hurry: float = 1.0) -> None:
        super().__init__(name, hurry=hurry)
        self._seen: set[str] = set()
        self._files: dict[str, bytes] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """Where the hub delivers, and where it fetches files."""
        yield web.post("/parley", self._take)
        yield web.get("/files/{name}", self._file)

    def channel(self) -> dict[str, object]:
        """The channel's settings."""
        return {"name": self.name, "kind": self.kind, "url": f"{self.url}/parley", "secret": SECRET}

    # The customers' side ---------------------------------------------------------------------------------------------

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """A message, signed now."""
        return self.signed(self.message(sender, text, id))

    def message(self, sender: str, text: str, id: str | None = None, **more: object) -> dict[str, object]:
        """A message as it is delivered, written now."""
        sent_at = datetime.fromtimestamp(self.now(), UTC).isoformat()
        known = {"type": "message", "id": id or self.new_id(), "sender": sender, "name": sender, "sent_at": sent_at}
        return {**known, "text": text, **more}

    def signed(self, body: object, at: float | None = None) -> Delivery:
        """Any body, signed at this time."""
        content = msgspec.json.encode(body)
        id, timestamp = f"msg_{self.new_id()}", str(int(self.now() if at is None else at))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{_signature(id, timestamp, content)}",
        }
        return Delivery(headers=headers, body=content)

    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        """Delivers until it is taken, signed anew each time."""
        return await self._deliver(self.message(sender, text, id))

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """The title as text, and the payload."""
        return await self._deliver(self.message(sender, title, payload=payload))

    async def send_file(self, sender: str, name: str, data: bytes, *, type: str = "application/octet-stream") -> bool:
        """A message with a file, which the hub is to fetch."""
        self._files[name] = data
        file = {"url": f"{self.url}/files/{name}", "name": name, "type": type}
        return await self._deliver(self.message(sender, "", files=[file]))

    async def _deliver(self, body: Mapping[str, object]) -> bool:
        for attempt in range(self.tries):
            answer = await self.post(self.signed(body), timeout=20)
            if answer is not None and 200 <= answer[0] < 300:
                return True
            if answer is not None and answer[0] < 500:
                return False
            await asyncio.sleep(0.5 * 2**attempt / self.hurry)
        return False

    # The other side --------------------------------------------------------------------------------------------------

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_signed(request.headers, body):
            return web.Response(status=401)
        message = msgspec.json.decode(body)
        self.calls.append(("message", message))
        fault = await self.fault()
        if fault in ("429", "500", "token"):
            return _refusal(fault)
        if message["recipient"] in self.blocked:
            return web.Response(status=410)
        if request.headers["webhook-id"] not in self._seen:
            self._seen.add(request.headers["webhook-id"])
            await self._show(message)
        if fault == "drop" and request.transport is not None:
            request.transport.close()
        return web.Response(
            status=202, body=b"\xff\x00" if fault == "rubbish" else b""
        )  # 2xx is a yes, whatever it says

    async def _show(self, message: dict[str, list[dict[str, str]]]) -> None:
        buttons = tuple((button["title"], button["payload"]) for button in message.get("buttons", []))
        text, to = str(message.get("text", "")), str(message["recipient"])
        if text or buttons:
            await self.show(to, Shown(text=text, buttons=buttons, at=self.now()))
        for file in message.get("files", []):
            await self.show(to, Shown(file=file["name"], data=base64.b64decode(file["content"]), at=self.now()))

    async def _file(self, request: web.Request) -> web.Response:
        if not self._is_signed(request.headers, b""):
            return web.Response(status=401)
        fault = await self.fault()
        if fault in ("429", "500", "token"):
            return _refusal(fault)
        return web.Response(body=self._files[request.match_info["name"]])

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        fresh = abs(self.now() - int(timestamp)) <= 300
        return fresh and headers.get("webhook-signature") == f"v1,{_signature(id, timestamp, body)}"


def _signature(id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    return base64.b64encode(hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()).decode()


def _refusal(fault: Fault) -> web.Response:
    if fault == "429":
        return web.Response(status=429, headers={"Retry-After": "1"})
    return web.Response(status=401 if fault == "token" else 500)


if __name__ == "__main__":
    sys.exit(terminal.main(WebhookSimulator))
