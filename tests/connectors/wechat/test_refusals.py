"""What gets in, mode by mode, and what is refused before anything of it is stored."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from tests.connectors.wechat.account import account
from tests.simulators.base import Delivery
from tests.simulators.wechat import WeChat, _xml
from tests.simulators.wechat_seal import Seal, signature

Change = Callable[[WeChat, Delivery], Delivery]


def query(**changed: str | None) -> Change:
    """Other parameters behind the `?`, or none of them."""

    def change(_: WeChat, delivery: Delivery) -> Delivery:
        kept = {name: value for name, value in {**delivery.query, **changed}.items() if value is not None}
        return msgspec.structs.replace(delivery, query=kept)

    return change


def body(text: bytes) -> Change:
    """Another body."""
    return lambda _, delivery: msgspec.structs.replace(delivery, body=text)


def plaintext(platform: WeChat, delivery: Delivery) -> Delivery:
    """As if the mode were plain."""
    other = WeChat(mode="plain")
    other.token = platform.token
    return other.delivery("ann", "hello")


def at(shift: float) -> Change:
    """Rightly signed at another time."""

    def change(platform: WeChat, _: Delivery) -> Delivery:
        real = platform.now
        platform.now = lambda: real() + shift  # type: ignore[method-assign]
        try:
            return platform.delivery("ann", "late")
        finally:
            platform.now = real  # type: ignore[method-assign]

    return change


def of_another_account(platform: WeChat, delivery: Delivery) -> Delivery:
    """Encrypted with our key, and signed, for somebody else."""
    encrypted = Seal(platform.encoding_aes_key, "wx_another").close(_xml(platform.fields("ann", "text", Content="hi")))
    signed = signature(platform.token, delivery.query["timestamp"], delivery.query["nonce"], encrypted)
    sent = msgspec.structs.replace(delivery, body=_xml({"Encrypt": encrypted}))
    return msgspec.structs.replace(sent, query={**delivery.query, "msg_signature": signed})


EVERYWHERE: dict[str, tuple[Change, int]] = {
    "no timestamp": (query(timestamp=None), 401),
    "a timestamp that is none": (query(timestamp="soon"), 401),
    "no nonce": (query(nonce=None), 401),
    "another nonce": (query(nonce="1"), 401),
    "a wrong signature": (query(signature="0" * 40), 401),
    "a signature in other letters": (query(signature="签名"), 401),
    "of eleven minutes ago": (at(-660), 401),
    "of eleven minutes later": (at(660), 401),
    "too large": (body(b"<xml>" + b"x" * 600_000), 413),
}
PLAIN: dict[str, tuple[Change, int]] = {
    "no signature": (query(signature=None), 401),
    "no XML": (body(b"hello"), 400),
    "XML with a document type": (body(b"<!DOCTYPE xml [<!ENTITY e 'x'>]><xml>&e;</xml>"), 400),
    "without a sender": (body(b"<xml><MsgType>text</MsgType><MsgId>1</MsgId></xml>"), 400),
}
ENCRYPTED: dict[str, tuple[Change, int]] = {
    "no msg_signature": (query(msg_signature=None), 401),
    "a wrong msg_signature": (query(msg_signature="0" * 40), 401),
    "plain text": (plaintext, 401),
    "for another account": (of_another_account, 401),
    "nothing encrypted": (body(b"<xml><Content>hello</Content></xml>"), 400),
}


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
async def test_what_is_not_right_is_refused_and_leaves_nothing(database_url: str, mode: str) -> None:
    async with account(database_url, mode=mode) as (platform, made):
        for what, (change, status) in {**EVERYWHERE, **(PLAIN if mode == "plain" else ENCRYPTED)}.items():
            answer = await platform.post(change(platform, platform.delivery("ann", "hello")))
            assert answer is not None, what
            assert answer[0] == status, f"{what}: {answer}"
            assert platform.token.encode() not in answer[1], what
        assert await made.value("select count(*) from messages") == 0
        assert await made.value("select count(*) from identities") == 0
        assert await platform.say("ann", "hello")
        assert [one.text for one in platform.shown("ann")] == ["Hello!"]


async def test_a_delivery_of_nine_minutes_ago_is_taken(database_url: str) -> None:
    async with account(database_url) as (platform, made):
        answer = await platform.post(at(-540)(platform, platform.delivery("ann", "hello")))
        assert answer is not None
        assert answer[0] == 200
        assert await made.value("select text from messages where author = 'customer'") == "late"


async def test_in_compatible_mode_only_the_encrypted_part_is_believed(database_url: str) -> None:
    async with account(database_url, mode="compat") as (platform, made):
        delivery = platform.delivery("ann", "hello")
        assert b"<Content>hello</Content>" in delivery.body
        lie = delivery.body.replace(b"<Content>hello</Content>", b"<Content>a human, please</Content>")
        lie = lie.replace(b"<FromUserName>ann</FromUserName>", b"<FromUserName>bob</FromUserName>")
        answer = await platform.post(msgspec.structs.replace(delivery, body=lie))
        assert answer is not None
        assert answer[0] == 200
        assert await made.value("select text from messages where author = 'customer'") == "hello"
        assert await made.value("select external_id from identities") == "ann"


async def test_success_is_plain_text(database_url: str) -> None:
    async with account(database_url) as (platform, _):
        fields = {**platform._head("ann", "event"), "Event": "VIEW", "EventKey": "x"}
        sealed = platform.sealed(fields)
        assert platform._http is not None
        async with platform._http.post(platform.webhook, params=sealed.query, data=sealed.body) as answer:
            assert (answer.status, answer.content_type, await answer.text()) == (200, "text/plain", "success")
