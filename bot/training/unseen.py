"""Compares two models on phrasings that neither of them was trained with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rasa.core.agent import Agent
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data

from bot.components import acceptance

WORSE_OVER_ALL = 0.03
"""The share of all phrasings by which a new model may be worse than the one before."""
WORSE_IN_ONE = 0.2
"""The same within one intent, where it is more than a phrasing or two."""
A_FEW = 2


class Unseen:
    """Phrasings by intent, from a file in Rasa's own format."""

    def __init__(self, file: Path) -> None:
        self._phrasings = [(str(e.get(TEXT)), str(e.get(INTENT))) for e in load_data(str(file)).intent_examples]

    async def understood(self, agent: Agent) -> set[tuple[str, str]]:
        """Those that are understood as what they are."""
        return {
            (text, intent)
            for text, intent in self._phrasings
            if (await acceptance.understood(agent, text))[0] == intent
        }

    def share(self, right: set[tuple[str, str]]) -> float:
        """How many of them are among `right`, 0 to 1."""
        return sum(phrasing in right for phrasing in self._phrasings) / max(1, len(self._phrasings))

    def __len__(self) -> int:
        return len(self._phrasings)

    def losses(self, before: set[tuple[str, str]], now: set[tuple[str, str]]) -> list[str]:
        """Why `now` is much worse than `before`, with the phrasings that are lost; nothing where it is not."""
        of_intent = Counter(intent for _, intent in self._phrasings)
        fewer = {intent: sum(i == intent for _, i in before) - sum(i == intent for _, i in now) for intent in of_intent}
        bad = [i for i, count in fewer.items() if count > max(A_FEW, WORSE_IN_ONE * of_intent[i])]
        if not bad and self.share(before) - self.share(now) <= WORSE_OVER_ALL:
            return []
        lost = sorted((intent, text) for text, intent in before - now if intent in (bad or of_intent))
        return [f"“{text}” was understood as {intent} before, and is not any more" for intent, text in lost]
