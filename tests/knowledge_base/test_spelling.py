from __future__ import annotations

import gc
import weakref
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from knowledge_base import pinyin
from knowledge_base.lexical import Words, held
from knowledge_base.spelling import Speller
from knowledge_base.text import fold, spelled

PHRASINGS = [
    "怎么开发票",
    "验证码收不到",
    "忘记密码了怎么登录",
    "怎么取消自动续费",
    "How do I track my parcel?",
    "The screen of my tablet is broken",
    "Change the delivery address",
]
VOCABULARY = {
    "验": -12.0,
    "正": -9.0,
    "码": -11.0,
    "不": -4.0,
    "登": -10.0,
    "路": -9.0,
    "登录": -10.0,
    "the": -3.0,
    "dealer": -11.0,
}


def of(phrasings: Sequence[str], vocabulary: Mapping[str, float]) -> Speller:
    """A speller of the words of some text."""
    folded, all_ = [fold(phrasing) for phrasing in phrasings], np.ones(len(phrasings), dtype=np.bool_)
    return Speller(held([(Words.of(folded, spelled), all_)]), vocabulary)


@pytest.fixture(scope="module")
def speller() -> Speller:
    return of(PHRASINGS, VOCABULARY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("xiaomi", "小米"),
        ("wo de kuaidi dao na le", "我的快递到哪了"),
        ("wodekuaididaonale", "我的快递到哪了"),
        ("fapiao zenme kai?", "发票怎么开?"),
        ("app怎么xiazai", "app怎么下载"),
        ("wifi lianbushang", "wifi 连不上"),
        ("我想xiugai dizhi", "我想修改地址"),
        ("mima wang le, zenme ban", "密码忘了, 怎么办"),
    ],
)
def test_pinyin_becomes_characters(typed: str, meant: str) -> None:
    assert pinyin.to_characters(typed) == meant


@pytest.mark.parametrize(
    "english",
    [
        "can you change me the long one",
        "do women's sizes run large",
        "a man can hang a lamp",
        "paid with huabei by mistake, can it be moved",
        "play a game of hangman",
        "the fifteen yuan you kept",
        "",
        "123 456",
        "订单 12345 pro max",
    ],
)
def test_english_stays(english: str) -> None:
    assert pinyin.to_characters(english) == english


@pytest.mark.parametrize("typed", ["xiaomi", "Xiaomi?", "xiaomi手机", "amount GaN"])
def test_what_the_articles_write_in_latin_is_no_pinyin(typed: str) -> None:
    knows = of(["Does it work with a Xiaomi phone?", "How strong is the GaN charger?"], VOCABULARY)
    assert knows.corrected(typed) == fold(typed)
    assert of(["fapiao zai na kai"], VOCABULARY).corrected("xiaomi") == "小米"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("P L 2 0 0 怎么充电", "pl200 怎么充电"),
        ("is the Z R 7 waterproof?", "is the zr7 waterproof?"),
        ("a 5 to 7 day trip, plan B", "a 5 to 7 day trip, plan b"),
        ("order 1 2 3 4", "order 1 2 3 4"),
    ],
)
def test_a_number_that_is_spelled_out_is_one_word(speller: Speller, typed: str, meant: str) -> None:
    assert speller.corrected(typed) == meant


def test_letters_without_end_are_read_in_time() -> None:
    assert pinyin.to_characters("xian" * 5000).count("xian") == 5000
    assert len(pinyin.to_characters("wo de " * 2000)) > 1000


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("验正码收不到", "验证码收不到"),
        ("登路不上", "登录不上"),
        ("自动序费怎么关", "自动续费怎么关"),
        ("trakc my pacel", "track my parcel"),
        ("my tabelt scren", "my tablet screen"),
        ("delivrey adress", "delivery address"),
    ],
)
def test_slips_are_read_as_words_of_the_knowledge_base(speller: Speller, typed: str, meant: str) -> None:
    assert speller.corrected(typed) == meant


@pytest.mark.parametrize("written", ["不登录能买吗", "the dealer", "开发票", "x200", "我没有收到"])
def test_what_makes_sense_stays(speller: Speller, written: str) -> None:
    assert speller.corrected(written) == written


def test_one_that_is_not_needed_any_more_is_gone_at_once() -> None:
    """Each publication makes another, of all words that there are."""
    speller = of(PHRASINGS, VOCABULARY)
    assert speller.corrected("trakc") == "track"
    seen = weakref.ref(speller)
    gc.disable()
    try:
        del speller
        assert seen() is None
    finally:
        gc.enable()


def test_a_speller_of_nothing_corrects_nothing() -> None:
    assert Speller({}, {}).corrected("What's up? 你好") == "whats up? 你好"
