"""What a text of the domain may look like for the hub, and what is wrong with one that does not. Plain Python.

The hub reads `custom` of a response (`bot.client.Custom`) and would answer nothing where it cannot: so each is looked
at before the bot is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

LANGUAGES = ("zh", "en")
KEYS = frozenset({"say", "buttons", "effect", "silent", "follow_up", "reason", "team", "priority", "record"})
EFFECTS = frozenset({"search", "miss", "handoff", "take_back", "complaint"})
REASONS = frozenset(
    {"asked", "missed_twice", "bot_unavailable", "complaint", "safety", "rule", "transfer"}
    | {"agent_vanished", "reopened"}
)


def problems(responses: Mapping[str, Sequence[Mapping[str, Any]]], intents: Collection[str]) -> list[str]:
    """What is wrong with the texts, each as a line that begins with the response's name."""
    return [
        f"{name}: {problem}"
        for name, variations in responses.items()
        for variation in variations
        for problem in _of_response(variation, intents)
    ]


def _of_response(variation: Mapping[str, Any], intents: Collection[str]) -> Iterator[str]:
    custom = variation.get("custom")
    if custom is None:
        if not variation.get("text") and not variation.get("image"):
            yield "there is nothing to say: it needs `custom` with `say`"
        return
    if not isinstance(custom, Mapping):
        yield "`custom` needs `say`, or an `effect`, under it; see to the indentation"
        return
    yield from (f"`{key}` is not known; known are {_list(KEYS)}" for key in custom if key not in KEYS)
    if not {"say", "effect", "silent"} & set(custom):
        yield "there is nothing to say and nothing to do: it needs `say`, or an `effect`"
    if "say" in custom:
        yield from _of_words("say", custom["say"])
    yield from _of_buttons(custom.get("buttons", []), intents)
    if custom.get("effect", "search") not in EFFECTS:
        yield f"`effect: {custom['effect']}` is not known; known are {_list(EFFECTS)}"
    if custom.get("reason", "asked") not in REASONS:
        yield f"`reason: {custom['reason']}` is not known; known are {_list(REASONS)}"
    if not isinstance(custom.get("priority", 0), int):
        yield "`priority` has to be a number"


def _of_words(where: str, words: object) -> Iterator[str]:
    if not isinstance(words, Mapping):
        yield f"`{where}` needs a text under `zh` and one under `en`"
        return
    yield from (f"`{where}` has `{key}`; the languages are {_list(LANGUAGES)}" for key in words if key not in LANGUAGES)
    for language in LANGUAGES:
        text = words.get(language)
        if not isinstance(text, str) or not text.strip():
            quotes = "" if text is None else " (what is no text to YAML, like 12 or true, needs quotes)"
            yield f"`{where}` has no text under `{language}`{quotes}"


def _of_buttons(buttons: object, intents: Collection[str]) -> Iterator[str]:
    if not isinstance(buttons, Sequence) or isinstance(buttons, str):
        yield "`buttons` has to be a list, each button with `title` and `payload`"
        return
    for number, button in enumerate(buttons, 1):
        if not isinstance(button, Mapping) or set(button) != {"title", "payload"}:
            yield f"button {number} needs `title` and `payload`, and nothing besides"
            continue
        yield from _of_words(f"button {number}", button["title"])
        payload = button["payload"]
        if not isinstance(payload, str):
            yield f"the payload of button {number} has to be a text"
        elif payload.startswith("/") and payload[1:] not in intents:
            yield f"button {number} names the intent `{payload[1:]}`, which there is not"


def _list(words: Collection[str]) -> str:
    return ", ".join(sorted(words))
