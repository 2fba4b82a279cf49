"""Mails as lists pass them on."""

from __future__ import annotations

OWN = frozenset({"help@shop.example", "sales@shop.example"})

GOOGLE = {
    "Sender": "help@shop.example",
    "Return-Path": "<help+bncBDZ2LK7K2ABBBQNB6XOQMGQE7YPVZ5I@shop.example>",
    "X-Original-Sender": "ann@customer.example",
    "Precedence": "list",
    "Mailing-list": "list help@shop.example; contact help+owners@shop.example",
    "List-ID": "<help.shop.example>",
    "X-Spam-Checked-In-Group": "help@shop.example",
    "X-Google-Group-Id": "734012345678",
    "List-Post": "<https://groups.google.com/a/shop.example/group/help/post>, <mailto:help@shop.example>",
    "List-Help": "<https://support.google.com/a/shop.example/topic.py?topic=25838>, <mailto:help+help@shop.example>",
    "List-Archive": "<https://groups.google.com/a/shop.example/group/help/>",
    "List-Unsubscribe": "<mailto:googlegroups-manage+734012345678+unsubscribe@googlegroups.com>,\r\n"
    " <https://groups.google.com/a/shop.example/group/help/subscribe>",
}
"""What a Google Group adds to a mail."""

MAILMAN = {
    "X-BeenThere": "help@shop.example",
    "X-Mailman-Version": "2.1.39",
    "Precedence": "list",
    "List-Id": "Customers write here <help-in.lists.shop.example>",
    "List-Unsubscribe": "<mailto:help-request@shop.example?subject=unsubscribe>",
    "List-Post": "<mailto:help@shop.example>",
    "Errors-To": "help-bounces@shop.example",
    "Sender": '"Help" <help-bounces@shop.example>',
}


def written(
    headers: dict[str, str], *, sender: str = "Ann Miller <ann@customer.example>", text: str = "Can I return it?"
) -> bytes:
    """A question that came through a list."""
    above = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"{above}From: {sender}\r\nTo: help@shop.example\r\nSubject: A lamp\r\nMessage-ID: <1@customer.example>\r\n"
        f"Date: Sun, 22 Nov 2026 05:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()
