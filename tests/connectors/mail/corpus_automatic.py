"""The part of the corpus that no person wrote: automatic answers, lists, reports of delivery; and what only looks so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.connectors.mail.letters import HELP

Made = Iterator[tuple[str, bytes, dict[str, Any]]]
_AWAY = "I am out of the office until 12 March with limited access to my e-mail."
_AWAY_ZH = "您好，我正在休假，3月12日回来后会尽快回复您。"


def plain_mail(
    subject: str, text: str, *headers: str, sender: str = "Desk <desk@example.org>", name: str = "x"
) -> bytes:
    """A plain mail in UTF-8."""
    head = [*headers, f"From: {sender}", f"To: {HELP}", f"Subject: {subject}", f"Message-ID: <{name}@mail.example.org>"]
    head += ["Date: Tue, 05 Mar 2024 11:22:33 +0800", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    return (
        "\r\n".join([*head, "Content-Transfer-Encoding: 8bit", "", text]).replace("\r\n", "\n").replace("\n", "\r\n")
        + "\r\n"
    ).encode()


def mails() -> Made:
    """Name, bytes and expected parse of each."""
    yield from _answers()
    yield from _lists()


def _answers() -> Made:
    cases: list[tuple[str, str, str, tuple[str, ...], str, str]] = [
        (
            "auto-replied",
            "Automatic reply: Your order",
            _AWAY,
            ("Auto-Submitted: auto-replied",),
            "auto_reply",
            "Auto-Submitted",
        ),
        (
            "auto-replied-comment",
            "Re: order",
            _AWAY,
            ("Auto-Submitted: Auto-Replied (vacation)",),
            "auto_reply",
            "Auto-Submitted",
        ),
        (
            "auto-notified",
            "Note",
            _AWAY,
            ("Auto-Submitted: auto-notified; owner-email=a@example.org",),
            "auto_reply",
            "Auto-Submitted",
        ),
        (
            "auto-generated",
            "Your ticket",
            "Ticket 5 was opened.",
            ("Auto-Submitted: auto-generated",),
            "auto_reply",
            "auto-generated",
        ),
        ("auto-no", "Question", "Where is my order?", ("Auto-Submitted: no",), "message", "nothing"),
        (
            "exchange-away",
            "Automatic reply: order",
            _AWAY,
            ("X-Auto-Response-Suppress: All", "Auto-Submitted: auto-generated"),
            "auto_reply",
            "",
        ),
        (
            "exchange-away-bare",
            "自动回复: 订单",
            _AWAY_ZH,
            ("X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",),
            "auto_reply",
            "subject",
        ),
        (
            "suppress-only",
            "Question about my order",
            "Where is it?",
            ("X-Auto-Response-Suppress: All",),
            "message",
            "wants no automatic answer",
        ),
        (
            "suppress-receipts-only",
            "Question",
            "Where is it?",
            ("X-Auto-Response-Suppress: DR, RN, NRN",),
            "message",
            "nothing",
        ),
        ("x-autoreply", "Re: order", _AWAY, ("X-Autoreply: yes",), "auto_reply", "X-Autoreply"),
        ("x-autorespond", "Re: order", _AWAY, ("X-Autorespond: order",), "auto_reply", "X-Autorespond"),
        ("x-loop", "Re: order", "Thank you for your mail.", ("X-Loop: desk@example.org",), "auto_reply", "X-Loop"),
        ("precedence-auto-reply", "Re: order", _AWAY, ("Precedence: auto_reply",), "auto_reply", "Precedence"),
        ("null-sender", "Re: order", "We got your mail.", ("Return-Path: <>",), "auto_reply", "Return-Path"),
        (
            "autoresponder-delivered",
            "Re: order",
            "We got it.",
            ("Delivered-To: Autoresponder",),
            "auto_reply",
            "Delivered-To",
        ),
        (
            "qq-away",
            "自动回复:订单咨询",
            "您好，您的邮件我已收到，我会尽快给您回复。已收到您的来信。",
            (),
            "auto_reply",
            "subject",
        ),
        ("netease-away", "自动回复: 订单咨询", _AWAY_ZH, ("X-Priority: 3",), "auto_reply", "subject"),
        (
            "german-away",
            "Automatische Antwort: Bestellung",
            "Ich bin bis 12. März nicht im Büro.",
            ("Precedence: bulk",),
            "list",
            "bulk",
        ),
        ("german-away-bare", "Abwesenheitsnotiz: Bestellung", "Ich bin im Urlaub.", (), "auto_reply", "subject"),
        (
            "french-away",
            "Réponse automatique : commande",
            "Je suis absent jusqu'au 12 mars.",
            (),
            "auto_reply",
            "subject",
        ),
        ("japanese-away", "自動返信: 注文", "ただいま休暇中です。", (), "auto_reply", "subject"),
        ("asks-about-holiday", "休假期间发货吗", "请问春节期间发货吗？", (), "message", "nothing"),
        (
            "asks-about-auto-reply",
            "Automatic reply function of the camera",
            "Does the camera do this?",
            (),
            "message",
            "nothing",
        ),
        ("no-reply-sender", "Your receipt", "Thank you.", (), "message", "wants no automatic answer"),
    ]
    for name, subject, text, headers, kind, reason in cases:
        sender = "Shop <no-reply@example.org>" if name == "no-reply-sender" else "Desk <desk@example.org>"
        expected: dict[str, Any] = {
            "group": "automatic",
            "language": "zh" if "\u4e00" <= text[0] <= "\u9fff" else "en",
            "kind": kind,
            "subject": subject,
        }
        expected |= {"suppress": kind != "message" or "automatic" in reason, "message_id": f"<{name}@mail.example.org>"}
        yield (
            name,
            plain_mail(subject, text, *headers, sender=sender, name=name),
            expected | ({"reason_has": reason} if reason else {}),
        )


def _lists() -> Made:
    cases = [
        ("list-id", ("List-Id: Talk <talk.example.org>",), "List-Id"),
        (
            "list-unsubscribe",
            ("List-Unsubscribe: <mailto:leave@example.org>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
            "List-Unsubscribe",
        ),
        ("precedence-list", ("Precedence: list",), "Precedence: list"),
        ("precedence-bulk", ("Precedence: bulk",), "Precedence: bulk"),
        ("precedence-junk", ("Precedence: junk",), "Precedence: junk"),
        ("list-auto-generated", ("List-Id: <a.example.org>", "Auto-Submitted: auto-generated"), "List-Id"),
    ]
    for name, headers, reason in cases:
        raw = plain_mail("News of March", "What is new this month.", *headers, name=name)
        yield name, raw, {"group": "lists", "language": "en", "kind": "list", "reason_has": reason, "suppress": True}
