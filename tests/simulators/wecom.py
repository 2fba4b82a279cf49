"""WeCom customer service: customers, servicers in WeCom's own client, and callbacks that say "there is something".

By hand: `python -m tests.simulators.wecom`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from aiohttp import web

from hub.ending import end
from tests.simulators import terminal
from tests.simulators.base import Delivery, Simulator
from tests.simulators.wechat_seal import Seal, signature
from tests.simulators.wecom_api import TOKEN_SECONDS, Json, Session, WeComApi

ACCOUNT = "wkSimulated0Account"
PATIENCE = 5.0
_WINDOW = 48 * 3600.0


class WeCom(Simulator):
    """One company. `accounts` are its customer service accounts; what is said without naming one is said to the first.

    `every`: the channel serves whatever account a callback names.
    """

    kind = "wecom"

    def __init__(self, name: str | None = None, *, hurry: float = 1.0, welcome: str = "", every: bool = False) -> None:
        super().__init__(name, hurry=hurry)
        self.welcome = welcome
        self.every = every
        self.token = "SimulatedCallbackToken"
        self.encoding_aes_key = "Pq7vM2zC9xN4kB8jR1wD6fG3hL5sT0yU8aE2iO7rK1Q"
        self.corp_id = "ww5imulated0corp"
        self.secret = "fedcba9876543210fedcba9876543210-kf"
        self.accounts = [ACCOUNT]
        self.mute = False
        self.api = WeComApi(self)
        self._seal = Seal(self.encoding_aes_key, self.corp_id)
        self._tasks: set[asyncio.Task[Any]] = set()

    def routes(self) -> Iterable[web.RouteDef]:
        """The platform's own API."""
        return self.api.routes()

    async def stop(self) -> None:
        """Ends it, and callbacks under way."""
        await end(*self._tasks)
        self.api.held.set()
        await super().stop()

    def channel(self) -> dict[str, object]:
        """The entry in `hub.yml`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "corp_id": self.corp_id,
            "secret": self.secret,
            "token": self.token,
            "encoding_aes_key": self.encoding_aes_key,
            "api_base_url": self.url,
            **({} if self.every else {"open_kfid": list(self.accounts)}),
            **({"welcome": self.welcome} if self.welcome else {}),
        }

    # Callbacks -------------------------------------------------------------------------------------------------------

    def sealed(self, plain: bytes) -> Delivery:
        """A callback with this content, encrypted and signed."""
        encrypted = self._seal.close(plain)
        timestamp, nonce = str(int(self.now())), str(int(self.new_id()[:8], 16))
        query = {
            "msg_signature": signature(self.token, timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        outside = xml(ToUserName=self.corp_id, Encrypt=encrypted, AgentID="")
        return Delivery(query=query, headers={"Content-Type": "text/xml"}, body=outside)

    def callback(self, account: str | None = None) -> Delivery:
        """The callback that says that an account has something new."""
        token = "ENC" + self.new_id()
        self.api.callback_tokens[token] = self.api.now() + TOKEN_SECONDS / self.hurry
        fields = {
            "ToUserName": self.corp_id,
            "CreateTime": str(int(self.now())),
            "MsgType": "event",
            "Event": "kf_msg_or_event",
            "Token": token,
            "OpenKfId": account or self.accounts[0],
        }
        return self.sealed(xml(**fields))

    async def call_back(self, account: str | None = None) -> bool:
        """Calls the hub, three times at most; whether it acknowledged. While `mute` is set callbacks are lost."""
        if self.mute:
            return False
        patience = PATIENCE / self.hurry
        loop, delivery = asyncio.get_running_loop(), self.callback(account)
        for _ in range(self.tries):
            began = loop.time()
            answer = await self.post(delivery, patience)
            if answer is not None and answer[0] == 200:
                return True
            await asyncio.sleep(max(0.0, patience - (loop.time() - began)))
        return False

    async def verify(self) -> tuple[int, bytes] | None:
        """Asks the hub whether it is there, as WeCom does when the address is entered: the answer is `echo`."""
        timestamp, nonce, encrypted = str(int(self.now())), self.new_id()[:8], self._seal.close(b"echo")
        query = {
            "msg_signature": signature(self.token, timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
            "echostr": encrypted,
        }
        return await self.post(Delivery(method="GET", query=query))

    # The customers' side ---------------------------------------------------------------------------------------------

    def session(self, customer: str, account: str | None = None) -> Session:
        """A customer's session with an account."""
        return self.api.sessions.setdefault((account or self.accounts[0], customer), Session())

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        """The nearest thing to the delivery of a text: the text is there to be pulled, and this is the callback."""
        self.wrote(sender, "text", id, text={"content": text})
        return self.callback()

    async def say(self, sender: str, text: str, id: str | None = None, account: str | None = None) -> bool:
        """A customer writes."""
        self.wrote(sender, "text", id, account, text={"content": text})
        return await self.call_back(account)

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """A customer touches an item of a menu: its words come as a text, with its id."""
        self.wrote(sender, "text", text={"content": title, "menu_id": payload})
        return await self.call_back()

    async def send(self, sender: str, kind: str, content: Json, id: str | None = None) -> bool:
        """A customer sends a message of any kind."""
        self.wrote(sender, kind, id, None, **{kind: content})
        return await self.call_back()

    async def send_file(self, sender: str, kind: str, type: str, name: str, data: bytes) -> bool:
        """A customer sends an `image`, a `voice` message, a `video` or a `file`."""
        return await self.send(sender, kind, {"media_id": self.api.keep(kind, type, name, data)})

    def wrote(
        self, sender: str, kind: str, id: str | None = None, account: str | None = None, **content: object
    ) -> None:
        """There is a customer's message to be pulled: a new session begins, or goes on, and we may answer."""
        session = self.session(sender, account)
        if session.state == 4 or (session.until <= self.api.now() and session.state < 2):
            session.state, session.servicer = 0, ""
        session.until, session.left = self.api.now() + _WINDOW, 5
        self._enters(account, 3, kind, id, external_userid=sender, **content)

    async def enter(self, sender: str, scene: str = "", account: str | None = None) -> bool:
        """A customer opens the chat. Who has neither written nor been welcomed for 48 hours may be welcomed."""
        session, event = self.session(sender, account), {"scene": scene}
        now = self.api.now()
        if session.until <= now and session.welcomed + _WINDOW <= now:
            code = event["welcome_code"] = self.new_id()
            self.api.codes[code] = ((account or self.accounts[0], sender), now + 20.0)
        return await self._event(sender, account, "enter_session", **event)

    async def recall(self, sender: str, id: str) -> bool:
        """A customer takes a message back."""
        return await self._event(sender, None, "user_recall_msg", recall_msgid=id)

    def fails(self, account: str, customer: str, msgid: str, kind: int) -> None:
        """A message of ours, taken before, does not arrive; the hub is told so soon."""
        task = asyncio.create_task(self._event(customer, account, "msg_send_fail", fail_msgid=msgid, fail_type=kind))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Servicers in WeCom's own client ---------------------------------------------------------------------------------

    async def servicer_takes(self, sender: str, servicer: str, *, tell: bool = True) -> bool:
        """A servicer has the session from here on. `tell`: there is an event about it, as there sometimes is."""
        session = self.session(sender)
        session.state, session.servicer = 3, servicer
        if not tell:
            return True
        return await self._event(sender, None, "session_status_change", change_type=1, new_servicer_userid=servicer)

    async def servicer_says(self, sender: str, servicer: str, text: str) -> bool:
        """A servicer writes to the customer."""
        self._enters(None, 5, "text", external_userid=sender, servicer_userid=servicer, text={"content": text})
        return await self.call_back()

    async def servicer_ends(self, sender: str, servicer: str) -> bool:
        """A servicer ends the session."""
        session = self.session(sender)
        session.state, session.servicer = 4, ""
        return await self._event(sender, None, "session_status_change", change_type=3, old_servicer_userid=servicer)

    async def _event(self, sender: str, account: str | None, kind: str, **words: object) -> bool:
        event = {"event_type": kind, "open_kfid": account or self.accounts[0], "external_userid": sender, **words}
        self._enters(account, 4, "event", event=event)
        return await self.call_back(account)

    def _enters(self, account: str | None, origin: int, kind: str, id: str | None = None, **more: object) -> None:
        account = account or self.accounts[0]
        entries = self.api.entries.setdefault(account, [])
        if id is not None and any(entry["msgid"] == id for entry in entries):
            return
        entry = {"msgid": id or self.new_id(), "send_time": int(self.now()), "origin": origin, "msgtype": kind, **more}
        entries.append(entry if kind == "event" else {"open_kfid": account, **entry})


def xml(**fields: str) -> bytes:
    """The elements as WeCom's XML."""
    root = Element("xml")
    for name, value in fields.items():
        SubElement(root, name).text = value
    words: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return words


if __name__ == "__main__":
    sys.exit(terminal.main(WeCom))
