"""The door through which the hub speaks to Rasa: `/webhooks/hub`.

Unlike Rasa's REST channel it says when something failed, tells what was understood, and takes the same turn twice
without harm.
"""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import REQUESTED_SLOT, SESSION_START_METADATA_SLOT
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.components import runner

log = logging.getLogger(__name__)

INTERNAL_SLOTS = frozenset({REQUESTED_SLOT, SESSION_START_METADATA_SLOT})


class HubChannel(InputChannel):
    """Speaks with one hub that knows the token.

    `POST /webhooks/hub/webhook` with `{"sender", "message", "metadata": {"turn", "language", "slots"?}}` answers with
    `{"messages", "intent": {"name", "confidence"}, "slots", "active_loop"}`, or with `{"error"}` and 400, 401, 500 or
    503. `GET /webhooks/hub/` tells whether a model is loaded.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    @classmethod
    def name(cls) -> str:
        """Its place in the address."""
        return "hub"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> HubChannel:
        """The channel as `credentials.yml` has it; the token has to be said."""
        token = (credentials or {}).get("token")
        if not isinstance(token, str) or not token:
            raise InvalidConfigException("the hub's channel needs a `token` in the credentials")
        runner.install()
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes. `on_new_message` is not used: rewinding and reading must happen under the same lock."""
        routes = Blueprint("hub_channel", __name__)

        @routes.listener("after_server_start")
        async def begin(app: Any, _: object) -> None:
            domain = app.ctx.agent.domain
            if domain is not None and not domain.is_empty():
                # Rasa asks so with each message and makes an empty domain to compare with: a sixth of its time.
                domain.is_empty = lambda: False

        @routes.listener("after_server_stop")
        async def end(app: object, _: object) -> None:
            """All is closed, and trackers are only a cache; Python would take seconds to take TensorFlow apart."""
            logging.shutdown()
            os._exit(0)

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return self._refusal(request) or json({"model": request.app.ctx.agent.model_id})

        @routes.route("/webhook", methods=["POST"])
        async def webhook(request: Request) -> HTTPResponse:
            return self._refusal(request) or await self._answer(request)

        return routes

    def _refusal(self, request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, self._token):
            return json({"error": "wrong token"}, status=401)
        agent = getattr(request.app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            return json({"error": "no model is loaded"}, status=503)
        return None

    async def _answer(self, request: Request) -> HTTPResponse:
        body = request.json
        wanted = {"sender": str, "message": str, "metadata": dict}
        if not isinstance(body, dict) or any(not isinstance(body.get(name), kind) for name, kind in wanted.items()):
            return json({"error": "sender and message have to be strings, metadata an object"}, status=400)
        metadata = body["metadata"]
        message = UserMessage(
            body["message"], CollectingOutputChannel(), body["sender"], input_channel=self.name(), metadata=metadata
        )
        try:
            return json(await take_turn(request.app.ctx.agent, message))
        except Exception as error:  # whatever it is, the hub has to hear that there is no answer
            log.exception("turn %s failed", metadata.get("turn"))
            return json({"error": type(error).__name__}, status=500)


async def take_turn(agent: Agent, message: UserMessage) -> dict[str, Any]:
    """Lets Rasa handle `message` and reads what came of it, with the conversation locked all the while."""
    async with agent.lock_store.lock(message.sender_id):
        await rewind(agent.tracker_store, message.sender_id, message.metadata.get("turn"))
        if slots := message.metadata.get("slots"):
            await fill(agent.processor, message.sender_id, slots)
        await agent.processor.handle_message(message)
        tracker = await agent.tracker_store.retrieve(message.sender_id)
        return report(tracker, message.output_channel.messages)


async def rewind(store: TrackerStore, sender: str, turn: str | None) -> None:
    """Cuts the tracker where `turn` began, if Rasa has seen that turn before.

    The hub asks again when it died or gave up between our answer and its commit. Taken twice, one sentence would fill
    two slots of a form.
    """
    tracker = await store.retrieve(sender) if turn else None
    if tracker is None:
        return
    events = list(tracker.events)
    for index in range(len(events) - 1, -1, -1):
        if isinstance(events[index], UserUttered) and (events[index].metadata or {}).get("turn") == turn:
            earlier = DialogueStateTracker.from_events(
                sender, events[:index], store.domain.slots, store.max_event_history, domain=store.domain
            )
            await store.save(earlier)
            return


async def fill(processor: MessageProcessor, sender: str, slots: dict[str, Any]) -> None:
    """Sets what the hub already knows on the tracker, as far as the domain has such slots."""
    tracker = await processor.fetch_tracker_and_update_session(sender)
    known = [SlotSet(name, value) for name, value in slots.items() if name in tracker.slots]
    tracker.update_with_events(known, processor.domain)
    await processor.save_tracker(tracker)


def report(tracker: DialogueStateTracker, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """What the hub is told about a turn."""
    # `latest_message` is empty after a fallback, and the applied events leave out what a form took.
    heard = next((event for event in reversed(tracker.events) if isinstance(event, UserUttered)), None)
    intent = heard.intent if heard else {}
    return {
        "messages": messages,
        "intent": {"name": intent.get("name"), "confidence": intent.get("confidence")},
        "slots": {
            name: slot.value
            for name, slot in tracker.slots.items()
            if slot.value is not None and name not in INTERNAL_SLOTS
        },
        "active_loop": tracker.active_loop_name,
    }
