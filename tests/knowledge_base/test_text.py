from __future__ import annotations

import pytest

from knowledge_base.text import fold, words


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Where is MY order?", "where is my order?"),
        ("don't", "dont"),
        ("it’s", "its"),
        ("Ｗｉ－Ｆｉ　１２", "wi-fi 12"),
        ("幾點開門", "几点开门"),
        ("café", "cafe"),
        ("", ""),
    ],
)
def test_spellings_of_one_thing_become_one(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_fold_is_stable() -> None:
    once = fold("請問ＷＩＦＩ密碼是多少？Don't know")
    assert fold(once) == once


def test_words_of_both_scripts() -> None:
    terms = words(fold("耳机X200连不上WiFi"))
    assert {"耳机", "x", "200", "wifi"} <= terms


def test_punctuation_is_no_term() -> None:
    assert words("？！。, ") == frozenset()
