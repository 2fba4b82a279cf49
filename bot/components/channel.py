"""The door through which the hub speaks to Rasa: `/webhooks/hub`.

Unlike Rasa's REST channel it says when something failed and tells what was understood. Nothing is remembered here: each
turn brings what was known before it and takes away what is known then. So a turn may be taken twice without harm, a
Rasa that died has lost nothing, and any Rasa may take any turn.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    REQUESTED_SLOT,
    SESSION_START_METADATA_SLOT,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.components import runner, swap

log = logging.getLogger(__name__)

INTERNAL_SLOTS = frozenset({REQUESTED_SLOT, SESSION_START_METADATA_SLOT})


class HubChannel(InputChannel):
    """Speaks with one hub that knows the token.

    `POST /webhooks/hub/webhook` with `{"sender", "message", "metadata": {"language", "dialogue"?}}` (`sender` is the
    turn's id, `dialogue` is `{"form"?, "requested"?, "slots"?}`) answers with `{"messages", "intent": {"name",
    "confidence"}, "slots", "active_loop", "requested_slot"}`, or with `{"error"}` and 400, 401, 500 or 503.
    `GET /webhooks/hub/` tells whether a model is loaded. `POST /webhooks/hub/model` loads what stands in the model's
    file by now and answers with `{"model"}`; or with `{"error"}` and 422, and nothing has changed.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._exchanging = asyncio.Lock()

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
        """The routes. `on_new_message` is not used: making, reading and forgetting the tracker go together."""
        routes = Blueprint("hub_channel", __name__)

        @routes.listener("after_server_start")
        async def begin(app: Any, _: object) -> None:
            if app.ctx.agent.domain is not None:
                runner.quicken(app.ctx.agent.domain)

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

        @routes.route("/model", methods=["POST"])
        async def model(request: Request) -> HTTPResponse:
            return self._refusal(request) or await self._exchange(request.app)

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
            log.exception("turn %s failed", body["sender"])
            return json({"error": type(error).__name__}, status=500)

    async def _exchange(self, app: Any) -> HTTPResponse:
        """Loads the model beside the one that serves, and lets it serve; turns under way keep the agent they have."""
        async with self._exchanging:
            try:
                new = await asyncio.to_thread(swap.load, app.ctx.agent)
            except swap.Refused as error:
                log.warning("the model is refused, the one before goes on: %s", error)
                return json({"error": str(error)}, status=422)
            app.ctx.agent = new
            log.info("model %s serves now", new.model_id)
            return json({"model": new.model_id})


async def take_turn(agent: Agent, message: UserMessage) -> dict[str, Any]:
    """Lets Rasa handle `message` and reads what came of it, with the turn locked all the while."""
    store = agent.tracker_store
    async with agent.lock_store.lock(message.sender_id):
        await store.save(restored(message.sender_id, message.metadata.get("dialogue") or {}, agent.domain))
        await agent.processor.handle_message(message)
        return report(await store.retrieve(message.sender_id), message.output_channel.messages)


def restored(sender: str, dialogue: dict[str, Any], domain: Domain) -> DialogueStateTracker:
    """A tracker that stands where `dialogue` stood: its slots as far as the domain has them, and its form."""
    known = {slot.name for slot in domain.slots}
    events: list[Event] = [
        ActionExecuted(ACTION_SESSION_START_NAME),
        SessionStarted(),
        ActionExecuted(ACTION_LISTEN_NAME),
        *(SlotSet(name, value) for name, value in dialogue.get("slots", {}).items() if name in known),
    ]
    form = dialogue.get("form")
    if form in domain.form_names:  # a newer model may not have it any more
        events += [ActiveLoop(form), SlotSet(REQUESTED_SLOT, dialogue.get("requested"))]
    return DialogueStateTracker.from_events(sender, events, domain.slots, domain=domain)


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
        "requested_slot": tracker.get_slot(REQUESTED_SLOT) if tracker.active_loop_name else None,
    }
