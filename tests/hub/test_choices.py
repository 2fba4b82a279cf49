"""Which button is meant by whoever writes instead of pressing."""

from __future__ import annotations

import pytest

from hub.choices import meant
from hub.types import Button

ZH = (Button("退货运费", "article:a"), Button("退款到账时间", "article:b"), Button("都不是", "none"))
EN = (
    Button("Return postage", "article:a"),
    Button("When refunds arrive", "article:b"),
    Button("None of these", "none"),
)


@pytest.mark.parametrize(
    "text", ["1", "１", "①", "1.", "第一个", "第1个", "选1", "我选第一个吧", "一", "退货运费", "退货运费。", "运费那个"]
)
def test_the_first_in_chinese(text: str) -> None:
    assert meant(text, ZH) == "article:a"


@pytest.mark.parametrize("text", ["2", "第二个", "2号", "退款到账时间", "到账时间", "到账的那个"])
def test_the_second_in_chinese(text: str) -> None:
    assert meant(text, ZH) == "article:b"


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "#1",
        "the first one",
        "The first one, please.",
        "1, please",
        "First",
        "option 1",
        "number one",
        "1 please",
        "return postage",
        "the postage one",
    ],
)
def test_the_first_in_english(text: str) -> None:
    assert meant(text, EN) == "article:a"


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
    assert meant(text, EN) in (None, "article:a" if text == "return" else None)


def test_nothing_was_offered() -> None:
    assert meant("1", ()) is None


def test_two_that_fit_are_none() -> None:
    assert (
        meant("refund card", (Button("Refund by card", "article:a"), Button("Refund from a card", "article:b"))) is None
    )


WAITING = (Button("边等边问", "assist"), Button("不用人工了", "take_back"))
NUMBER = (Button("没有订单号", "/no_number"), Button("退出", "/stop"))
SUMMARY = (Button("提交", "/affirm"), Button("修改", "/correct"), Button("不投诉了", "/stop"))
HUMAN = (Button("转人工客服", "human"),)
ENGLISH = (Button("Ask while I wait", "assist"), Button("No person needed", "take_back"))
ENGLISH_NUMBER = (Button("No order number", "/no_number"), Button("Stop", "/stop"))
ENGLISH_SUMMARY = (Button("Submit", "/affirm"), Button("Change", "/correct"), Button("No complaint", "/stop"))


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        *((text, WAITING) for text in ("人工", "人工！", "我要人工", "2", "最后一个")),
        *((text, ENGLISH) for text in ("I want a person!", "person?", "the second one", "needed")),
        *(
            (text, NUMBER)
            for text in ("订单号PL20418801", "订单号：PL20418801", "订单号20418801", "订单号", "两个", "2", "第一个")
        ),
        *(
            (text, ENGLISH_NUMBER)
            for text in ("my order number", "order number", "the last one", "two", "the first one")
        ),
        *((text, SUMMARY) for text in ("我要投诉", "投诉", "不提交", "不要提交", "3")),
        *((text, ENGLISH_SUMMARY) for text in ("complaint", "the complaint please", "don't submit")),
        *((text, HUMAN) for text in ("不要转人工客服", "别转人工", "不要人工客服")),
        ("不能退货运费", ZH),
    ],
)
def test_the_opposite_is_never_meant(text: str, offered: tuple[Button, ...]) -> None:
    assert meant(text, offered) is None


@pytest.mark.parametrize(
    ("text", "offered", "payload"),
    [
        ("边等边问", WAITING, "assist"),
        ("1", WAITING, "assist"),
        ("不用人工了", WAITING, "take_back"),
        ("没有订单号", NUMBER, "/no_number"),
        ("提交吧", SUMMARY, "/affirm"),
        ("1", SUMMARY, "/affirm"),
        ("不投诉了", SUMMARY, "/stop"),
        ("submit it please", ENGLISH_SUMMARY, "/affirm"),
        ("我要转人工客服", HUMAN, "human"),
    ],
)
def test_what_is_said_in_so_many_words(text: str, offered: tuple[Button, ...], payload: str) -> None:
    assert meant(text, offered) == payload
