"""What may stand in `hub.yml` for a Slack channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import settings
from connectors.slack.settings import SlackSettings


def read(path: Path, line: str) -> SlackSettings:
    file = path / "hub.yml"
    file.write_text(f"channels:\n  - {{{line}}}\n")
    [channel] = settings.read(file, {"B": "xoxb-1", "S": "shh", "A": "xapp-1", "NONE": ""}).channels
    assert isinstance(channel, SlackSettings)
    return channel


def test_the_contracts_line(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "name: slack, kind: slack, bot_token: ${B}, signing_secret: ${S}, app_token: ${A}, api_base_url: https://s.example/api/",
    )

    assert (made.bot_token, made.signing_secret, made.app_token) == ("xoxb-1", "shh", "xapp-1")
    assert made.api_base_url == "https://s.example/api/"


def test_what_is_not_said_is_slacks_own(tmp_path: Path) -> None:
    made = read(tmp_path, "name: slack, kind: slack, bot_token: ${B}, signing_secret: ${S}")

    assert made.api_base_url == "https://slack.com/api/"
    assert made.app_token is None
    assert made.agents_channel is None


def test_socket_mode_needs_no_signing_secret(tmp_path: Path) -> None:
    assert read(tmp_path, "name: slack, kind: slack, bot_token: ${B}, app_token: ${A}").signing_secret is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("name: slack, kind: slack, bot_token: ${B}", "signing_secret: not set.*Socket Mode"),
        ("name: slack, kind: slack, bot_token: ${B}, signing_secret: ${NONE}, app_token: ${NONE}", "signing_secret"),
        ("name: slack, kind: slack, bot_token: ${NONE}, signing_secret: ${S}", "bot_token"),
        ("name: slack, kind: slack, signing_secret: ${S}", "bot_token"),
        ("name: slack, kind: slack, bot_token: ${B}, signing_secret: ${S}, api_base_url: slack.com", "api_base_url"),
        ("name: slack, kind: slack, bot_token: ${B}, signing_secret: ${S}, note_prefix: ''", "note_prefix"),
        ("name: slack, kind: slack, bot_token: ${B}, signing_secret: ${S}, tocken: x", "tocken"),
    ],
)
def test_a_wrong_setting_names_its_key(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(settings.WrongSetting, match=words) as raised:
        read(tmp_path, line)
    assert "\n" not in str(raised.value)
    assert "shh" not in str(raised.value)
