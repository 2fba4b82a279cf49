"""Wrong settings of a Telegram channel are found when they are read, and said without repeating a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app.settings import WrongSetting, read
from connectors.telegram.settings import TelegramSettings

TOKEN = "7100200300:AAF-c0de_of_a_bot"
RIGHT = {"name": "tg", "kind": "telegram", "token": TOKEN, "secret_token": "a-secret_1"}


def settings(path: Path, **changes: object) -> TelegramSettings:
    wanted = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    file = path / "hub.yml"
    file.write_text(yaml.safe_dump({"channels": [wanted]}))
    (channel,) = read(file, {}).channels
    assert isinstance(channel, TelegramSettings)
    return channel


def test_what_is_left_out(tmp_path: Path) -> None:
    channel = settings(tmp_path)

    assert (channel.mode, channel.api_base_url, channel.bot) == ("webhook", "https://api.telegram.org", 7100200300)
    assert settings(tmp_path, mode="polling", secret_token=None).secret_token is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": "no token of a bot"}, "channels[0]: token: not a bot's token; BotFather"),
        ({"token": "12345:with spaces"}, "channels[0]: token: "),
        ({"secret_token": None}, "channels[0]: secret_token: mode webhook needs one"),
        ({"secret_token": "sécret"}, "channels[0]: secret_token: Telegram takes 1 to 256"),
        ({"secret_token": "x" * 257}, "channels[0]: secret_token: "),
        ({"mode": "pigeon"}, "channels[0].mode: "),
        ({"api_base_url": "api.telegram.org"}, "channels[0].api_base_url: "),
        ({"welcome": ""}, "channels[0].welcome: "),
        ({"tokn": "x"}, "'tokn' is no setting of this version"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        settings(tmp_path, **changes)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    for secret in (changes.get("token"), changes.get("secret_token")):
        assert not secret or str(secret) not in str(caught.value)
