"""All kinds of channels, each in all of its modes."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import ClassVar

import aiohttp
import pytest

from connectors.mail import loops, smtp
from connectors.slack import api as slack_api
from connectors.webhook import connector as webhook_connector
from connectors.wechat import calls as wechat_calls
from tests.contracts.direct import Browsers, Callers
from tests.contracts.kind import Kind, bent, with_body, with_header, with_query
from tests.simulators import mail, slack, telegram, webhook, wechat, wecom
from tests.simulators.base import Delivery, Simulator
from tests.simulators.wechat_seal import signature

SHORT = 0.5
"""Seconds for the calls to a platform that never answers."""


class _Bearer(Kind):
    """Channels whose callers show a token."""

    guarded = False
    calls = False
    says_when = False
    bodies: ClassVar[Mapping[str, bytes]] = {
        "empty": b"",
        "not JSON": b"hello",
        "not UTF-8": b'{"id":"\xff"}',
        "a list": b"[]",
        "numbers for words": b'{"id":1,"text":2,"sender":3,"message":4}',
        "without what is needed": b"{}",
    }

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        token = delivery.headers["Authorization"]
        return {
            "bad": with_header(delivery, "Authorization", bent(token)),
            "missing": with_header(delivery, "Authorization", None),
            "not ASCII": with_header(delivery, "Authorization", "Bearer 密"),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        known = self.delivery(platform)
        return {what: with_body(known, body) for what, body in self.bodies.items()}


class WebChat(_Bearer):
    """Browsers."""

    id = "webchat"

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return Browsers(name, hurry=hurry)

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, Browsers)
        file = await platform.upload(sender, "dot.png", "image/png", data)
        return await platform.say(sender, "", files=(file,))


class Rest(_Bearer):
    """Rasa's REST channel."""

    id = "rest"
    acknowledges = False
    presses = False
    files_in = False
    files_out = False

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return Callers(name, hurry=hurry)


class WeChat(Kind):
    """An Official Account. In plain mode its signature covers the time, and no word of the message."""

    signs_time = True

    def __init__(self, mode: str) -> None:
        self.id = f"wechat-{mode}"
        self.mode = mode
        self.signs_body = mode != "plain"

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return wechat.WeChat(name, hurry=hurry, mode=self.mode)

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        name = "signature" if self.mode == "plain" else "msg_signature"
        spoilt = {
            "bad": with_query(delivery, name, bent(delivery.query[name])),
            "missing": with_query(delivery, name, None),
            "not ASCII": with_query(delivery, name, "密"),
            "another time": with_query(delivery, "timestamp", str(int(delivery.query["timestamp"]) + 1)),
            "no time": with_query(delivery, "timestamp", None),
            "no number for a time": with_query(delivery, "timestamp", "now"),
        }
        if self.mode != "plain":
            bare = b"<xml><FromUserName>ann</FromUserName><MsgType>text</MsgType><Content>a parcel</Content></xml>"
            spoilt["not encrypted"] = with_query(with_body(delivery, bare), "msg_signature", None)
        return spoilt

    def changed(self, delivery: Delivery) -> dict[str, Delivery]:
        before, start, sealed = delivery.body.decode().partition("<Encrypt>")
        return {
            "one character": with_body(delivery, (before + start + bent(sealed)).encode()),
            "emptied": with_body(delivery, b""),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        assert isinstance(platform, wechat.WeChat)
        bodies = {
            "not XML": b"a parcel",
            "not UTF-8": b"<xml><FromUserName>\xff</FromUserName></xml>",
            "nobody's": b"<xml></xml>",
            "without an id": b"<xml><ToUserName>gh</ToUserName><FromUserName>ann</FromUserName>"
            b"<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>a parcel</Content></xml>",
            "with entities": b'<!DOCTYPE xml [<!ENTITY a "a parcel">]><xml><Content>&a;</Content></xml>',
        }
        return {what: self._wrapped(platform, body) for what, body in bodies.items()}

    def _wrapped(self, platform: wechat.WeChat, body: bytes) -> Delivery:
        push = platform.delivery("ann", "a parcel")
        if self.mode == "plain":
            return with_body(push, body)
        sealed = platform._seal.close(body)
        proof = signature(platform.token, push.query["timestamp"], push.query["nonce"], sealed)
        return with_query(with_body(push, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()), "msg_signature", proof)

    def strange(self, platform: Simulator) -> Delivery | None:
        assert isinstance(platform, wechat.WeChat)
        fields = platform.fields("ann", "event", Event="of_tomorrow", EventKey="1")
        return platform.sealed({name: value for name, value in fields.items() if name != "MsgId"})

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, wechat.WeChat)
        return await platform.send_file(sender, "image", data)

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wechat_calls, "CALL", SHORT)


