"""A WeChat Official Account: pushes in all three modes, with WeChat's patience and its repetitions.

By hand: `python -m tests.simulators.wechat --mode safe`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import defusedxml.ElementTree
from aiohttp import web

from tests.simulators import terminal
from tests.simulators.base import Delivery, Shown, Simulator
from tests.simulators.wechat_api import TEXT_LIMIT, Media, WeChatApi
from tests.simulators.wechat_seal import Seal, signature

UNAVAILABLE = "该公众号暂时无法提供服务，请稍后再试"
"""What WeChat itself shows where it got no answer, or none that it understands."""

ACCOUNT = "gh_0123456789ab"
PATIENCE = 5.0


class WeChat(Simulator):
    """One account and the people who follow it. Whoever writes follows; `followers` says who still does.

    `attempts` counts the requests that it took to deliver everything.
    """

    kind = "wechat"

    def __init__(
        self, name: str | None = None, *, hurry: float = 1.0, mode: str = "safe", passive_only: bool = False
    ) -> None:
        super().__init__(name, hurry=hurry)
        self.mode = mode
        self.passive_only = passive_only
        self.token = "SimulatedToken"
        self.encoding_aes_key = "Rk3vQ8mZ1xT5nB7cJ2wL9pD4sH6gF0yU8aE5iO3rK1t"
        self.app_id = "wx5imulated0account"
        self.app_secret = "0123456789abcdef0123456789abcdef"
        self.followers: dict[str, bool] = {}
        self.attempts = 0
        self.api = WeChatApi(self)
        if passive_only:
            self.api.refuse["/cgi-bin/message/custom/send"] = 48001
        self._seal = Seal(self.encoding_aes_key, self.app_id)
        self._pushed: dict[str, dict[str, str]] = {}
        self._answered: set[str] = set()

    def routes(self) -> Iterable[web.RouteDef]:
        """The platform's own API."""
        return self.api.routes()

    def channel(self) -> dict[str, object]:
        """The entry in `hub.yml`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "mode": self.mode,
            "token": self.token,
            "encoding_aes_key": self.encoding_aes_key,
            "app_id": self.app_id,
            "app_secret": self.app_secret,
            "api_base_url": self.url,
            **({"passive_only": True} if self.passive_only else {}),
        }

    # What goes over the wire -----------------------------------------------------------------------------------------

    def fields(self, sender: str, kind: str, id: str | None = None, **more: object) -> dict[str, str]:
        """The elements of a message's XML; the same `id` is the same message."""
        id = id or str(int(self.new_id()[:15], 16))
        if id not in self._pushed:
            words = {name: str(value) for name, value in more.items()}
            self._pushed[id] = {**self._head(sender, kind), **words, "MsgId": id}
        return self._pushed[id]

    def _head(self, sender: str, kind: str) -> dict[str, str]:
        return {
            "ToUserName": ACCOUNT,
            "FromUserName": sender,
            "CreateTime": str(int(self.now())),
            "MsgType": kind,
        }

    def sealed(self, fields: dict[str, str]) -> Delivery:
        """The push with these fields, signed and, unless the mode is plain, encrypted."""
        timestamp, nonce = str(int(self.now())), str(int(self.new_id()[:8], 16))
        query = {
            "signature": signature(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": fields["FromUserName"],
        }
        plain = _xml(fields)
        if self.mode == "plain":
            return Delivery(query=query, headers={"Content-Type": "text/xml"}, body=plain)
        encrypted = self._seal.close(plain)
        query |= {"encrypt_type": "aes", "msg_signature": signature(self.token, timestamp, nonce, encrypted)}
        outside = fields if self.mode == "compat" else {"ToUserName": ACCOUNT}
        return Delivery(query=query, headers={"Content-Type": "text/xml"}, body=_xml({**outside, "Encrypt": encrypted}))

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """The push of a text."""
        self._wrote(sender)
        return self.sealed(self.fields(sender, "text", id, Content=text))

    async def verify(self) -> bool:
        """Asks the hub whether it is there, as WeChat does when the address is entered."""
        timestamp, nonce, echo = str(int(self.now())), self.new_id()[:8], self.new_id()
        query = {
            "signature": signature(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "echostr": echo,
        }
        return await self.post(Delivery(method="GET", query=query)) == (200, echo.encode())

    async def push(self, fields: dict[str, str]) -> bool:
        """Delivers as WeChat does: three times at most, 5 seconds apart. True: it was answered so that it ends there.

        What the customer then sees is the reply, nothing, or that the account is out of order.
        """
        patience = PATIENCE / self.hurry
        loop = asyncio.get_running_loop()
        for _ in range(self.tries):
            began = loop.time()
            self.attempts += 1
            answer = await self.post(self.sealed(fields), patience)
            if answer is not None and answer[0] == 200:
                return await self._answer(fields, answer[1])
            await asyncio.sleep(max(0.0, patience - (loop.time() - began)))
        await self._out_of_order(fields)
        return False

    async def _answer(self, fields: dict[str, str], body: bytes) -> bool:
        if body in (b"", b"success"):
            return True
        try:
            text = self._reply(fields, body)
        except (ValueError, KeyError, ParseError):
            await self._out_of_order(fields)
            return False
        if (key := _key(fields)) not in self._answered:  # one answer to one message, however often it was delivered
            self._answered.add(key)
            await self.see(fields["FromUserName"], text)
        return True

    def _reply(self, fields: dict[str, str], body: bytes) -> str:
        """The text of a passive reply; raises where it is none."""
        reply = _read(body)
        if "Encrypt" in reply:
            parts = (self.token, reply["TimeStamp"], reply["Nonce"], reply["Encrypt"])
            if self.mode == "plain" or signature(*parts) != reply["MsgSignature"]:
                raise ValueError("encrypted, and wrongly")
            reply = _read(self._seal.open(reply["Encrypt"]))
        elif self.mode != "plain":
            raise ValueError("not encrypted")
        if (reply["ToUserName"], reply["FromUserName"]) != (fields["FromUserName"], ACCOUNT):
            raise ValueError("for somebody else")
        if reply["MsgType"] != "text" or not int(reply["CreateTime"]) or not reply["Content"]:
            raise ValueError("no text")
        if len(reply["Content"].encode()) > TEXT_LIMIT:
            raise ValueError("too long")
        return reply["Content"]

    async def _out_of_order(self, fields: dict[str, str]) -> None:
        if fields["MsgType"] != "event" or fields["Event"] == "CLICK":
            await self.see(fields["FromUserName"], UNAVAILABLE)

    async def see(self, customer: str, text: str, file: Media | None = None) -> None:
        """Shows something."""
        name, data = (file.name, file.data) if file is not None else (None, None)
        await self.show(customer, Shown(text=text, file=name, data=data, at=self.now()))

    # The customers' side ---------------------------------------------------------------------------------------------

    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        """A customer writes."""
        return await self.send(sender, "text", id, Content=text)

    async def send(self, sender: str, kind: str, id: str | None = None, **more: object) -> bool:
        """A customer sends a message of any kind."""
        self._wrote(sender)
        return await self.push(self.fields(sender, kind, id, **more))

    def _wrote(self, sender: str) -> None:
        self.followers[sender] = True
        self.api.opens(sender, 48 * 3600.0, 5)

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """There are no buttons: customers write the number of their choice, which here is the title."""
        return await self.say(sender, title)

    async def send_file(self, sender: str, kind: str, data: bytes, **more: object) -> bool:
        """A customer sends an `image`, a `voice` message or a `video`."""
        types = {"image": ("image/jpeg", "x.jpg"), "voice": ("audio/amr", "x.amr"), "video": ("video/mp4", "x.mp4")}
        extra = {"image": {"PicUrl": f"{self.url}/pic"}, "voice": {"Format": "amr"}, "video": {"ThumbMediaId": "t"}}
        media = self.api.keep(kind, *types[kind], data)
        return await self.send(sender, kind, None, MediaId=media, **extra[kind], **more)

    async def event(self, sender: str, event: str, **more: object) -> bool:
        """Something happens that is no message."""
        words = {name: str(value) for name, value in more.items()}
        return await self.push({**self._head(sender, "event"), "Event": event, **words})

    async def subscribe(self, sender: str, scene: str | None = None) -> bool:
        """Somebody follows the account, perhaps by one of its codes."""
        self.followers[sender] = True
        self.api.opens(sender, 60.0, 3)
        code = {"EventKey": f"qrscene_{scene}", "Ticket": "gQH47joAAAAAAAAAASxodHRw"} if scene else {"EventKey": ""}
        return await self.event(sender, "subscribe", **code)

    async def unsubscribe(self, sender: str) -> bool:
        """Somebody follows it no longer."""
        self.followers[sender] = False
        self.api.windows.pop(sender, None)
        return await self.event(sender, "unsubscribe", EventKey="")

    async def scan(self, sender: str, scene: str) -> bool:
        """A follower scans one of its codes."""
        self.api.opens(sender, 60.0, 3)
        return await self.event(sender, "SCAN", EventKey=scene, Ticket="gQH47joAAAAAAAAAASxodHRw")

    async def click(self, sender: str, title: str) -> bool:
        """Somebody chooses from the menu."""
        self.api.opens(sender, 60.0, 3)
        entries = [one for button in self.api.menu for one in (button, *button.get("sub_button", ()))]
        entry: dict[str, Any] = next(one for one in entries if one["name"] == title)
        if entry["type"] == "view":
            return await self.event(sender, "VIEW", EventKey=entry["url"])
        return await self.event(sender, "CLICK", EventKey=entry["key"])


def _xml(fields: dict[str, str]) -> bytes:
    root = Element("xml")
    for name, value in fields.items():
        SubElement(root, name).text = value
    words: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return words


def _read(body: bytes) -> dict[str, str]:
    root = defusedxml.ElementTree.fromstring(body)
    if root.tag != "xml":
        raise ValueError("no XML of WeChat's")
    return {element.tag: element.text or "" for element in root}


def _key(fields: dict[str, str]) -> str:
    return fields.get("MsgId") or str(sorted(fields.items()))


if __name__ == "__main__":
    sys.exit(terminal.main(WeChat))
