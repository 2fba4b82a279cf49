"""What Rasa tells an action about the customer's turn, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker

NONE = "none"
"""Stands in a slot of a complaint for what the customer does not have or does not say."""

_SLOT_OF = {"order_number": "order_number", "phone": "contact", "email": "contact"}


class Turn:
    """One message within its dialogue. `given`: the slots whose values stood in it."""

    def __init__(self, tracker: Tracker, domain: Mapping[str, Any]) -> None:
        latest: dict[str, Any] = tracker.latest_message
        metadata = latest.get("metadata") or {}
        text = latest.get("text") or ""
        entities = [entity for entity in latest.get("entities") or () if entity.get("entity") in _SLOT_OF]
        self.language: str = metadata.get("language", "en")
        self.intent: str = (latest.get("intent") or {}).get("name") or "nlu_fallback"
        self.text = "" if text.startswith("/") else text  # a pressed button names an intent
        self.pressed: str | None = metadata.get("payload")
        self.given: dict[str, str] = {_SLOT_OF[entity["entity"]]: entity["value"] for entity in entities}
        self.words = _without(self.text, entities)
        self.slots: dict[str, Any] = dict(tracker.slots)
        self.requested: str | None = tracker.get_slot("requested_slot")
        self._responses: Mapping[str, Any] = domain.get("responses") or {}

    def title(self, response: str) -> str | None:
        """The words on the button of `response` that was pressed, in the customer's language."""
        for variation in self._responses.get(response, ()):
            for button in (variation.get("custom") or {}).get("buttons", ()):
                if button.get("payload") == self.pressed:
                    title: dict[str, str] = button["title"]
                    return title.get(self.language) or next(iter(title.values()))
        return None


def _without(text: str, entities: list[dict[str, Any]]) -> str:
    """The lines in which there is more than numbers and addresses."""
    rest = list(text)
    for entity in entities:
        rest[entity["start"] : entity["end"]] = " " * (entity["end"] - entity["start"])
    pairs = zip(text.split("\n"), "".join(rest).split("\n"), strict=True)
    return "\n".join(line.strip() for line, more in pairs if any(character.isalnum() for character in more))
