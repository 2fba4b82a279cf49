"""How the agents' threads look: the first post and its buttons, and a line for each thing that happens. Pure.

Everything is rich text, in which words are only words: nothing that somebody wrote pings anybody or formats anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from connectors.slack import markup
from connectors.slack.desk_texts import say, word
from hub.connector import Limits
from hub.render import split, utf16
from hub.store.overview import Overview
from hub.store.thread_lines import Step, Written
from hub.types import HandoffContext, Language, Message

ACTION: Final = "parley:desk:"
"""What the action ids of the buttons in the first post begin with; their value is the conversation."""

PIECE: Final = 2400
"""The longest text of one line; what is longer makes several."""

_PIECES = Limits(text=PIECE, measure=utf16)
_LINKS = 20
_LINE, _QUOTE, _FACTS, _FALLBACK, _NAME = 300, 60, 600, 1500, 100
_TIME = "\x00"  # stands in a text for a point in time, which each reader sees by their own clock
_FEW = 2

Json = dict[str, Any]


class Shown(Struct, frozen=True):
    """A message of Slack's: the words for notifications, in Slack's markup, and the blocks that are shown."""

    text: str
    blocks: list[Json]

    @property
    def face(self) -> str:
        """The same for what looks the same."""
        return hashlib.sha256(msgspec.json.encode(self.blocks)).hexdigest()


class Frame(Struct, frozen=True, kw_only=True):
    """What is around all of it: the agents' language, the prefix of notes, and where the console is, if known."""

    language: Language
    prefix: str
    public_url: str | None = None


def pieces(text: str) -> list[str]:
    """A text in as many lines as it needs, at least one."""
    return list(split(text, _PIECES)) or [""]


# The first post ---------------------------------------------------------------------------------------------------


def first_post(seen: Overview, before: Sequence[Message], earlier: int, frame: Frame) -> Shown:
    """A conversation as it stands, with its context. `before`: what was said last before it became the agents', of
    which `earlier` are not given.
    """
    language = frame.language
    who, head = name_of(seen, language), _head(seen, frame)
    for line in _facts(seen, seen.context, language):
        head += [_text("\n"), *line]
    head += _link(seen, frame)
    quote: list[Json] = [_text(say("shortened", language, count=earlier) + "\n")] if earlier else []
    for number, message in enumerate(before):
        quote += [_text("\n")] if number else []
        quote += [_bold(_speaker(message, who, language)), _text(": "), *_words(_cut(_body(message), _LINE))]
    blocks = [_rich("section", head), _rich("quote", quote or [_text(say("nothing_said", language))])]
    if buttons := _buttons(seen, language):
        blocks.append({"type": "actions", "elements": buttons})
    if seen.status != "closed":
        hint = {"type": "plain_text", "text": say("hint", language, prefix=frame.prefix), "emoji": False}
        blocks.append({"type": "context", "elements": [hint]})
    return Shown(_fallback(head), blocks)


def least(seen: Overview, frame: Frame) -> Shown:
    """As much of the first post as Slack can have nothing against: how things stand, and the buttons."""
    head = [*_head(seen, frame), *_link(seen, frame)]
    buttons = _buttons(seen, frame.language)
    return Shown(
        _fallback(head), [_rich("section", head), *([{"type": "actions", "elements": buttons}] if buttons else [])]
    )


def _head(seen: Overview, frame: Frame) -> list[Json]:
    about = f" · {seen.channel} · {word(seen.language, frame.language)}\n"
    return [_bold(_cut(name_of(seen, frame.language), _NAME)), _text(about), *_state(seen, frame.language)]


def _link(seen: Overview, frame: Frame) -> list[Json]:
    if not frame.public_url:
        return []
    url = f"{frame.public_url.rstrip('/')}/console/conversations/{seen.id}"
    return [_text("\n"), {"type": "link", "url": url, "text": say("console", frame.language)}]


def _state(seen: Overview, language: Language) -> list[Json]:
    match seen.status:
        case "waiting":
            state = _timed(say("waiting", language, time=_TIME), seen.waiting_since)
        case "human":
            state = [_text(say("human", language, who=seen.owner_name))]
        case "closed":
            state = [_text(say("closed", language))]
        case _:
            state = [_text(say("with_bot", language))]
    more = [word(seen.reason, language)] if seen.reason and seen.status in ("waiting", "human") else []
    more += [say("urgent", language)] if seen.priority > 0 and seen.status == "waiting" else []
    more += [say("team", language, team=seen.team)] if seen.team else []
    return [*state, _text("".join(f" · {part}" for part in more))]


def _facts(seen: Overview, context: HandoffContext | None, language: Language) -> Iterable[list[Json]]:
    if seen.erase_asked_at:
        yield [_text(say("erase", language))]
    if seen.unreachable:
        yield [_text(say("unreachable", language, why=_cut(seen.unreachable, _LINE)))]
    elif seen.window_until is not None and seen.status != "closed":
        yield _window(seen.window_until, seen.window_left, language)
    if context is None:
        return
    if context.intent:
        sure = f" ({context.confidence:.0%})" if context.confidence is not None else ""
        yield [_text(say("intent", language, intent=context.intent + sure))]
    slots = ", ".join(f"{word(name, language)} = {value}" for name, value in context.slots.items() if value is not None)
    if slots:
        yield [_text(say("slots", language, slots=_cut(slots, _FACTS)))]
    articles = "; ".join(tried.title for tried in context.articles)
    if articles:
        yield [_text(say("articles", language, articles=_cut(articles, _FACTS)))]


