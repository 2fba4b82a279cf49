"""What may stand in `hub.yml`, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import WrongSetting, read
from connectors.wecom.settings import WeComSettings

LINES = """channels:
  - {name: kf, kind: wecom, corp_id: ww1, secret: s, token: t, encoding_aes_key: %s%s}
"""
KEY = "Pq7vM2zC9xN4kB8jR1wD6fG3hL5sT0yU8aE2iO7rK1Q"


def settings(folder: Path, more: str = "", key: str = KEY) -> WeComSettings:
    file = folder / "hub.yml"
    file.write_text(LINES % (key, more), encoding="utf-8")
    (found,) = read(file, {}).channels
    assert isinstance(found, WeComSettings)
    return found


def test_what_is_not_said_has_a_meaning(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.accounts, found.greeting, found.api) == ((), "", "https://qyapi.weixin.qq.com")
    assert len(found.key) == 32


@pytest.mark.parametrize(
    ("said", "accounts"),
    [("wkOne", ("wkOne",)), ("[wkOne]", ("wkOne",)), ("[wkOne, wkTwo, wkOne]", ("wkOne", "wkTwo")), ("[]", ())],
)
def test_accounts(tmp_path: Path, said: str, accounts: tuple[str, ...]) -> None:
    assert settings(tmp_path, f", open_kfid: {said}").accounts == accounts


def test_a_welcome_in_both_languages(tmp_path: Path) -> None:
    assert settings(tmp_path, ", welcome: {zh: 您好, en: Hello}").greeting == "您好\n\nHello"
    assert settings(tmp_path, ", welcome: Hello").greeting == "Hello"


@pytest.mark.parametrize(
    ("more", "key", "word"),
    [
        ("", "short", "encoding_aes_key"),
        (", open_kfid: 'wk:1'", KEY, "open_kfid"),
        (", open_kfid: [wk1, '']", KEY, "open_kfid"),
        (f", welcome: {'好' * 683}", KEY, "welcome"),
        (", api_base_url: qyapi.weixin.qq.com", KEY, "api_base_url"),
        (", agent_id: 1000002", KEY, "agent_id"),
    ],
)
def test_a_wrong_setting_names_its_key(tmp_path: Path, more: str, key: str, word: str) -> None:
    with pytest.raises(WrongSetting, match=word):
        settings(tmp_path, more, key)