class WeCom(WeChat):
    """WeCom customer service: its callbacks only say that there is something."""

    tells_all = False

    def __init__(self) -> None:
        super().__init__("safe")
        self.id = "wecom"

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return wecom.WeCom(name, hurry=hurry)

    def delivery(self, platform: Simulator) -> Delivery:
        assert isinstance(platform, wecom.WeCom)
        return platform.callback()

    def oversized(self, platform: Simulator) -> Delivery:
        assert isinstance(platform, wecom.WeCom)
        return platform.sealed(wecom.xml(MsgType="event", Event="kf_msg_or_event", Token="x" * 2_000_000))

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        assert isinstance(platform, wecom.WeCom)
        bodies = {
            "not XML": b"a parcel",
            "of no kind": b"<xml></xml>",
            "no account": wecom.xml(MsgType="event", Event="kf_msg_or_event", OpenKfId="../..", Token="T"),
        }
        return {what: platform.sealed(body) for what, body in bodies.items()}

    def strange(self, platform: Simulator) -> Delivery | None:
        assert isinstance(platform, wecom.WeCom)
        return platform.sealed(wecom.xml(MsgType="event", Event="of_tomorrow"))

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, wecom.WeCom)
        return await platform.send_file(sender, "image", "image/png", "dot.png", data)


class Slack(Kind):
    """A Slack app that is told over HTTP."""

    id = "slack"
    pace = 8.0
    signs_body = True
    signs_time = True
    socket: ClassVar[bool] = False

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return slack.SlackSimulator(name, hurry=hurry, socket=self.socket)

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        signature, time = "X-Slack-Signature", "X-Slack-Request-Timestamp"
        return {
            "bad": with_header(delivery, signature, bent(delivery.headers[signature])),
            "missing": with_header(delivery, signature, None),
            "not ASCII": with_header(delivery, signature, "v0=密"),
            "another time": with_header(delivery, time, str(int(delivery.headers[time]) + 1)),
            "no time": with_header(delivery, time, None),
            "no number for a time": with_header(delivery, time, "now"),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        bodies = {"not JSON": b"a parcel", "not UTF-8": b'{"type":"\xff"}', "a list": b"[]", "numbers": b'{"type":1}'}
        return {what: self._signed(body) for what, body in bodies.items()}

    def _signed(self, body: bytes) -> Delivery:
        signed = slack.SlackSimulator().signed({})
        stamp = signed.headers["X-Slack-Request-Timestamp"]
        proof = hmac.new(slack.SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return with_header(with_body(signed, body), "X-Slack-Signature", f"v0={proof}")

    def strange(self, platform: Simulator) -> Delivery | None:
        assert isinstance(platform, slack.SlackSimulator)
        return platform.signed(platform.workspace.event({"type": "of_tomorrow", "user": "U1", "event_ts": "1.000001"}))

    def written(
        self, platform: Simulator, sender: str, text: str, ago: float
    ) -> Callable[[], Coroutine[None, None, bool]]:
        """Slack numbers by its own clock: what is made first is the older one."""
        assert isinstance(platform, slack.SlackSimulator)
        event = platform._direct(sender, text)

        async def deliver() -> bool:
            return await platform.tell(event)

        return deliver

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, slack.SlackSimulator)
        return await platform.say(sender, "", files=(("dot.png", "image/png", data),))

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slack_api, "TIMEOUT", aiohttp.ClientTimeout(total=SHORT))


class SlackSocket(Slack):
    """A Slack app in Socket Mode: nobody can knock."""

    id = "slack-socket"
    posts = False
    guarded = False
    signs_body = False
    socket = True

    async def until_reached(self, platform: Simulator) -> None:
        assert isinstance(platform, slack.SlackSimulator)
        await platform.sockets.until_open()


