"""Slack's markup, both ways: what people wrote as they saw it, and our words so that Slack shows them as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from hub.render import utf16
from hub.types import Button

_MARK = re.compile(r"<([^<>]+)>")
_LINK = re.compile(r"https?://[^\s<>\"'，。；：！？、（）【】《》“”]+")
_TRAILING: Final = ".,;:!?)]}*_~"

CHOICE: Final = "parley:choice:"
"""What the action ids of the buttons under our answers begin with."""

Json = dict[str, Any]


def plain(text: str) -> str:
    """Our words as markup that pings nobody and formats nothing."""
    return escape(text, quote=False)


def size(text: str) -> int:
    """How long a text is to Slack."""
    return utf16(plain(text))


def blocks(text: str, buttons: Sequence[Button] = (), asked: str = "") -> list[Json]:
    """A message as blocks: the words exactly as they are, links to click, and the buttons.

    `asked` is the user to whom the choice is offered, where others see it, too.
    """
    made: list[Json] = []
    if text:
        made.append(
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements(text))}]}
        )
    if buttons:
        made.append(
            {
                "type": "actions",
                "block_id": f"{CHOICE}{asked}",
                "elements": [
                    {
                        "type": "button",
                        "action_id": f"{CHOICE}{number}",
                        "text": {"type": "plain_text", "text": button.title, "emoji": False},
                        "value": button.payload or button.title,
                    }
                    for number, button in enumerate(buttons)
                ],
            }
        )
    return made


def chosen(before: Sequence[Json], title: str) -> list[Json]:
    """The blocks of a message after one of its buttons was pressed."""
    kept = [block for block in before if block.get("type") != "actions"]
    return [*kept, {"type": "context", "elements": [{"type": "plain_text", "text": f"✓ {title}", "emoji": False}]}]


def elements(text: str) -> Iterator[Json]:
    """A text as the elements of a rich text: exactly as it is, with its links to click."""
    done = 0
    for found in _LINK.finditer(text):
        url = found[0].rstrip(_TRAILING)
        if found.start() > done:
            yield {"type": "text", "text": text[done : found.start()]}
        yield {"type": "link", "url": url}
        done = found.start() + len(url)
    if done < len(text):
        yield {"type": "text", "text": text[done:]}


def mentions(text: str, user: str | None) -> bool:
    """Whether markup mentions a user."""
    return user is not None and (f"<@{user}>" in text or f"<@{user}|" in text)


def read(text: str, own: str | None = None, names: Mapping[str, str] | None = None) -> str:
    """Markup as it looked to its writer, without the mention of `own`. `names` are users' names, as far as known."""

    def shown(found: re.Match[str]) -> str:
        return _shown(found[1], own, names or {})

    if mentions(text, own):
        text = re.sub(rf"\s*<@{re.escape(str(own))}(\|[^<>]*)?>[,:，：]?\s*", " ", text).strip()
    return _MARK.sub(shown, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(mark: str, own: str | None, names: Mapping[str, str]) -> str:
    target, bar, label = mark.partition("|")
    match target[:1], target[1:]:
        case "@", user:
            return f"@{label or names.get(user, user)}"
        case "#", channel:
            return f"#{label or channel}"
        case "!", word:
            return label if bar and label else f"@{word.partition('^')[0]}"
        case _:
            address = target.removeprefix("mailto:").removeprefix("tel:")
            same = not label or label in (address, target, target.partition("://")[2])
            return address if same else f"{label} ({address})"
