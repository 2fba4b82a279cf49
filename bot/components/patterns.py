"""The entities of the lean pipeline: what can be told by its form needs no training."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.components.entities import find


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternExtractor(GraphComponent, EntityExtractorMixin):
    """Finds `order_number`, `phone` and `email` in a message, with their values in one form.

    In `config.yml`: `- name: bot.components.patterns.PatternExtractor`.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternExtractor:
        """The extractor; there is nothing to configure and nothing to learn."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds what is found to each message's entities."""
        for message in messages:
            dialogue = (message.get(METADATA) or {}).get("dialogue") or {}
            found = [entity._asdict() for entity in find(message.get(TEXT) or "", _asked(dialogue))]
            if found:
                known = message.get(ENTITIES, [])
                message.set(ENTITIES, known + self.add_extractor_name(found), add_to_output=True)
        return messages


def _asked(dialogue: dict[str, Any]) -> str | None:
    """What was asked for last; a lookup that asks for the contact is content with another order number, too."""
    asked: str | None = dialogue.get("requested")
    return None if asked == "contact" and dialogue.get("form") != "complaint_form" else asked
