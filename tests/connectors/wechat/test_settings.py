"""What `hub.yml` may say of an account, and what it is told where that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app import settings
from app.settings import WrongSetting
from connectors.wechat.menu import buttons_of
from connectors.wechat.settings import WeChatSettings

RIGHT: dict[str, object] = {
    "name": "oa",
    "kind": "wechat",
    "mode": "safe",
    "token": "t",
    "encoding_aes_key": "a" * 43,
    "app_id": "wx1",
    "app_secret": "s",
}


def read(folder: Path, **changed: object) -> WeChatSettings:
    path = folder / "hub.yml"
    kept = {name: value for name, value in {**RIGHT, **changed}.items() if value is not None}
    path.write_text(yaml.safe_dump({"channels": [kept]}, allow_unicode=True), encoding="utf-8")
    (channel,) = settings.read(path, {}).channels
    assert isinstance(channel, WeChatSettings)
    return channel


def test_what_is_left_out_is_as_usual(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.api, found.greeting, found.menu, found.passive_only) == ("https://api.weixin.qq.com", "", (), False)
    assert found.key is not None
    assert read(tmp_path, api_base_url="http://127.0.0.1:1/").api == "http://127.0.0.1:1"
    assert read(tmp_path, mode="plain").key is None
    assert read(tmp_path, mode="plain", encoding_aes_key=None).key is None
    assert read(tmp_path, mode="plain", encoding_aes_key="").key is None
    assert read(tmp_path, welcome="你好").greeting == "你好"
    assert read(tmp_path, welcome={"zh": "你好", "en": "Hello"}).greeting == "你好\n\nHello"


ITEM = {"title": "帮助", "says": "帮助"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"encoding_aes_key": None}, "encoding_aes_key: mode safe needs it"),
        ({"encoding_aes_key": "", "mode": "compat"}, "encoding_aes_key: mode compat needs it"),
        ({"encoding_aes_key": "a" * 42}, "encoding_aes_key: 43 letters"),
        ({"encoding_aes_key": "a" * 42, "mode": "plain"}, "encoding_aes_key: 43 letters"),
        ({"mode": "secret"}, "channels[0].mode"),
        ({"token": ""}, "channels[0].token"),
        ({"app_secret": None}, "`app_secret`"),
        ({"api_base_url": "api.weixin.qq.com"}, "an address that begins with https://"),
        ({"colour": "red"}, "'colour' is no setting"),
        ({"welcome": "好" * 700}, "welcome: 2100 bytes"),
        ({"menu": [ITEM] * 4}, "menu: 4 entries"),
        ({"menu": [{"title": "帮助"}]}, "exactly one of says, url and items"),
        ({"menu": [{**ITEM, "url": "https://shop.example"}]}, "exactly one of says, url and items"),
        ({"menu": [{**ITEM, "title": "这个标题太长了"}]}, "has 21 bytes; WeChat shows 16"),
        ({"menu": [{**ITEM, "says": "长" * 50}]}, "says 150 bytes"),
        ({"menu": [{"title": "a", "items": [ITEM] * 6}]}, "holds 6 items"),
        ({"menu": [{"title": "a", "items": [{"title": "b", "items": [ITEM]}]}]}, "cannot hold items"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    with pytest.raises(WrongSetting) as error:
        read(tmp_path, **changed)
    assert said in str(error.value)
    assert "hub.yml, channels[0]" in str(error.value)


def test_the_menu_in_wechats_words(tmp_path: Path) -> None:
    menu = [{"title": "商店", "url": "https://shop.example/"}, {"title": "帮助", "items": [ITEM]}]
    assert buttons_of(read(tmp_path, menu=menu).menu) == {
        "button": [
            {"type": "view", "name": "商店", "url": "https://shop.example/"},
            {"name": "帮助", "sub_button": [{"type": "click", "name": "帮助", "key": "say:帮助"}]},
        ]
    }
