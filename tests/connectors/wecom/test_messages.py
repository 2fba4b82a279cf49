"""Every kind of entry that WeCom lets us pull, and what it means to us: one test a fixture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.wecom.messages import ALLOWED, WINDOW, Came, Entered, Failed, Other, Remark, understand
from hub.errors import InvalidRequest
from hub.types import InboundMessage, Window

ACCOUNT = "wkKx0aCAAAq1Lw"
FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json") if not path.stem.endswith(".expected"))


def plain(came: Came) -> dict[str, Any]:
    """What came, in the words of the files."""
    head: dict[str, Any] = {"customer": came.customer, "at": came.at}
    match came.what:
        case InboundMessage() as message:
            assert message.channel == "kf"
            assert message.window == Window(WINDOW, ALLOWED)
            told: dict[str, Any] = {name: getattr(message, name) for name in ("sender", "person", "scope", "text")}
            told["external_id"] = message.external_id
            told["sent_at"] = message.sent_at.timestamp() if message.sent_at is not None else None
            if message.payload is not None:
                told["payload"] = message.payload
            if message.files:
                told["files"] = [[file.handle, file.name, file.type] for file in message.files]
            return {**head, "message": told}
        case Remark(id, text):
            return {**head, "remark": {"id": id, "text": text}}
        case Entered(code, scene):
            return {**head, "entered": {"code": code, "scene": scene}}
        case Failed(msgid, kind):
            return {**head, "failed": {"msgid": msgid, "kind": kind}}
        case Other(kind):
            return {**head, "other": kind}


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_understood(name: str) -> None:
    raw = (FIXTURES / f"{name}.json").read_bytes()
    came = understand("kf", ACCOUNT, raw)
    assert plain(came) == json.loads((FIXTURES / f"{name}.expected.json").read_bytes())
    if isinstance(came.what, InboundMessage):
        assert came.what.raw == raw


def test_there_is_a_fixture_for_what_matters() -> None:
    assert len(NAMES) >= 35


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b"\xff", b"{}", b'{"msgid":""}', b'{"msgid":7}'])
def test_what_is_no_entry_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest):
        understand("kf", ACCOUNT, raw)


def test_a_message_without_a_time_is_a_message() -> None:
    raw = b'{"msgid":"m","external_userid":"wm1","origin":3,"msgtype":"text","text":{"content":"hello"}}'
    came = understand("kf", ACCOUNT, raw)
    assert isinstance(came.what, InboundMessage)
    assert (came.what.text, came.what.sent_at) == ("hello", None)


def test_numbers_that_come_as_words_cost_no_message() -> None:
    raw = {"msgid": "m", "origin": "3", "msgtype": "text", "external_userid": "w", "send_time": "1795300000"}

    came = understand("kf", ACCOUNT, json.dumps({**raw, "text": {"content": "where is it?"}}).encode())

    assert isinstance(came.what, InboundMessage)
    assert (came.at, came.what.text) == (1795300000.0, "where is it?")
