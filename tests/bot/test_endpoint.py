"""The action server inside the hub, called as Rasa calls one."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.endpoint import Actions

PATH = "/internal/rasa/actions"
Call = Callable[..., Awaitable[tuple[int, Any]]]


class Shout(Action):  # type: ignore[misc]  # the library has no types
    """Says the last words again, louder."""

    def name(self) -> str:
        return "action_shout"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        dispatcher.utter_message(json_message={"say": {"en": tracker.latest_message["text"].upper()}})
        return [SlotSet("loud", True)]


class Refuse(Action):  # type: ignore[misc]  # the library has no types
    """Wants another action to be taken."""

    def name(self) -> str:
        return "action_refuse"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        raise ActionExecutionRejection(self.name(), "not now")


@pytest.fixture
async def call(aiohttp_client: AiohttpClient) -> Call:
    app = web.Application()
    app.add_routes(Actions("secret", (Shout, Refuse)).routes())
    client: TestClient[Any, Any] = await aiohttp_client(app)

    async def post(action: str, header: str = "Bearer secret", **more: str) -> tuple[int, Any]:
        body = {
            "next_action": action,
            "sender_id": "c.1",
            "version": "3.6.21",
            "tracker": {"sender_id": "c.1", "slots": {}, "latest_message": {"text": "hi"}, "events": []},
        }
        async with client.post(PATH, json=body, headers={"Authorization": header, **more}) as response:
            return response.status, await response.json()

    return post


async def test_an_action_runs(call: Call) -> None:
    status, answer = await call("action_shout")
    assert status == 200
    assert [event["name"] for event in answer["events"]] == ["loud"]
    assert answer["responses"][0]["custom"] == {"say": {"en": "HI"}}


async def test_a_rejection_names_the_action(call: Call) -> None:
    assert await call("action_refuse") == (400, {"error": "not now", "action_name": "action_refuse"})


async def test_an_unknown_action(call: Call) -> None:
    status, answer = await call("action_unheard_of")
    assert status == 404
    assert answer["action_name"] == "action_unheard_of"


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer guess"])
async def test_only_who_knows_the_token(call: Call, token: str) -> None:
    status, _ = await call("action_shout", token)
    assert status == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
async def test_what_a_proxy_passes_on_is_from_elsewhere(call: Call, header: str) -> None:
    status, _ = await call("action_shout", **{header: "203.0.113.7"})
    assert status == 401