class Telegram(Kind):
    """A bot that Telegram calls. A secret comes with each call; nothing in it is signed."""

    id = "telegram"
    pace = 8.0
    mode: ClassVar[str] = "webhook"

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return telegram.TelegramSimulator(name, hurry=hurry, mode=self.mode)

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        return {
            "bad": with_header(delivery, telegram.HEADER, bent(telegram.SECRET)),
            "missing": with_header(delivery, telegram.HEADER, None),
            "empty": with_header(delivery, telegram.HEADER, ""),
            "not ASCII": with_header(delivery, telegram.HEADER, "密"),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        known = platform.delivery("ann", "a parcel")
        bodies = {
            "empty": b"",
            "not JSON": b"a parcel",
            "not UTF-8": b'{"update_id":1,"message":{"text":"\xff"}}',
            "a list": b"[]",
            "a message of numbers": b'{"update_id":1,"message":7}',
            "a message in no chat": b'{"update_id":1,"message":{"message_id":1,"date":1,"text":"a parcel"}}',
        }
        return {what: with_body(known, body) for what, body in bodies.items()}

    def strange(self, platform: Simulator) -> Delivery | None:
        assert isinstance(platform, telegram.TelegramSimulator)
        return platform.signed(platform.chats.update(of_tomorrow={"id": 1}))

    def written(
        self, platform: Simulator, sender: str, text: str, ago: float
    ) -> Callable[[], Coroutine[None, None, bool]]:
        """Telegram dates a message when it is made, and one chat's updates could pass each other on their way."""
        assert isinstance(platform, telegram.TelegramSimulator)
        update = platform.chats.said(platform.chats.private(sender), sender, text, None)
        update["message"]["date"] -= int(ago)

        async def deliver() -> bool:
            return await platform.deliver(update)

        return deliver

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, telegram.TelegramSimulator)
        return await platform.send_file(sender, "dot.png", data, type="image/png")


class TelegramPolling(Telegram):
    """A bot that asks Telegram: nobody can knock."""

    id = "telegram-polling"
    posts = False
    guarded = False
    mode = "polling"


class Webhook(Kind):
    """A system of one's own."""

    id = "webhook"
    signs_body = True
    signs_time = True
    says_when = False

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return webhook.WebhookSimulator(name, hurry=hurry)

    def forged(self, delivery: Delivery) -> dict[str, Delivery]:
        signature, time, id = "webhook-signature", "webhook-timestamp", "webhook-id"
        return {
            "bad": with_header(delivery, signature, bent(delivery.headers[signature])),
            "missing": with_header(delivery, signature, None),
            "not ASCII": with_header(delivery, signature, "v1,密"),
            "another id": with_header(delivery, id, bent(delivery.headers[id])),
            "another time": with_header(delivery, time, str(int(delivery.headers[time]) + 1)),
            "no number for a time": with_header(delivery, time, "now"),
        }

    def misshapen(self, platform: Simulator) -> dict[str, Delivery]:
        assert isinstance(platform, webhook.WebhookSimulator)
        bodies: dict[str, object] = {
            "a word": "a parcel",
            "a list": [],
            "nothing": {},
            "numbers for words": {"type": "message", "id": 1, "sender": 2, "text": 3},
            "nobody's": {"type": "message", "id": "1", "sender": "", "text": "a parcel"},
        }
        return {what: platform.signed(body) for what, body in bodies.items()}

    def strange(self, platform: Simulator) -> Delivery | None:
        assert isinstance(platform, webhook.WebhookSimulator)
        return platform.signed({"type": "of_tomorrow", "id": "1"})

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, webhook.WebhookSimulator)
        return await platform.send_file(sender, "dot.png", data, type="image/png")

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webhook_connector, "TIMEOUT", SHORT)


class Mail(Kind):
    """A mailbox that is read: nobody can knock, and what lies in it is taken once."""

    id = "mail"
    pace = 20.0
    posts = False
    guarded = False
    presses = False
    numbered = True
    quick = loops.MOST_AN_HOUR - 1
    around = re.compile(r"(?s)\A(?:Hello[^\n]*,\n\n|[^\n]*您好：\n\n)?(.*?)(?:\n\n(?:Kind regards|祝好)\n[^\n]*)?\Z")
    """Greeting and closing."""

    def make(self, name: str | None = None, hurry: float = 1.0) -> Simulator:
        return mail.MailSimulator(name, hurry=hurry)

    async def send_file(self, platform: Simulator, sender: str, data: bytes) -> bool:
        assert isinstance(platform, mail.MailSimulator)
        return await platform.deliver(platform.write(sender, "", files=[("dot.png", "image/png", data)]))

    def words(self, text: str) -> str:
        found = self.around.match(text.partition("\n\n-- \n")[0])
        assert found is not None
        return found[1]

    def lost(self, platform: Simulator, sender: str) -> set[str]:
        assert isinstance(platform, mail.MailSimulator)
        platform.smtp.unknown.add(mail.address(sender))
        return platform.smtp.unknown

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(smtp, "DATA", SHORT)


KINDS: Sequence[Kind] = (
    WebChat(),
    Rest(),
    WeChat("plain"),
    WeChat("compat"),
    WeChat("safe"),
    WeCom(),
    Slack(),
    SlackSocket(),
    Telegram(),
    TelegramPolling(),
    Webhook(),
    Mail(),
)


def over(wanted: Callable[[Kind], object] = lambda _: True) -> pytest.MarkDecorator:
    """A test over all kinds that have something."""
    return pytest.mark.parametrize("kind", [kind for kind in KINDS if wanted(kind)], ids=str)
