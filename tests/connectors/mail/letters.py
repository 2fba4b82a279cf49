"""What our invented customers write, and what they answer to: the words of the corpus, in two languages."""

from __future__ import annotations

import html
from typing import NamedTuple

HELP = "help@shop.example.com"


class Letter(NamedTuple):
    """One mail to be laid out by a program: `said` by the customer, `quoted` of ours; a paragraph each."""

    language: str
    said: tuple[str, ...]
    quoted: tuple[str, ...]
    name: str
    address: str
    subject: str
    style: str = "top"
    signature: tuple[str, ...] = ()

    @property
    def zh(self) -> bool:
        """In Chinese."""
        return self.language == "zh"

    @property
    def us(self) -> str:
        """What our side is called."""
        return "示例商城客服" if self.zh else "Example Shop Support"


_SAID = {
    "zh": [
        ("您好，我的订单 20240305 还没有发货。", "请问什么时候能发出？谢谢！"),
        ("收到了，但是颜色不对，我要的是蓝色。",),
        ("好的，我同意退款。请退到原来的支付账户。", "大概几天能到账？"),
        ("地址写错了，请改成：\n上海市示例路 88 号 3 楼\n电话：021-5550 0100", "麻烦尽快处理。"),
        ("发票抬头请开“示例科技有限公司”，税号稍后发给你们。",),
    ],
    "en": [
        ("Hello, my order 20240305 has not arrived yet.", "When will it be sent? Thanks!"),
        ("Got it, but the colour is wrong. I wanted the blue one.",),
        ("Yes, please refund it to my card.", "How many days will that take?"),
        ("Please change the address to:\n88 Example Road, 3rd floor\nPhone: 555-0100", "Thank you for your help."),
        ("On Monday I called you, and your colleague wrote down: no charge.\nNow I am charged 20 EUR. Why?",),
    ],
}
_QUOTED = {
    "zh": ("您好，我们已经收到您的来信。", "请告诉我们订单号和收货地址，我们马上为您查询。"),
    "en": (
        "Hello, we have received your mail.",
        "Please tell us your order number and your address, and we will look into it.",
    ),
}
_PEOPLE = {"zh": ("采购部", "buyer@example.cn"), "en": ("Purchasing Desk", "desk@example.org")}
_SUBJECTS = {"zh": "订单咨询", "en": "Question about my order"}


def letter(language: str, number: int, style: str = "top", signature: tuple[str, ...] = ()) -> Letter:
    """The letter of that number."""
    texts = _SAID[language]
    name, address = _PEOPLE[language]
    return Letter(
        language, texts[number % len(texts)], _QUOTED[language], name, address, _SUBJECTS[language], style, signature
    )


def lines(paragraphs: tuple[str, ...]) -> list[str]:
    """Paragraphs as lines, an empty one between them."""
    found: list[str] = []
    for paragraph in paragraphs:
        found += ["", *paragraph.split("\n")] if found else paragraph.split("\n")
    return found


def plain(paragraphs: tuple[str, ...], sign: str = "") -> str:
    """Paragraphs as plain text, each line after a sign."""
    return "\n".join((sign + line).rstrip() for line in lines(paragraphs))


def rich(paragraphs: tuple[str, ...], tag: str = "div", attributes: str = "", empty: str = "<br>") -> str:
    """Paragraphs as HTML, an element each line."""
    opened = f"<{tag} {attributes}>" if attributes else f"<{tag}>"
    return "".join(f"{opened}{html.escape(line, quote=False) or empty}</{tag}>" for line in lines(paragraphs))


def broken(paragraphs: tuple[str, ...]) -> str:
    """Paragraphs as HTML with line breaks only."""
    return "<br>".join(html.escape(line, quote=False) for line in lines(paragraphs))


def spaced(paragraphs: tuple[str, ...]) -> str:
    """Paragraphs as HTML paragraphs, with line breaks in them."""
    return "".join(f"<p>{broken((paragraph,))}</p>" for paragraph in paragraphs)
