"""Which language somebody writes."""

from __future__ import annotations

import pytest

from hub.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("怎么退货", "zh"),
        ("我的 iPhone 15 Pro Max 坏了", "zh"),
        ("How do I return it?", "en"),
        ("我要 refund", "zh"),
        ("12345", None),
        ("PL20418835", None),
        ("pl 2041 8835, 13800138000", None),
        ("it's PL20418835", "en"),
        ("order 20418835", "en"),
        ("单号 PL20418835", "zh"),
        ("😀", None),
        ("https://shop.example/orders", None),
        ("ann@shop.example", None),
        ("", None),
    ],
)
def test_the_script_tells(text: str, language: str | None) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["买" * 20_000, "a" * 20_000, "a@" * 10_000, "https://" * 2_500])
def test_long_texts_cost_no_more_than_short_ones(text: str) -> None:
    assert detect(text) == ("zh" if "买" in text else detect(text[:1000])), "only the beginning is looked at"
