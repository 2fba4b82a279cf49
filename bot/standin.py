"""What stands in while Rasa is away: the same understanding and the same words, read from Rasa's own model.

It knows no forms and looks up no orders: what would begin one is a search, and a complaint goes to a human.
"""

from __future__ import annotations

import asyncio
import logging
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from bot.client import Custom, Said, effects, harmless
from bot.components.ngram_model import WEIGHTS, WORDS, NgramModel
from bot.components.ngrams import plain
from bot.components.readings import SURE, read
from hub.types import BotReply, BotTurn, Effect, Handoff, Search

log = logging.getLogger(__name__)

WITHOUT_ITS_FORM = {"complaint": Handoff("complaint")}
"""What becomes of an intent that begins a form; the others are searched for."""


class Trained(Struct, frozen=True):
    """A model, and what the bot answers to an intent by itself."""

    model: NgramModel
    answers: Mapping[str, Said]


class StandIn:
    """Answers from the trained model in the file `model`, which may be exchanged at any time, and Rasa's `rules`.

    Without a model that can be read it searches for everything.
    """

    def __init__(self, model: Path, rules: Path) -> None:
        self._file = model
        self._rules = rules
        self._trained: Trained | None = None
        self._seen = 0
        self._reading = asyncio.Lock()

    async def respond(self, turn: BotTurn) -> BotReply:
        """The reply; there always is one."""
        await self._keep_up()
        if self._trained is None:
            return BotReply(effects=(Search(),))
        first = read(plain(harmless(turn.text)), self._trained.model.rank)[0]
        intent, confidence = first["name"], first["confidence"]
        wanted: tuple[Effect, ...] = (Search(),)
        if confidence >= SURE:
            said = self._trained.answers.get(intent)
            wanted = tuple(effects(said, turn.language)) if said else (WITHOUT_ITS_FORM.get(intent, Search()),)
        return BotReply(effects=wanted, intent=intent, confidence=confidence)

    async def ready(self) -> tuple[bool, str]:
        """Always."""
        return True, ""

    async def _keep_up(self) -> None:
        async with self._reading:
            try:
                changed = self._file.stat().st_mtime_ns
                if changed != self._seen:
                    self._seen = changed
                    self._trained = await asyncio.to_thread(trained, self._file, self._rules)
            except FileNotFoundError:
                log.warning("%s: there is no model; everything is searched for while Rasa is away", self._file)
            except Exception:  # whatever is wrong with it, customers are answered
                log.exception("%s cannot be read; what was there before stands in for Rasa", self._file)


def trained(model: Path, rules: Path) -> Trained:
    """What stands in Rasa's model file. Raises `OSError`, `TarError`, `KeyError`, `ValueError`, `YAMLError`."""
    wanted = (WORDS, WEIGHTS, "domain.yml")
    found: dict[str, bytes] = {}
    with tarfile.open(model) as archive:
        for member in archive:
            name = Path(member.name).name
            file = archive.extractfile(member) if name in wanted else None
            if file is not None:
                found[name] = file.read()
    responses = yaml.load(found["domain.yml"], yaml.CSafeLoader)["responses"]
    return Trained(
        NgramModel.of(found[WORDS], found[WEIGHTS]),
        {
            intent: _said(responses[action][0])  # of several ways of saying it Rasa takes one, too
            for intent, action in _answered_at_once(rules).items()
            if action in responses
        },
    )


def _said(response: dict[str, Any]) -> Said:
    """A response of the domain as Rasa would send it."""
    return Said(text=response.get("text"), custom=msgspec.convert(response.get("custom"), Custom | None))


def _answered_at_once(rules: Path) -> dict[str, str]:
    """The action that answers an intent, of the rules that have no condition and nothing more to them."""
    steps = [
        rule["steps"]
        for rule in yaml.load(rules.read_bytes(), yaml.CSafeLoader)["rules"]
        if "condition" not in rule and len(rule["steps"]) == 2
    ]
    return {asked["intent"]: answer["action"] for asked, answer in steps if "intent" in asked and "action" in answer}
