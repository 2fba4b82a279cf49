"""Order numbers, telephones and addresses as people type them. The module is plain Python, as `ngrams` is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.components.entities import find


def found(text: str, asked: str | None = None) -> list[tuple[str, str]]:
    return [(entity.entity, entity.value) for entity in find(text, asked)]


@pytest.mark.parametrize(
    "text",
    [
        "PL20418835",
        "pl 2041 8835",
        "Pl-2041-8835",
        "ＰＬ２０４１８８３５",
        "单号：pl：20418835，谢谢",
        "订单20418835还没到",
        "p l 20418835",
        "PL#20418835",
        "my order is 2041 8835.",
        "2041-8835",
        "PL20418835please",
        "No.20418835",
        "我的order number是PL.20418835",
    ],
)
def test_an_order_number_typed_in_any_way(text: str) -> None:
    assert found(text) == [("order_number", "PL20418835")]


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 13812345678",
        "+86-138-1234-5678",
        "(+86)13812345678",
        "008613812345678",
        "8613812345678",
        "手机１３８１２３４５６７８。",
        "打138 1234 5678找我",
    ],
)
def test_a_mobile_number_typed_in_any_way(text: str) -> None:
    assert found(text) == [("phone", "13812345678")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mei@example.com", "mei@example.com"),
        ("邮箱是Mei.Lin@Example.COM。", "mei.lin@example.com"),
        ("发到ｍｅｉ＠ｅｘａｍｐｌｅ．ｃｏｍ吧", "mei@example.com"),
        ("13812345678@mail.example.com", "13812345678@mail.example.com"),
        ("20418835@example.com", "20418835@example.com"),
        ("to a+b_c@example.co.uk, please", "a+b_c@example.co.uk"),
    ],
)
def test_an_address(text: str, value: str) -> None:
    assert found(text) == [("email", value)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PL2041883",
        "PL204188355",
        "204188351",
        "appl20418835",
        "SN20418835",
        "6222 0213 8123 4567",
        "6222021381234567890",
        "010-12345678",
        "0571 8765432",
        "+12345678",
        "the 2024-2025 models",
        "12812345678",
        "138123456789",
        "¥2041.88",
        "a@b",
        "@example.com",
        "我在2041年8835号",
    ],
)
def test_what_is_none_of_them(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "我20251103买的耳机，只能听一边",
            "2025-1103 下单",
            "订单20251103下的",
            "I bought it on 20251103",
            "20251103",
        ),
        *("座机是87654321", "查一下，电话 87654321", "my landline is 8765 4321", "+852-91234567", "(021) 87654321"),
        *("序列号 87654321", "QQ 87654321", "021-8765 4321", "serial 87654321"),
    ],
)
def test_a_date_or_a_telephone_is_no_order_number(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "20418835",
            "20418835。",
            "我的快递呢\n20418835",
            "20418835，13812345678",
            "查一下20418835",
            "20418835到哪了",
        ),
        *(
            "20418835这个订单",
            "where is 20418835?",
            "order no. 20418835",
            "单号是 2041 8835",
            "我的order是20418835",
            "order number is 20418835",
        ),
    ],
)
def test_bare_digits_that_somebody_calls_an_order(text: str) -> None:
    assert ("order_number", "PL20418835") in found(text)


@pytest.mark.parametrize(
    ("text", "asked", "taken"),
    [
        ("应该是20418835", "order_number", True),
        ("it should be 20418835", "order_number", True),
        ("20251103", "order_number", True),
        ("我20251103买的", "order_number", False),
        ("座机87654321", "order_number", False),
        ("87654321", "contact", False),
        ("订单是87654321", "contact", True),
        ("电话是20418835", "complaint_account", False),
    ],
)
def test_what_was_asked_for_tells_what_bare_digits_are(text: str, asked: str, taken: bool) -> None:
    assert bool(found(text, asked)) is taken


def test_all_of_them_in_one_message() -> None:
    text = "单号 PL20418835，\n电话 13812345678 或 mei@example.com，还有一单 20418836 13912345678"
    assert found(text) == [
        ("order_number", "PL20418835"),
        ("phone", "13812345678"),
        ("email", "mei@example.com"),
        ("order_number", "PL20418836"),
        ("phone", "13912345678"),
    ]


def test_places_are_those_of_the_text_as_typed() -> None:
    text = "㎏ 电话１３８１２３４５６７８"
    (phone,) = find(text)
    assert text[phone.start : phone.end] == "１３８１２３４５６７８"


@given(st.text(max_size=200))
def test_anything_can_be_read(text: str) -> None:
    ends = [0]
    for entity in find(text):
        assert ends[-1] <= entity.start < entity.end <= len(text)
        ends.append(entity.end)


@given(st.integers(0, 10**8 - 1), st.sampled_from(["我的订单 {} 到哪了", "order {} please", "{}"]))
def test_every_order_number_is_found(number: int, words: str) -> None:
    assert found(words.format(f"PL{number:08}")) == [("order_number", f"PL{number:08}")]
