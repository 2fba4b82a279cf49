"""Kinds of replies."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.dialogues import articles
from benchmarks.load import Sample
from benchmarks.replies import Kind, Kinds, bare_kind, hub_kind, stock_kind
from benchmarks.stock import REPHRASE, THANKS
from hub import texts

ANSWER = articles()[0].translations["zh"].answer
SOURCE = {"article": "order-cancel", "revision": 1, "title": "取消订单"}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ([{"recipient_id": "a", "text": ANSWER, "sources": [SOURCE]}], Kind.ANSWER),
        ([{"text": "Which?", "buttons": [{"title": "t", "payload": "article:x"}]}], Kind.CLARIFY),
        ([{"text": texts.say("missed", "en"), "buttons": [{"title": "t", "payload": "human"}]}], Kind.MISSED),
        ([{"text": texts.say("missed_twice", "zh")}], Kind.HANDOVER),
        ([{"text": "Sorry."}, {"text": texts.say("handing_over", "en")}], Kind.HANDOVER),
        ([{"text": "Hello!"}], Kind.SAID),
        ([], Kind.EMPTY),
        ({"title": "Internal error"}, Kind.BROKEN),
    ],
)
def test_the_hubs_replies(said: object, kind: Kind) -> None:
    assert Kinds(hub_kind).of(msgspec.json.encode(said)) is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ([{"custom": {"effect": "search"}}], Kind.SEARCH),
        ([{"custom": {"say": {"zh": "您好", "en": "Hello"}}}], Kind.SAID),
        ([{"custom": {"say": {"zh": "抱歉", "en": "Sorry"}, "effect": "handoff"}}], Kind.HANDOVER),
        ([{"text": "?"}], Kind.BROKEN),
        ([], Kind.EMPTY),
    ],
)
def test_the_bare_bots_replies(said: object, kind: Kind) -> None:
    assert Kinds(bare_kind).of(msgspec.json.encode(said)) is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ([{"text": ANSWER}], Kind.ANSWER),
        ([{"text": REPHRASE}], Kind.MISSED),
        ([{"text": THANKS}], Kind.SAID),
        ([{"image": "https://example.com/tiger.jpg"}], Kind.EMPTY),
    ],
)
def test_the_stock_bots_replies(said: object, kind: Kind) -> None:
    assert Kinds(stock_kind).of(msgspec.json.encode(said)) is kind


def test_what_is_no_success_is_broken() -> None:
    assert Kinds(hub_kind).of_sample(Sample("hello", 0, 0.1, 500, b"[]")) is Kind.BROKEN
