"""From a delivery to those who take it, by Slack's own Bolt: over HTTP and Socket Mode alike.

Bolt usually acknowledges first and works then; a crash between the two loses the event. With `process_before_response`
it does the opposite, and a listener's error is no acknowledgement. Signatures are checked before anything comes here.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from msgspec import Struct
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from connectors.slack import events
from connectors.slack.events import Edit, Json, Post, Press, Told
from connectors.slack.identity import Identity
from connectors.slack.ports import Side

log = logging.getLogger(__name__)

_ANY = re.compile("")
_FAILED = "failed"


class _Typed(Struct):
    type: str


class _Shape(Struct):
    """As much of any delivery as Bolt relies on."""

    type: str
    event: _Typed | None = None
    authorizations: list[Json] | None = None
    team: Json | str | None = None
    user: Json | str | None = None
    channel: Json | str | None = None
    enterprise: Json | str | None = None
    actions: list[Json] | None = None
    view: Json | None = None


class _OneWorkspace(AsyncAuthorize):
    """There is one workspace. Bolt by itself would ask Slack who we are, and a delivery must not wait for that."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def __call__(self, *, enterprise_id: str | None, team_id: str | None, **_: object) -> AuthorizeResult:
        await self._identity.recall()
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_user_id=self._identity.user)


class Inbox:
    """Hands what is told to the customers' side or, from the agents' channel, to the agents' side, if there is one."""

    def __init__(self, channel: str, identity: Identity, customers: Side, agents: Side | None) -> None:
        self._channel = channel
        self._identity = identity
        self._customers = customers
        self._agents = agents
        self._app = AsyncApp(
            name=channel,
            client=AsyncWebClient(),
            authorize=_OneWorkspace(identity),
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,  # events.told does, which knows more about them
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        self._app.event(_ANY)(self._event)
        self._app.block_action(_ANY)(self._action)
        self._app.error(self._error)

    async def take(self, payload: Json) -> str:
        """Takes one delivery; answers what Slack is to be answered, once all of it is stored.

        Raises `InvalidRequest` for what is none, and whatever went wrong while it was stored.
        """
        events.converted(payload, _Shape)
        # The payload has been verified and decoded already, as one of Socket Mode always is.
        request = AsyncBoltRequest(mode="socket_mode", body=payload)
        response = await self._app.async_dispatch(request)
        if (error := request.context.get(_FAILED)) is not None:
            raise error
        return str(response.body or "")

    async def _event(self, body: Json) -> None:
        self._identity.hear(events.own_user(body))
        told = events.told(body, self._identity.user)
        if told is None:
            log.debug("%s: an event of no interest: %s", self._channel, body["event"]["type"])
        else:
            await self._hand_over(told)

    async def _action(self, ack: Any, body: Json) -> None:
        press = events.pressed(body)
        if press is not None:
            await self._hand_over(press)
        await ack()

    async def _hand_over(self, told: Told) -> None:
        side: Side | None = self._customers
        if self._identity.is_agents(told.place.channel):
            side = self._agents
        match told:
            case _ if side is None:
                log.info("%s: nobody takes what is written in the agents' channel", self._channel)
            case Post():
                await side.wrote(told)
            case Edit():
                await side.edited(told)
            case Press():
                await side.pressed(told)

    async def _error(self, error: Exception, body: Json, context: AsyncBoltContext) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            log.info("%s: a delivery of no interest: %s", self._channel, str(body.get("type"))[:40])
            return BoltResponse(status=200)
        context[_FAILED] = error
        return BoltResponse(status=500)
