"""The format of the scripts: what stands in a `*.yml` of this folder, and how it is read. README.md explains it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from hub.types import Language, Reason, Status

HERE = Path(__file__).resolve().parent
_PLACE = re.compile(r"`\$\.dialogues\[(\d+)\](?:\.turns\[(\d+)\])?")


class ScriptError(Exception):
    """A script cannot be read; the message names the file, the dialogue and the turn."""


class AllOf(Struct, frozen=True, forbid_unknown_fields=True):
    """All of these have to be said."""

    all: tuple[str, ...]


class Bot(Struct, frozen=True, forbid_unknown_fields=True):
    """What is expected of the bot; what is left out may be anything."""

    says: str | tuple[str, ...] | AllOf = ()
    never_says: str | tuple[str, ...] = ()
    article: str | tuple[str, ...] = ()
    finds: str | tuple[str, ...] = ()
    no_answer: Literal[True] | None = None
    offers: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    misses: Literal[True] | None = None
    status: Status | None = None
    reason: Reason | None = None
    front_of_queue: Literal[True] | None = None
    language: Language | Literal["any"] | None = None

    def __post_init__(self) -> None:
        if not any(msgspec.structs.astuple(self)):
            raise ValueError("bot: expects nothing; leave it out, or say what")


class AgentSays(Struct, frozen=True, forbid_unknown_fields=True):
    """Words of the agent."""

    says: str


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that somebody does, and what the bot does then."""

    customer: str | tuple[str, ...] | None = None
    times: int = 1
    sends: Literal["picture", "voice"] | None = None
    presses: str | None = None
    human_button: bool | None = None
    agent: Literal["claims", "releases", "closes"] | AgentSays | None = None
    bot: Literal["silent"] | Bot | None = None

    def __post_init__(self) -> None:
        said = self.customer is not None or self.sends is not None
        doings = [said, self.presses is not None, self.human_button is not None, self.agent is not None]
        if sum(doings) != 1:
            raise ValueError("a turn is one of: customer (with or without sends), presses, human_button, agent")
        if (self.times != 1 or self.sends) and not isinstance(self.customer, str | None):
            raise ValueError("times and sends go with one message, not with several")

    @property
    def texts(self) -> tuple[str, ...]:
        """What the customer writes, a text for each message."""
        if self.presses is not None:
            return (self.presses,)
        if isinstance(self.customer, tuple):
            return self.customer
        return () if self.customer is None else (self.customer * self.times,)

    def __str__(self) -> str:
        if self.agent is not None:
            doing = f"says: {self.agent.says}" if isinstance(self.agent, AgentSays) else self.agent
            return f"the agent {doing}"
        if self.human_button is not None:
            return f"the customer puts the human button {'on' if self.human_button else 'off'}"
        if self.presses is not None:
            return f"the customer presses: {self.presses}"
        words = " | ".join(
            text if len(text) < 200 else f"{text[:200]}… ({len(text)} characters)" for text in self.texts
        )
        return f"the customer sends a {self.sends}: {words}" if self.sends else f"the customer: {words}"


class Dialogue(Struct, frozen=True, forbid_unknown_fields=True):
    """A dialogue. `known_failure`: why it fails today; it is counted as failed, and must not pass unnoticed."""

    name: str
    language: Language
    turns: tuple[Turn, ...]
    known_failure: str | None = None

    def __post_init__(self) -> None:
        if not self.name.isascii():
            raise ValueError("name: in English letters, it becomes the name of a test")
        if not any(turn.bot for turn in self.turns):
            raise ValueError("a dialogue has to expect something: no turn has a bot")


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """A file: the dialogues of one theme."""

    theme: str
    dialogues: tuple[Dialogue, ...]

    def __post_init__(self) -> None:
        names = [dialogue.name for dialogue in self.dialogues]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"names that stand twice: {', '.join(sorted(twice))}")


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, as its standard has it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"stands twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


def read(path: Path) -> Script:
    """The script in a file; raises `ScriptError`."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - it is a safe one
    except yaml.YAMLError as error:
        raise ScriptError(f"{path.name}: {error}") from error
    try:
        return msgspec.convert(raw, Script)
    except msgspec.ValidationError as error:
        raise ScriptError(f"{path.name}{_where(raw, str(error))}: {error}") from error


def _where(raw: Any, error: str) -> str:
    found = _PLACE.search(error)
    if found is None:
        return ""
    dialogue = raw["dialogues"][int(found[1])]
    name = dialogue.get("name", f"no. {int(found[1]) + 1}") if isinstance(dialogue, dict) else found[1]
    return f", {name}" + (f", turn {int(found[2]) + 1}" if found[2] else "")


def read_all() -> tuple[Script, ...]:
    """All scripts of this folder, by the names of their files."""
    return tuple(read(path) for path in sorted(HERE.glob("*.yml")))
