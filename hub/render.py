"""From one of our messages to the parts in which a platform can carry it. Pure, and the same at every attempt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate

import msgspec
import regex

from hub import choices, language, texts
from hub.connector import Limits, Part
from hub.types import Button, Language, Message

Measure = Callable[[str], int]

_GRAPHEME = regex.compile(r"\X")
_LINK = regex.compile(r"(?:https?://|www\.)[^\s<>\"'，。；：！？、（）【】《》“”]+", regex.IGNORECASE)
_PAUSES = tuple(
    regex.compile(pattern)
    for pattern in (
        r"\n[^\S\n]*\n\s*",
        r"\n\s*",
        r"[。！？…]+[”’」』）]*\s*|(?<![.!?])[.!?]++[\"')]*+\s+",
        r"[，；、：]\s*|[,;:]\s+",
        r"\s+",
    )
)
"""Where a reader pauses, the longest pause first: behind a paragraph, a line, a sentence, a clause, a word."""

_FULL_ENOUGH = 0.5
"""The share of a piece that has to be filled for a longer pause to be preferred to a later cut."""


def utf16(text: str) -> int:
    """Length in UTF-16 units, as some platforms count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """Length in UTF-8 bytes, as others do."""
    return len(text.encode("utf-8", "surrogatepass"))


def parts(message: Message, limits: Limits) -> tuple[Part, ...]:
    """The parts of `message` in the order in which they are to be sent; at least one."""
    native = _carries_buttons(message, limits)
    text = message.text if native else numbered(message)
    drafts = [Part(message=message, number=0, last=False, text=piece) for piece in split(text, limits)]
    if not drafts and (not message.attachments or (native and message.buttons)):
        drafts = [Part(message=message, number=0, last=False)]
    if native and message.buttons:
        drafts[-1] = msgspec.structs.replace(drafts[-1], buttons=message.buttons)
    if message.attachments and limits.files_with_text and drafts:
        drafts[-1] = msgspec.structs.replace(drafts[-1], files=message.attachments)
    else:
        drafts += [Part(message=message, number=0, last=False, files=(file,)) for file in message.attachments]
    final = len(drafts) - 1
    return tuple(msgspec.structs.replace(part, number=n, last=n == final) for n, part in enumerate(drafts))


def _carries_buttons(message: Message, limits: Limits) -> bool:
    longest = limits.text_with_buttons
    return (
        len(message.buttons) <= limits.buttons
        and all(len(button.title) <= limits.button_title for button in message.buttons)
        and (longest is None or limits.measure(message.text) <= longest)
    )


def numbered(message: Message) -> str:
    """The words of a message whose buttons become choices; the hub understands the number that is written back."""
    if not message.buttons:
        return message.text
    spoken = language.detect(message.text + "".join(button.title for button in message.buttons)) or "en"
    return f"{message.text}\n\n{listed(message.buttons, spoken)}".strip()


def listed(buttons: Sequence[Button], spoken: Language, without: Collection[str] = ()) -> str:
    """Buttons as words, and how they are chosen; each keeps the number of its place. "" where there are none.

    `without`: payloads that are not to be offered.
    """
    offered = [(n, each) for n, each in enumerate(buttons, 1) if each.payload not in without]
    numbers = [f"{n}. {each.title}" for n, each in offered if not choices.by_words(each)]
    quote, pause = ("“{}”", "、") if spoken == "zh" else ('"{}"', ", ")
    words = pause.join(quote.format(each.title) for _, each in offered if choices.by_words(each))
    how = [texts.say("reply_with_number", spoken)] if numbers else []
    if words:
        how.append(texts.say("reply_with_words", spoken).format(choices=words))
    gap = "" if spoken == "zh" else " "
    return "\n\n".join(part for part in ("\n".join(numbers), gap.join(how)) if part)


def split(text: str, limits: Limits) -> Iterator[str]:
    """`text` in pieces that a platform can carry, cut where a reader would pause.

    Never inside a character as people see it, nor inside a link, unless one alone is too long. White space at a cut
    goes with it; nothing else does.
    """
    text = text.strip()
    while text and limits.measure(text) > limits.text:
        end = _cut(text, limits.text, limits.measure)
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    if text:
        yield text


def _cut(text: str, longest: int, measure: Measure) -> int:
    """Where the first piece of a text that is too long ends."""
    most = _fitting(text, longest, measure)
    links = [found.span() for found in _LINK.finditer(text) if found.start() < most]
    for pause in _PAUSES:
        for found in reversed(list(pause.finditer(text, 0, most))):
            if found.end() < most * _FULL_ENOUGH:
                break
            if not _inside(found.start(), links):
                return found.end()
    for start, end in links:
        if start < most < end and start > 0:
            return start
    return most


def _inside(place: int, links: list[tuple[int, int]]) -> bool:
    return any(start < place < end for start, end in links)


def _fitting(text: str, longest: int, measure: Measure) -> int:
    """How much of the text fits: whole characters as people see them, but at least something."""
    spans = [found.span() for found in _GRAPHEME.finditer(text, 0, longest + 64)]
    sizes = list(accumulate(measure(text[start:end]) for start, end in spans))
    whole = bisect_right(sizes, longest)
    if whole:
        return spans[whole - 1][1]
    points = list(accumulate(measure(point) for point in text[: spans[0][1]]))  # one that alone is too long
    return max(1, bisect_right(points, longest))
