"""How our mails read: the bot's with greeting, closing and a word that it is a machine, an agent's like anybody's."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from hub import render
from hub.types import Button, Language

NOT_BY_MAIL = frozenset({"assist", "take_back"})
"""Payloads of buttons that are of no use to people who wait for hours."""

_LINK = re.compile(r"https?://[^\s<>\"'，。；：！？、（）【】《》“”]*[^\s<>\"'，。；：！？、（）【】《》“”.,;:!?)\]]")
_NO_NAME = re.compile(r"[@/\\<>|]|\.\w{2}|\d{5}|[。！!？?]")
"""What stands in names that are none: addresses, links, advertisements. Nobody is greeted with these by us."""

_LONGEST_NAME = 40
_WORDS: dict[str, dict[Language, str]] = {
    "greeting": {"en": "Hello{name},", "zh": "{name}您好："},
    "closing": {"en": "Kind regards", "zh": "祝好"},
    "automatic": {
        "en": "This answer was written automatically. If it is not what you need, just reply to this mail: where our "
        "bot cannot help, a person takes over.",
        "zh": "这是一封自动回复。如果没有解决您的问题，直接回复本邮件即可：机器人答不了的，会由人工客服接手。",
    },
    "acknowledged": {
        "en": "This mail was sent automatically. If there is something to add, just reply to it.",
        "zh": "这是一封自动确认邮件。如需补充，直接回复本邮件即可。",
    },
    "waits": {
        "en": "The answer will come by mail. I cannot promise when; you keep your place in the queue.",
        "zh": "客服会通过邮件回复您。具体时间我无法保证，您的排队位置会保留。",
    },
    "wrote": {"en": "On {date}, {who} wrote:", "zh": "{date}，{who} 写道："},
    "rate": {"en": "How did we do? {link}", "zh": "请评价我们的服务：{link}"},
    "subject": {"en": "Your message", "zh": "您的来信"},
}


class Body(Struct, frozen=True):
    """The same words twice: as plain text and as HTML."""

    text: str
    html: str


class Quoted(Struct, frozen=True):
    """What an answer answers."""

    who: str
    at: datetime
    text: str


def say(key: str, language: Language, **words: str) -> str:
    """One of the texts above."""
    return _WORDS[key][language].format(**words)


def called(name: str | None) -> str:
    """A name as somebody can be greeted with it; "" for what is no name."""
    name = " ".join((name or "").split())
    return "" if len(name) > _LONGEST_NAME or _NO_NAME.search(name) else name


def automatic(
    text: str, buttons: Sequence[Button], language: Language, name: str | None, sender_name: str, waits: bool = False
) -> Body:
    """A mail of the bot's, or of the house's; `waits`: it says no more than that a person will answer."""
    whom = called(name)
    paragraphs = [
        say("greeting", language, name=f" {whom}" if whom and language == "en" else whom),
        text.strip(),
        render.listed(buttons, language, NOT_BY_MAIL),
        say("waits", language) if waits else "",
        "\n".join(part for part in (say("closing", language), sender_name) if part),
    ]
    note = say("acknowledged" if waits else "automatic", language)
    said = [part for part in paragraphs if part]
    return Body(
        "\n\n".join([*said, f"-- \n{note}"]),
        _page("".join(map(_paragraph, said)) + _below(note)),
    )


def personal(
    text: str, signature: Sequence[str], quoted: Quoted | None, language: Language, rating: str | None
) -> Body:
    """A mail of an agent's: their words, their name, and below what it answers."""
    signed = [each for each in signature if each]
    if rating is not None:
        signed.append(say("rate", language, link=rating))
    plain, markup = [text.strip()], _paragraph(text.strip())
    if signed:
        plain.append("-- \n" + "\n".join(signed))
        markup += _below("\n".join(signed))
    if quoted is not None:
        head = say("wrote", language, date=quoted.at.strftime("%Y-%m-%d %H:%M %Z").strip(), who=quoted.who)
        plain.append(head + "\n" + "\n".join(f"> {each}".rstrip() for each in quoted.text.strip().split("\n")))
        markup += (
            f'<p>{html.escape(head)}</p><blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;'
            f'padding-left:1ex">{_linked(quoted.text.strip())}</blockquote>'
        )
    return Body("\n\n".join(plain), _page(markup))


def _page(markup: str) -> str:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{markup}</body></html>'


def _below(text: str) -> str:
    """What stands below the words, set apart as mail programs know it."""
    return f'<p style="color:#666;font-size:90%">-- <br>{_linked(text)}</p>'


def _paragraph(text: str) -> str:
    return "".join(f"<p>{_linked(part)}</p>" for part in re.split(r"\n\s*\n", text))


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(text):
        link = html.escape(found[0])
        parts.append(html.escape(text[end : found.start()]) + f'<a href="{link}">{link}</a>')
        end = found.end()
    parts.append(html.escape(text[end:]))
    return "".join(parts).replace("\n", "<br>\n")
