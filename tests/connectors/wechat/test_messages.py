"""What WeChat delivers, shape by shape: one file a shape, and beside it what it means."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.wechat.messages import (
    AFTER_MESSAGE,
    Followed,
    Left,
    Meaning,
    Other,
    Scanned,
    fields_of,
    text_reply,
    understand,
)
from hub.errors import InvalidRequest
from hub.types import InboundMessage

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.xml"))
CUSTOMER = "oXr4Ks0h2bGq7VnT1yLwPd9fZcUA"


def told(meaning: Meaning) -> dict[str, Any]:
    """The meaning in the words of the files."""
    match meaning:
        case Followed(customer, scene):
            return {"is": "followed", "scene": scene, "who": customer}
        case Left(customer):
            return {"is": "left", "who": customer}
        case Scanned(customer, scene):
            return {"is": "scanned", "scene": scene, "who": customer}
        case Other(kind):
            return {"is": "other", "kind": kind, "who": CUSTOMER}
    files = [{"handle": file.handle, "name": file.name, "type": file.type} for file in meaning.files]
    return {"is": "message", "text": meaning.text, "files": files, "id": meaning.external_id, "who": meaning.sender}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    body = path.read_bytes()
    wanted = {"who": CUSTOMER, **json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))}
    meaning, fields = understand("oa", body, 5.0)
    found = told(meaning)
    if isinstance(meaning, InboundMessage):
        event = fields["MsgType"] == "event"
        wanted["id"] = wanted["id"] or found["id"]
        assert found["id"].startswith("event-") is event
        assert meaning.window == (None if event else AFTER_MESSAGE)
        assert (meaning.channel, meaning.scope, meaning.hold, meaning.raw) == ("oa", CUSTOMER, 5.0, body)
        assert meaning.sent_at == datetime.fromtimestamp(1780000000, UTC)
    assert found == wanted


def click(**changed: str) -> str:
    fields = {
        "ToUserName": "gh_1",
        "FromUserName": "ann",
        "CreateTime": "1780000000",
        "MsgType": "event",
        "Event": "CLICK",
        "EventKey": "say:hello",
    }
    meaning, _ = understand("oa", xml(**{**fields, **changed}), 5.0)
    assert isinstance(meaning, InboundMessage)
    return meaning.external_id


def xml(**fields: str) -> bytes:
    return f"<xml>{''.join(f'<{name}><![CDATA[{value}]]></{name}>' for name, value in fields.items())}</xml>".encode()


def test_events_are_told_apart_by_all_that_tells_them_apart() -> None:
    assert click() == click()
    others = [
        click(ToUserName="gh_2"),
        click(FromUserName="bob"),
        click(CreateTime="1780000001"),
        click(EventKey="say:goodbye"),
        click(Ticket="t"),
    ]
    assert len({click(), *others}) == 6


def text(**changed: str) -> bytes:
    fields = {"ToUserName": "gh_1", "FromUserName": "ann", "CreateTime": "1780000000", "MsgType": "text", "MsgId": "7"}
    return xml(**{**fields, "Content": "hello", **changed})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b'{"MsgType":"text"}',
        b"<xml><a></xml>",
        b"<other/>",
        b"<xml/>",
        text(MsgId=""),
        text(FromUserName=""),
        text(MsgType=""),
        b'<!DOCTYPE xml [<!ENTITY e "x">]><xml><Content>&e;</Content></xml>',
        b'<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>',
        b'<?xml version="1.0" encoding="klingon"?><xml/>',
        b"\xff\xfe",
    ],
)
def test_what_is_none_of_wechats_xml_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        understand("oa", body, 5.0)


def test_characters_that_xml_cannot_hold_lose_nobodys_words() -> None:
    meaning, _ = understand("oa", text(Content="he\x08ll\x00o").replace(b"ll", b"l\xffl"), 5.0)
    assert isinstance(meaning, InboundMessage)
    assert meaning.text == "hel\ufffdlo"


@pytest.mark.parametrize("at", ["", "soon", "-1e3", "99999999999999999999"])
def test_a_time_that_is_none_is_left_out(at: str) -> None:
    meaning, _ = understand("oa", text(CreateTime=at), 5.0)
    assert isinstance(meaning, InboundMessage)
    assert meaning.sent_at is None


@given(st.text())
def test_a_reply_says_what_was_to_be_said(words: str) -> None:
    reply = text_reply({"FromUserName": "ann", "ToUserName": "gh_1"}, words, 1780000000)
    root = defusedxml.ElementTree.fromstring(reply)
    said = {element.tag: element.text or "" for element in root}
    sayable = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", words)
    assert said.pop("Content") == sayable.replace("\r\n", "\n").replace("\r", "\n")
    assert said == {"ToUserName": "ann", "FromUserName": "gh_1", "CreateTime": "1780000000", "MsgType": "text"}


@given(st.binary(max_size=200))
def test_nothing_but_our_own_error_comes_of_any_bytes(body: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        fields_of(body)
