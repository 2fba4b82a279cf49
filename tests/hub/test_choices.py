"""Which button is meant by whoever writes instead of pressing."""

from __future__ import annotations

import pytest

from hub.choices import meant
from hub.types import Button

ZH = (Button("退货运费", "a"), Button("退款到账时间", "b"), Button("都不是", "none"))
EN = (Button("Return postage", "a"), Button("When refunds arrive", "b"), Button("None of these", "none"))


@pytest.mark.parametrize(
    "text", ["1", "１", "①", "1.", "第一个", "第1个", "选1", "我选第一个吧", "一", "退货运费", "退货运费。", "运费那个"]
)
def test_the_first_in_chinese(text: str) -> None:
    assert meant(text, ZH) == "a"


@pytest.mark.parametrize("text", ["2", "第二个", "2号", "退款到账时间", "到账时间", "到账的那个"])
def test_the_second_in_chinese(text: str) -> None:
    assert meant(text, ZH) == "b"


@pytest.mark.parametrize(
    "text",
    ["1", "#1", "the first one", "First", "option 1", "number one", "1 please", "return postage", "the postage one"],
)
def test_the_first_in_english(text: str) -> None:
    assert meant(text, EN) == "a"


@pytest.mark.parametrize(
    ("text", "offered"), [("3", ZH), ("都不是", ZH), ("最后一个", ZH), ("none of these", EN), ("the last one", EN)]
)
def test_the_last(text: str, offered: tuple[Button, ...]) -> None:
    assert meant(text, offered) == "none"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "10",
        "好的",
        "退",
        "1天能到吗",
        "我买了2个",
        "PL20418835",
        "the",
        "one more question: can I pay in cash?",
        "?",
        "12",
        "return",
        "不是",
    ],
)
def test_something_else(text: str) -> None:
    assert meant(text, ZH) is None
    assert meant(text, EN) in (None, "a" if text == "return" else None)


def test_nothing_was_offered() -> None:
    assert meant("1", ()) is None


def test_two_that_fit_are_none() -> None:
    assert meant("refund card", (Button("Refund to a card", "a"), Button("Refund from a card", "b"))) is None
