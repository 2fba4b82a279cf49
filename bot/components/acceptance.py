"""Whether a trained model may serve: its texts can be read by the hub, and it understands what it has to.

Asked twice: after the training, and by the Rasa that takes the model.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import rasa.shared.utils.io
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

from bot.components import texts

FILE = Path(__file__).resolve().parents[1] / "must_understand.yml"
SEARCHED = {"nlu_fallback": "question"}
"""What is not understood is searched for, like a question."""


class Must(NamedTuple):
    """What sentences have to be understood as, and the effect that has to come of them."""

    intent: str
    sentences: list[str]
    effect: str | None = None


async def problems(agent: Agent) -> list[str]:
    """Why the model that `agent` has loaded may not serve; nothing where it may."""
    found = texts.problems(agent.domain.responses, agent.domain.intents)
    for must in read():
        found += [problem async for problem in _failures(agent, must)]
    return found


def read(path: Path = FILE) -> list[Must]:
    """What stands in the file. Raises ValueError where it cannot be understood."""
    try:
        return [_must(entry) for entry in rasa.shared.utils.io.read_yaml_file(path)]
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path.name} needs `intent` and `sentences` in each entry ({error})") from error


def _must(entry: dict[str, Any]) -> Must:
    must = Must(entry["intent"], list(entry["sentences"]), entry.get("effect"))
    if not must.sentences or not all(isinstance(sentence, str) for sentence in must.sentences):
        raise TypeError(f"{must.intent}: what is no text to YAML, like 12 or true, needs quotes")
    return must


async def _failures(agent: Agent, must: Must) -> AsyncIterator[str]:
    for sentence in must.sentences:
        name, confidence = await understood(agent, sentence)
        if name != must.intent:
            yield f"“{sentence}” has to be {must.intent}; it is {name} ({confidence:.0%})"
        elif must.effect is not None and must.effect not in await _effects(agent, sentence):
            yield f"“{sentence}” has to lead to `effect: {must.effect}`; it does not"


async def understood(agent: Agent, text: str) -> tuple[str | None, float]:
    """The intent of `text` and how sure that is; a question, where it is surely nothing else."""
    intent = (await agent.parse_message(text))["intent"]
    return SEARCHED.get(intent["name"], intent["name"]), intent["confidence"]


async def _effects(agent: Agent, text: str) -> set[str | None]:
    message = UserMessage(text, CollectingOutputChannel(), f"acceptance of {text}")
    said = await agent.handle_message(message) or []
    return {(one.get("custom") or {}).get("effect") for one in said}
