"""What is wrong with a step of a dialogue: what its script expects, and what holds for every step. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from connectors.webchat.frames import MessageFrame, StatusFrame
from hub import texts
from hub.language import detect
from hub.types import Language, Reason, Status
from tests.dialogues.script import AllOf, Bot, Turn

_INTERNALS = re.compile(
    r"Traceback|Exception|[{}]|\bundefined\b|\barticle:|\b[a-z]+(?:_[a-z]+)+\b|\b[0-9a-f]{8}-[0-9a-f]{4}-|^/[a-z]",
    re.MULTILINE,
)
_ARTICLE = "article:"
"""What the payload of a button for an article begins with."""
_LANGUAGES: tuple[Language, ...] = ("zh", "en")
_MISSES = {texts.say(key, language) for key in ("missed", "missed_twice", "not_helpful") for language in _LANGUAGES}
_NO_ANSWERS = {*_MISSES, *(texts.say("clarify", language) for language in _LANGUAGES)}


class Seen(Struct, frozen=True, kw_only=True):
    """What came of a step.

    `sent` are the ids of the customer's messages in it. `turns` is the turn of each message by its id: of theirs the
    one that took it up, of ours the one that said it. `spoken` are the languages that the customer wrote last.
    `ahead`: they wait in front of somebody who came before them.
    """

    entries: tuple[MessageFrame | StatusFrame, ...]
    before: Status
    status: Status
    sent: tuple[str, ...] = ()
    turns: Mapping[str, str | None] = {}
    spoken: frozenset[Language] = frozenset()
    reason: Reason | None = None
    ahead: bool = False
    errors: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[MessageFrame, ...]:
        """What the product said: the bot's words and the hub's own."""
        return tuple(
            entry for entry in self.entries if isinstance(entry, MessageFrame) and entry.author in {"bot", "system"}
        )


def faults(turn: Turn, seen: Seen) -> list[str]:
    """What is wrong, in words; nothing where all is well."""
    found = [*_owner(seen), *_answers(seen, turn), *_words(seen), *(f"refused: {error}" for error in seen.errors)]
    if isinstance(turn.bot, Bot):
        found += _scripted(turn.bot, seen)
    elif turn.bot == "silent" and seen.said:
        found.append("expected silence")
    if not isinstance(turn.bot, Bot) or turn.bot.language is None:
        found += _language(seen, seen.spoken)
    elif turn.bot.language != "any":
        found += _language(seen, frozenset({turn.bot.language}))
    return found


def _owner(seen: Seen) -> Iterator[str]:
    owner = seen.before
    for entry in seen.entries:
        if isinstance(entry, StatusFrame):
            owner = entry.status  # type: ignore[assignment]  # a frame has it as plain words
        elif entry.author == "bot" and owner == "human":
            yield f"the bot spoke while a human had the conversation: {entry.text}"


def _answers(seen: Seen, turn: Turn) -> Iterator[str]:
    own = Counter(entry.id for entry in seen.entries if isinstance(entry, MessageFrame) and entry.author == "customer")
    for n, message in enumerate(seen.sent, 1):
        turns = {seen.turns.get(entry.id) for entry in seen.said if message in entry.answers}
        if own[message] != 1:
            yield f"message {n} stands {own[message]} times in the stream"
        if len(turns) > 1 or (not turns and turn.bot != "silent" and _was_the_bots(message, seen)):
            yield f"message {n} is answered by {len(turns)} turns"
    if any(set(entry.answers) - set(seen.sent) for entry in seen.said):
        yield "an older message is answered again"
    spoken = Counter((seen.turns.get(entry.id), entry.text) for entry in seen.said)
    yield from (f"said twice: {text}" for (_, text), count in spoken.items() if count > 1)


def _was_the_bots(message: str, seen: Seen) -> bool:
    """Whether the bot had the conversation when it took the message up; what came after a hand-over is not for it."""
    handed_over = any(isinstance(entry, StatusFrame) and entry.status != "bot" for entry in seen.entries)
    answered = {seen.turns.get(entry.id) for entry in seen.said}
    return seen.before == "bot" and not (handed_over and answered and seen.turns.get(message) not in answered)


def _words(seen: Seen) -> Iterator[str]:
    for text in _shown(seen):
        if found := _INTERNALS.search(text):
            yield f"shows something of the inside, {found[0]!r}: {text}"
        if not text.strip():
            yield "says nothing, or has a button without a title"


def _language(seen: Seen, right: frozenset[Language]) -> Iterator[str]:
    for text in _shown(seen):
        if right and detect(text) not in {None, *right}:
            yield f"expected in {' or '.join(sorted(right))}: {text}"


def _shown(seen: Seen) -> Iterator[str]:
    for entry in seen.said:
        yield entry.text
        yield from (button.title for button in entry.buttons)


def _scripted(bot: Bot, seen: Seen) -> Iterator[str]:
    words = "\n".join(entry.text for entry in seen.said).casefold()
    if bot.says and not _said(bot.says, words):
        yield f"expected to say {_quoted(bot.says)}"
    yield from (f"never to be said: “{text}”" for text in _tuple(bot.never_says) if text.casefold() in words)
    sources = [source.article for entry in seen.said for source in entry.sources]
    if bot.article and (len(sources) != 1 or sources[0] not in _tuple(bot.article)):
        yield f"expected the article {' or '.join(_tuple(bot.article))}, came: {', '.join(sources) or 'none'}"
    offered = {button.payload for entry in seen.said for button in entry.buttons}
    found = {*sources, *(payload.removeprefix(_ARTICLE) for payload in offered)}
    if bot.finds and found.isdisjoint(_tuple(bot.finds)):
        yield f"expected to find the article {' or '.join(_tuple(bot.finds))}, came: {', '.join(sources) or 'none'}"
    if bot.no_answer and (sources or not any(entry.text in _NO_ANSWERS for entry in seen.said)):
        yield f"expected no answer, or to be asked which is meant, came: {', '.join(sources) or 'something else'}"
    yield from (f"expected to be offered: {article}" for article in bot.offers if _ARTICLE + article not in offered)
    titles = {button.title for entry in seen.said for button in entry.buttons}
    yield from (f"expected a button: {title}" for title in bot.buttons if title not in titles)
    if bot.misses and not any(entry.text in _MISSES for entry in seen.said):
        yield "expected to own that there is no answer"
    yield from _standing(bot, seen)


def _standing(bot: Bot, seen: Seen) -> Iterator[str]:
    if bot.status is not None and bot.status != seen.status:
        yield f"expected the status {bot.status}, came: {seen.status}"
    if bot.reason is not None and bot.reason != seen.reason:
        yield f"expected the reason {bot.reason}, came: {seen.reason}"
    if bot.front_of_queue and not seen.ahead:
        yield "expected to wait in front of others"


def _said(wanted: str | tuple[str, ...] | AllOf, words: str) -> bool:
    if isinstance(wanted, AllOf):
        return all(text.casefold() in words for text in wanted.all)
    return any(text.casefold() in words for text in _tuple(wanted))


def _quoted(wanted: str | tuple[str, ...] | AllOf) -> str:
    parts, joint = (wanted.all, " and ") if isinstance(wanted, AllOf) else (_tuple(wanted), " or ")
    return joint.join(f"“{part}”" for part in parts)


def _tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