def _window(until: datetime, left: int | None, language: Language) -> list[Json]:
    if left == 0 or until <= datetime.now(UTC):
        return [_text(say("window_over", language))]
    # By the hour, so that not each message of the customer's changes the post.
    until = until.replace(minute=0, second=0, microsecond=0)
    few = say("window_left", language, left=left) if left is not None and left <= _FEW else ""
    return [*_timed(say("window", language, time=_TIME), until), _text(few)]


def _buttons(seen: Overview, language: Language) -> list[Json]:
    match seen.status:
        case "human":
            wanted = ("release", "close")
        case "closed":
            return []
        case _:
            wanted = ("claim", "close")
    return [
        {
            "type": "button",
            "action_id": f"{ACTION}{what}",
            "text": {"type": "plain_text", "text": say(what, language), "emoji": False},
            "value": seen.id,
            **({"style": "primary"} if what == "claim" else {}),
        }
        for what in wanted
    ]


# Lines ------------------------------------------------------------------------------------------------------------


def post(lines: Sequence[list[Json]]) -> Shown:
    """Some lines as one message."""
    elements: list[Json] = []
    for number, line in enumerate(lines):
        elements += [_text("\n"), *line] if number else line
    return Shown(_fallback(elements), [_rich("section", elements)])


def size(line: Sequence[Json]) -> int:
    """How much room a line takes in a post."""
    return len(msgspec.json.encode(line).decode())


def about_message(line: Written, message: Message, who: str, language: Language) -> list[Json]:
    """The line about a message: its words, or what became of it. `who` is the customer's name."""
    match line.what:
        case "said":
            all_of_it, number = pieces(message.text), int(line.item or 0)
            words = all_of_it[min(number, len(all_of_it) - 1)]
            last = number >= len(all_of_it) - 1
            shown = "\n".join(part for part in (words, *(_beside(message) if last else ())) if part)
            return [_bold(_speaker(message, who, language)), _text(": "), *_words(shown)]
        case "failed" | "dropped" | "unknown" | "waits" | "arrived" as what:
            begins = "“" + _cut(_body(message), _QUOTE) + "”"
            return [_text(say(what, language, why=_cut(line.item or "?", _LINE), what=begins))]
        case _:
            file = next((file for file in message.attachments if file.id == line.item), None)
            name, speaker = file.name if file else "?", _speaker(message, who, language)
            key = "lost_file" if line.what == "lost" else "file_in_console"
            return [_text(say(key, language, name=name, who=speaker))]


def about_step(step: Step, language: Language) -> list[Json]:
    """The line about a step of the conversation's life."""
    key = f"did_{step.action}"
    if step.action == "reopen":
        key += "_waiting" if step.status == "waiting" else "_bot"
    names = {name: who or say("somebody", language) for name, who in _names(step)}
    return [_text(say(key, language, why=word(step.reason or "", language), **names))]


def calls_for_somebody(step: Step) -> bool:
    """Whether a step is worth the attention of the whole channel."""
    return step.status == "waiting"


def name_of(seen: Overview, language: Language) -> str:
    """What the customer is called."""
    return seen.customer.name or seen.customer.email or say("customer", language)


def _names(step: Step) -> Iterable[tuple[str, str | None]]:
    return ("owner", step.owner), ("actor", step.actor), ("left", step.left)


def _speaker(message: Message, customer: str, language: Language) -> str:
    names = {"customer": customer, "agent": message.agent_name or say("agent", language)}
    who = names.get(message.author) or word(message.author, language)
    return say("note", language, who=who) if message.kind == "note" else who


def _body(message: Message) -> str:
    return "\n".join(part for part in (message.text, *_beside(message)) if part)


def _beside(message: Message) -> Iterable[str]:
    if message.buttons:
        yield " ".join(f"[{button.title}]" for button in message.buttons)
    if message.sources:
        yield "↳ " + "; ".join(source.title for source in message.sources)
    for file in message.attachments:
        yield f"📎 {file.name}"


# Parts of messages ------------------------------------------------------------------------------------------------


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _bold(text: str) -> Json:
    return {"type": "text", "text": text, "style": {"bold": True}}


def _words(text: str) -> list[Json]:
    """What somebody wrote; with so many links that a post could not hold them, without links to click."""
    elements = list(markup.elements(text))
    return elements if len(elements) <= 2 * _LINKS else [_text(text)]


def _timed(text: str, at: datetime | None) -> list[Json]:
    before, _, behind = text.partition(_TIME)
    at = at or datetime.now(UTC)
    date = {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": "{date_short_pretty} {time}",
        "fallback": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    return [_text(before), date, *([_text(behind)] if behind else [])]


def _rich(kind: str, elements: list[Json]) -> Json:
    return {"type": "rich_text", "elements": [{"type": f"rich_text_{kind}", "elements": _joined(elements)}]}


def _joined(elements: list[Json]) -> list[Json]:
    """Without empty texts, which Slack refuses, and plain ones that follow each other in one."""
    made: list[Json] = []
    for element in elements:
        if element["type"] == "text" and not element["text"]:
            continue
        if made and made[-1].keys() == element.keys() == {"type", "text"}:
            made[-1] = _text(made[-1]["text"] + element["text"])
        else:
            made.append(element)
    return made


def _fallback(elements: Sequence[Json]) -> str:
    """The words for a notification."""
    words = "".join(str(part.get("text") or part.get("fallback") or part.get("url") or "") for part in elements)
    return markup.plain(_cut(words, _FALLBACK))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
