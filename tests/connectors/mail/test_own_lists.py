"""help@ as a Google Group or a list: what comes through it was written to us. What comes from others' lists was not."""

from __future__ import annotations

import pytest

from connectors.mail.parse import parse
from tests.connectors.mail.lists import GOOGLE, MAILMAN, OWN, written


@pytest.mark.parametrize("through", [GOOGLE, MAILMAN, {"List-Id": "Help <help.shop.example>", "Precedence": "list"}])
def test_a_list_that_is_an_address_of_ours_is_none(through: dict[str, str]) -> None:
    mail = parse(written(through), OWN)
    assert (mail.kind, mail.suppress) == ("message", False)
    assert mail.sender is not None
    assert (mail.sender.name, mail.sender.address) == ("Ann Miller", "ann@customer.example")
    assert parse(written(through)).kind == "list", "where it is nobody's address of ours"


@pytest.mark.parametrize(
    "change",
    [
        {"List-Post": "<mailto:talk@elsewhere.example>"},
        {"List-Post": "<mailto:talk@elsewhere.example>, <mailto:help@shop.example>"},
        {"List-Post": "<https://lists.elsewhere.example/post>", "List-Id": "<talk.elsewhere.example>"},
        {"List-Post": "NO", "List-Id": "<help.shop.example.elsewhere.example>"},
        {"Precedence": "bulk"},
        {"X-CSA-Complaints": "complaints@elsewhere.example"},
    ],
)
def test_others_lists_are_lists(change: dict[str, str]) -> None:
    assert parse(written({**GOOGLE, **change}), OWN).kind == "list"


def test_what_was_a_lists_mail_before_it_came_to_ours_stays_one() -> None:
    raw = b"List-Id: <talk.elsewhere.example>\r\n" + written(GOOGLE)
    assert parse(raw, OWN).kind == "list"


def test_an_absence_note_through_our_list_is_one() -> None:
    assert parse(written({**GOOGLE, "Auto-Submitted": "auto-replied"}), OWN).kind == "auto_reply"


@pytest.mark.parametrize(
    "shown",
    [
        {**GOOGLE, "X-Original-From": "Ann Miller <ann@customer.example>"},
        {**GOOGLE, "Reply-To": "elsewhere@customer.example"},
        {**MAILMAN, "Reply-To": "help@shop.example, ann@customer.example"},
    ],
)
def test_who_wrote_where_our_list_stands_in_the_place_of_the_sender(shown: dict[str, str]) -> None:
    mail = parse(written(shown, sender="'Ann Miller' via Help <help@shop.example>"), OWN)
    assert mail.kind == "message"
    assert mail.sender is not None
    assert (mail.sender.name, mail.sender.address) == ("Ann Miller", "ann@customer.example")


@pytest.mark.parametrize("through", [{**GOOGLE, "X-Original-Sender": "help@shop.example"}, MAILMAN])
def test_what_we_wrote_ourselves_to_our_list_is_ours(through: dict[str, str]) -> None:
    mail = parse(
        written({**through, "Reply-To": "somebody@else.example"}, sender="Shop Support <help@shop.example>"), OWN
    )
    assert mail.sender is not None
    assert mail.sender.address == "help@shop.example"
