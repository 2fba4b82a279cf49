"""Settings: what is right is read, what is wrong is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import settings


def write(folder: Path, text: str) -> dict[str, str]:
    path = folder / "hub.yml"
    path.write_text(text, encoding="utf-8")
    return {"PARLEY_CONFIG": str(path), "DATABASE_URL": "postgresql://x"}


def test_our_own_file_is_right() -> None:
    loaded = settings.load({"DATABASE_URL": "postgresql://x"})
    assert [channel.name for channel in loaded.file.channels] == ["web"]
    assert (loaded.host, loaded.port) == ("127.0.0.1", 8080)


def test_the_environment_fills_in(tmp_path: Path) -> None:
    env = write(tmp_path, "rest_token: ${TOKEN}\nchannels: [{name: web, kind: webchat, allowed_origins: ['${SITE}']}]")
    loaded = settings.load({**env, "TOKEN": "t", "SITE": "https://shop.example"})
    assert loaded.file.rest_token == "t"
    assert loaded.file.channels == (settings.WebChatSettings("web", ("https://shop.example",)),)


def test_the_environment_fills_in_where_yaml_has_braces_itself(tmp_path: Path) -> None:
    env = write(tmp_path, "rest_token: ${TOKEN}\nlookups: {url: ${SHOP}/parley, token: ${TOKEN}}")
    loaded = settings.load({**env, "TOKEN": "a: {b}", "SHOP": "https://shop.example"})
    assert loaded.file.lookups == settings.LookupSettings("https://shop.example/parley", "a: {b}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rest_token: ${MISSING}", "rest_token: ${MISSING} is not in the environment"),
        ("channels: [{name: a, kind: fax}]", "'fax' is no kind of channel"),
        ("chanels: []", "'chanels' is no setting"),
        ("channels: [{name: a, kind: webchat}, {name: a, kind: webchat}]", "two are called 'a'"),
        ("channels: [{name: 'a b', kind: webchat}]", "the name 'a b'"),
        ("conversation: {close_after_minutes: soon}", "conversation.close_after_minutes: expected"),
        ("lookups: {url: shop.example, token: t}", "lookups.url: expected an address that begins with https://"),
        ("lookups: {url: 'https://shop.example'}", "lookups: object missing required field `token`"),
        ("lookups: {url: 'https://shop.example', token: t, timeout_seconds: 30}", "lookups.timeout_seconds: expected"),
        ("a: [", "line 1: not YAML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    env = write(tmp_path, text)
    with pytest.raises(settings.WrongSetting) as error:
        settings.load(env)
    assert said in str(error.value)
    assert env["PARLEY_CONFIG"] in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", ["8080", "host:", "host:x", "host:70000"])
def test_a_wrong_address_is_named(value: str) -> None:
    with pytest.raises(settings.WrongSetting, match="PARLEY_HTTP"):
        settings.load({"DATABASE_URL": "postgresql://x", "PARLEY_HTTP": value})


def test_lookups_are_read(tmp_path: Path) -> None:
    env = write(tmp_path, "lookups: {url: 'https://shop.example/parley', token: '${SHOP}'}")
    lookups = settings.load({**env, "SHOP": "s"}).file.lookups
    assert lookups == settings.LookupSettings("https://shop.example/parley", "s", 3)
