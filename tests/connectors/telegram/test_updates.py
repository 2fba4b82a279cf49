"""Every kind of update that Telegram sends, and what it means to us: one test a fixture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.telegram.addressing import Unnamed
from connectors.telegram.updates import Place, Said, parse, read
from hub.errors import InvalidRequest

BOT, NAME = 7100200300, "parley_shop_bot"
FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json") if not path.stem.endswith(".expected"))


def update(name: str) -> dict[str, Any]:
    return dict(read((FIXTURES / f"{name}.json").read_bytes()))


def plain(event: object) -> dict[str, Any] | None:
    """An event as it stands in the file of what is expected: without what says nothing."""
    if event is None:
        return None
    parts = {
        name: value for name, value in msgspec.json.decode(msgspec.json.encode(event)).items() if value is not None
    }
    if "message" in parts:
        said = parts["message"].items()
        parts["message"] = {name: value for name, value in said if value not in (None, (), [], 0.0)}
    return {type(event).__name__: parts}


@pytest.mark.parametrize("name", NAMES)
def test_an_update_is_understood(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())

    assert plain(parse(update(name), "tg", BOT, NAME)) == expected


def test_there_is_a_fixture_for_what_matters() -> None:
    assert len(NAMES) >= 50


def test_what_another_server_leaves_out_is_not_missed() -> None:
    message = {"message_id": 3, "date": 1, "chat": {"id": 5}, "from": {"id": 5}, "text": "hello"}

    said = parse({"update_id": 7, "message": message}, "tg", BOT, NAME)

    assert isinstance(said, Said)
    assert (said.message.sender, said.message.text) == ("5", "hello")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b'{"message": NaN}', b'{"message":' + b"[" * 10**5]
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not an update"):
        read(body)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"update_id": "7"},
        {"update_id": True, "message": {}},
        {"update_id": 7, "message": "hello"},
        {"update_id": 7, "message": {"text": "hello"}},
        {"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": 5}},
        {"update_id": 7, "callback_query": {"data": "x"}},
        {"update_id": 7, "my_chat_member": {"chat": 5}},
    ],
)
def test_what_has_another_form_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="update"):
        parse(raw, "tg", BOT, NAME)


def test_a_message_with_little_in_it_is_taken() -> None:
    raw = {"update_id": 1, "message": {"message_id": 9, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "hi"}}

    event = parse(raw, "tg", BOT, NAME)

    assert isinstance(event, Said)
    assert (event.message.sender, event.message.person, event.message.text) == ("5", "5", "hi")


def test_messages_of_one_second_keep_their_order() -> None:
    first, second = update("text"), update("text")
    second["message"]["message_id"] += 1

    earlier, later = parse(first, "tg", BOT, NAME), parse(second, "tg", BOT, NAME)

    assert isinstance(earlier, Said)
    assert isinstance(later, Said)
    assert earlier.message.sent_at is not None
    assert later.message.sent_at is not None
    assert earlier.message.sent_at < later.message.sent_at


def test_a_group_waits_until_our_name_is_known() -> None:
    with pytest.raises(Unnamed):
        parse(update("group_mention"), "tg", BOT, None)

    assert parse(update("group_not_addressed"), "tg", BOT, None) is None
    assert parse(update("group_reply_to_us"), "tg", BOT, None) is not None
    assert parse(update("text"), "tg", BOT, None) is not None


@pytest.mark.parametrize(
    ("sender", "place"),
    [("5", Place("5")), ("-100:5", Place("-100")), ("-100:5:77", Place("-100", 77)), ("-100:-100", Place("-100"))],
)
def test_a_sender_says_where_answers_go(sender: str, place: Place) -> None:
    assert Place.of(sender) == place
