"""How a message of ours becomes the parts that a platform can carry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from hub import choices
from hub.connector import Limits
from hub.render import parts, split, utf8, utf16
from hub.types import Attachment, Button, Message

LINK = "https://shop.example/orders/PL20418804?from=chat&lang=zh"


def message(text: str, buttons: tuple[Button, ...] = (), files: tuple[Attachment, ...] = ()) -> Message:
    return Message(
        key=1,
        id="m1",
        stream=1,
        conversation="c1",
        seq=1,
        kind="message",
        author="bot",
        text=text,
        created_at=datetime.now(UTC),
        delivery="queued",
        buttons=buttons,
        attachments=files,
    )


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(st.text(max_size=400), st.integers(20, 60), st.sampled_from([len, utf8, utf16]))
def test_nothing_is_lost_and_nothing_too_long(text: str, longest: int, measure: Callable[[str], int]) -> None:
    pieces = list(split(text, Limits(text=longest, measure=measure)))
    assert all(measure(piece) <= longest for piece in pieces)
    assert squeezed("".join(pieces)) == squeezed(text)


@given(st.lists(st.sampled_from(["退货", "é", "👨‍👩‍👧‍👦", "🇨🇳", "word ", "。", LINK + " "]), max_size=60))
def test_characters_and_links_stay_whole(words: list[str]) -> None:
    text = "".join(words)
    pieces = list(split(text, Limits(text=90, measure=utf8)))
    assert [c for piece in pieces for c in regex.findall(r"\X", squeezed(piece))] == regex.findall(
        r"\X", squeezed(text)
    )
    assert sum(piece.count(LINK) for piece in pieces) == text.count(LINK)


def test_a_text_is_cut_where_a_reader_pauses() -> None:
    text = "First, open the lid. Then take the filter out.\n\nWash it under cold water, and let it dry for a day."
    assert list(split(text, Limits(text=60))) == [
        "First, open the lid. Then take the filter out.",
        "Wash it under cold water, and let it dry for a day.",
    ]
    assert list(split("请打开盖子。取出滤网，用清水冲洗，然后晾干。", Limits(text=14))) == [
        "请打开盖子。取出滤网，",
        "用清水冲洗，然后晾干。",
    ]


def test_a_word_that_alone_is_too_long_is_cut_all_the_same() -> None:
    assert [len(piece) for piece in split("x" * 25, Limits(text=10))] == [10, 10, 5]
    assert squeezed("".join(split(LINK, Limits(text=20)))) == LINK


BUTTONS = (Button("Returns", "article:returns"), Button("None of these", "none"))


def test_buttons_go_with_the_last_part() -> None:
    made = parts(message("One. " * 30, BUTTONS), Limits(text=100, buttons=3))
    assert [part.buttons for part in made] == [(), BUTTONS]
    assert [(part.number, part.last) for part in made] == [(0, False), (1, True)]
    assert made[1].key == "m1.1"


@pytest.mark.parametrize(
    "limits", [Limits(text=500), Limits(text=500, buttons=1), Limits(text=500, buttons=2, button_title=9)]
)
def test_buttons_that_do_not_fit_become_numbers(limits: Limits) -> None:
    (part,) = parts(message("Which of these is your question?", BUTTONS), limits)
    assert part.buttons == ()
    assert part.text == (
        "Which of these is your question?\n\n1. Returns\n2. None of these\n\nReply with the number of your choice."
    )


def test_what_is_not_meant_by_a_number_gets_none() -> None:
    buttons = (Button("First", "/first"), Button("No order number", "/no_number"), Button("Stop", "/stop"))
    (part,) = parts(message("Which one is it?", buttons), Limits(text=500))
    assert part.text == (
        "Which one is it?\n\n1. First\n\n"
        'Reply with the number of your choice. You can also reply: "No order number", "Stop".'
    )
    assert choices.meant("2", buttons) is None
    assert choices.meant("no order number", buttons) == "/no_number"
    (part,) = parts(message("请发订单号。", (Button("没有订单号", "/no_number"),)), Limits(text=500))
    assert part.text == "请发订单号。\n\n也可以直接回复：“没有订单号”。"


def test_numbers_in_chinese() -> None:
    (part,) = parts(message("您想问的是下面哪一个？", (Button("退货", "article:returns"),)), Limits(text=500))
    assert part.text.endswith("1. 退货\n\n回复数字即可选择。")


def test_files_travel_as_the_platform_carries_them() -> None:
    files = (Attachment("f1", "a.pdf", "application/pdf", 10), Attachment("f2", "b.png", "image/png", 20))
    apart = parts(message("Here they are.", files=files), Limits(text=100))
    assert [(part.text, part.files) for part in apart] == [("Here they are.", ()), ("", files[:1]), ("", files[1:])]
    (beside,) = parts(message("Here they are.", files=files), Limits(text=100, files_with_text=True))
    assert beside.files == files
    assert [part.files for part in parts(message("", files=files), Limits(text=100))] == [files[:1], files[1:]]
    assert len(parts(message(""), Limits(text=100))) == 1


def test_buttons_stand_under_short_texts_only_where_the_platform_says_so() -> None:
    limits = Limits(text=100, buttons=3, text_with_buttons=40)
    assert [part.buttons for part in parts(message("Which of these is your question?", BUTTONS), limits)] == [BUTTONS]
    assert all(part.buttons == () for part in parts(message("Which of these is your question? " * 2, BUTTONS), limits))


@pytest.mark.parametrize("sign", ["!", ".", "…", '."', "\n \n", "www.a "])
def test_a_text_of_nothing_but_signs_is_cut_as_quickly_as_any(sign: str) -> None:
    """Customers write such, and agents are shown it in pieces; in quadratic time this would take minutes."""
    text = sign * (120_000 // len(sign))
    assert squeezed("".join(split(text, Limits(text=60_000)))) == squeezed(text)
