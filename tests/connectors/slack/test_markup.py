"""Our words in Slack: as they are, and nobody is pinged by them."""

from __future__ import annotations

import pytest

from connectors.slack import markup
from connectors.slack.sending import LIMITS
from hub import render
from hub.types import Button
from tests.simulators.slack_workspace import Workspace


def shown(text: str) -> tuple[str, list[str]]:
    """What the customer's app shows of a text, and who is pinged by it."""
    workspace = Workspace()
    return workspace.look({"text": markup.plain(text), "blocks": markup.blocks(text)}), workspace.pings


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> <!here> <!everyone> <@U04ANN00001> <#C04GENERAL1>",
        "@channel @here @ann",
        "3 < 5 & 5 > 3 &amp; &lt;",
        "*not bold* _not italic_ `no code` ~kept~ :package:",
        "您有 14 天。\n第二行",
        "Track it at https://shop.example/t?a=1&b=2 (or ask us).",
        "在 https://shop.example/帮助 查看，谢谢",
        "https://shop.example",
        "<https://evil.example|https://shop.example>",
    ],
)
def test_text_is_shown_as_it_is_and_pings_nobody(text: str) -> None:
    assert shown(text) == (text, [])


def test_links_are_links_without_the_full_stop_behind_them() -> None:
    [block] = markup.blocks("See https://shop.example/a. Or https://shop.example/b?c=1&d=2）。")

    elements = block["elements"][0]["elements"]
    assert [part["url"] for part in elements if part["type"] == "link"] == [
        "https://shop.example/a",
        "https://shop.example/b?c=1&d=2",
    ]


def test_buttons_carry_their_payloads_and_who_was_asked() -> None:
    made = markup.blocks("Sure?", (Button("Yes", "/affirm"), Button("No", "/deny")), "U1")

    assert made[-1]["block_id"] == "parley:choice:U1"
    assert [(part["text"]["text"], part["value"]) for part in made[-1]["elements"]] == [
        ("Yes", "/affirm"),
        ("No", "/deny"),
    ]
    assert len({part["action_id"] for part in made[-1]["elements"]}) == 2


def test_a_pressed_button_leaves_its_title() -> None:
    before = markup.blocks("Sure?", (Button("Yes", "/affirm"),))

    after = markup.chosen(before, "Yes")

    assert Workspace().look({"blocks": after}) == "Sure?\n✓ Yes"
    assert all(block["type"] != "actions" for block in after)


@pytest.mark.parametrize(
    "text", ["<" * 5000, "&" * 1001, "字" * 9000, "👩‍👩‍👧‍👦" * 2000, "see https://shop.example/x " * 300]
)
def test_parts_fit_as_slack_counts(text: str) -> None:
    pieces = list(render.split(text, LIMITS))

    assert all(len(markup.plain(piece)) <= 4000 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@U1> hi", "hi"),
        ("hi <@U1>", "hi"),
        ("hi <@U1> there", "hi there"),
        ("<@U1|parley>: hi", "hi"),
        ("<@U1> <@U1> hi", "hi"),
        ("<@U2> hi", "@ben hi"),
        ("<@U3> hi", "@U3 hi"),
        ("a  b\n\nc", "a  b\n\nc"),
        ("&lt;@U1&gt; hi", "<@U1> hi"),
        ("<unclosed", "<unclosed"),
        ("<>", "<>"),
        ("<!unknown>", "@unknown"),
    ],
)
def test_what_people_write_is_read_as_they_saw_it(written: str, read: str) -> None:
    assert markup.read(written, "U1", {"U2": "ben"}) == read
