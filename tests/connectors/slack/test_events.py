"""What Slack delivers, and what it means to us: one test a fixture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.slack import events, markup
from connectors.slack.customers import sender_of
from connectors.slack.events import Edit, Press, Told
from hub.errors import InvalidRequest

OWN = "U04PARLEY01"
FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json") if not path.stem.endswith(".expected"))


def payload(name: str) -> dict[str, Any]:
    return events.body((FIXTURES / f"{name}.json").read_bytes(), form=False)


def plain(told: Told | None) -> dict[str, Any] | None:
    """It as it stands in the file of what is expected: with its words as text, without what says nothing."""
    if told is None:
        return None
    parts = msgspec.to_builtins(told)
    place = parts.pop("place")
    for unread in ("raw", "message", "event"):
        parts.pop(unread, None)
    if not isinstance(told, Press):
        written = parts.pop("markup")
        parts["text"] = None if written is None else markup.read(written, OWN)
    parts["files"] = [
        {name: value for name, value in file.items() if value is not None} for file in parts.pop("files", ())
    ]
    if not parts["files"]:
        del parts["files"]
    thread = {"thread": place["thread"]} if place["thread"] else {}
    return {type(told).__name__: {"sender": sender_of(told.place, told.user), **thread, **parts}}


@pytest.mark.parametrize("name", NAMES)
def test_a_delivery_is_understood(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    given = payload(name)

    told = events.pressed(given) if given["type"] == "block_actions" else events.told(given, OWN)

    assert plain(told) == expected


@pytest.mark.parametrize("name", [name for name in NAMES if payload(name)["type"] != "block_actions"])
def test_who_we_are_stands_in_the_event_itself(name: str) -> None:
    """Before Slack has been asked once, it does."""
    given = payload(name)
    if "authorizations" in given:
        assert plain(events.told(given, None)) == plain(events.told(given, OWN))


def test_there_is_a_fixture_for_what_matters() -> None:
    assert len(NAMES) >= 50


def test_an_old_secret_of_the_event_is_not_kept() -> None:
    post = events.told(payload("direct"), OWN)

    assert post is not None
    assert not isinstance(post, Edit | Press)
    assert b"Jhj5dZrVaK7ZwHHjRyZWjbDl" not in post.raw
    assert b"Where is my parcel?" in post.raw


@pytest.mark.parametrize(
    "event",
    [
        {"type": "user_change", "user": {"id": "U1", "name": "ann"}, "event_ts": "1.0"},
        {"type": "team_join", "user": {"id": "U1", "name": "ann"}},
        {"type": "channel_rename", "channel": {"id": "C1", "name": "new", "created": 1360782804}},
        {"type": "channel_shared", "channel": "C1", "event_ts": 1361482916.000004},
    ],
)
def test_other_kinds_of_events_may_look_as_they_like(event: dict[str, Any]) -> None:
    assert events.told({"type": "event_callback", "team_id": "T1", "event": event}, OWN) is None


def test_in_a_shared_channel_people_are_the_same_whether_they_write_or_press() -> None:
    wrote, pressed = payload("connected_workspace"), payload("pressed")
    wrote["team_id"] = "T09PARTNER1"
    pressed["team"] = None  # as in an app that a whole organisation has

    posted, press = events.told(wrote, OWN), events.pressed(pressed)

    assert posted is not None
    assert press is not None
    assert sender_of(posted.place, "U1") == sender_of(press.place, "U1") == "T04SHOP0001:D04ANNDM001"


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not JSON as Slack sends it"):
        events.body(raw, form=False)


@pytest.mark.parametrize("raw", [b"", b"payload=", b"payload=%5B%5D", b"other=1", b"payload=%FF", b"&" * 1000])
def test_a_form_without_an_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not JSON as Slack sends it"):
        events.body(raw, form=True)


def test_a_form_holds_what_was_pressed() -> None:
    assert events.body(b"payload=%7B%22type%22%3A+%22block_actions%22%7D", form=True) == {"type": "block_actions"}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": 5, "user": "U1", "ts": "1.0"},
        {"type": "message", "channel": "D1", "user": "U1", "ts": "yesterday"},
        {"type": "message", "channel": "D1", "user": "U1"},
        {"type": "message", "channel": "D1", "user": "U1", "ts": "nan"},
        {"type": "message", "channel": "D1", "user": "U1", "ts": "9" * 40},
        {"type": "message", "channel": "D1", "user": {"id": "U1"}, "ts": "1.0"},
        {"type": "message", "channel": "D1", "user": "U1", "ts": "1.0", "files": ["F1"]},
        {},
    ],
)
def test_what_has_not_the_shape_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        events.told({"type": "event_callback", "team_id": "T1", "event": event}, OWN)
