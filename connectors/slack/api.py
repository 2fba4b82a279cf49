"""Slack's Web API as this product uses it. Errors come in the product's words, and none of them carries a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import aiohttp
from msgspec import Struct
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from connectors.slack.downloads import Downloads
from connectors.slack.errors import classified
from connectors.slack.pace import Pace
from hub.connector import File
from hub.errors import Rejected, Transient

TIMEOUT: Final = aiohttp.ClientTimeout(total=20, sock_connect=5)
"""Below the outbox's own, which would not know why."""

METADATA: Final = "parley_message"
"""The event type of the metadata on our messages, by which we find them again."""

NEEDED: Final = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "files:read",
        "files:write",
        "im:history",
        "users:read",
    }
)
"""The permissions without which something of the customers' side does not work."""

MOST: Final = 2000
"""Messages that are looked through for one of ours."""

Json = dict[str, Any]


class Own(Struct, frozen=True):
    """Who we are in the workspace."""

    team: str
    user: str
    bot: str | None = None


class Posted(Struct, frozen=True):
    """Where a message of ours stands; `channel` is an id even where it was named by its name."""

    channel: str
    ts: str


class User(Struct, frozen=True):
    """Somebody in the workspace; `email` where the app may see it. `teams`: whose member they are.

    In a channel that is shared with another workspace that may be another one than ours.
    """

    id: str
    name: str
    email: str | None = None
    bot: bool = False
    teams: tuple[str, ...] = ()


class SlackApi:
    """One app in one workspace. Every method raises a `DeliveryError` where Slack does not do it.

    Nothing is tried twice here: whoever calls knows whether that is harmless.
    """

    def __init__(self, token: str, base_url: str) -> None:
        self._client = AsyncWebClient(token, base_url, retry_handlers=[])
        self._client.proxy = None  # the session knows the environment's proxies, and what they are not for
        self.granted: frozenset[str] | None = None
        self._downloads = Downloads(token, base_url)
        self._pace = Pace()

    @property
    def client(self) -> AsyncWebClient:
        """Slack's own client, for what has no method here; `asked` turns its errors into ours."""
        return self._client

    async def start(self) -> None:
        """Opens the session; connects to nothing yet."""
        self._client.session = aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True)

    async def stop(self) -> None:
        """Closes it."""
        if self._client.session is not None:
            await self._client.session.close()

    @property
    def missing(self) -> frozenset[str]:
        """The permissions that the customers' side needs and does not have, as far as Slack has said it."""
        return NEEDED - self.granted if self.granted is not None else frozenset()

    async def asked(self, call: Awaitable[AsyncSlackResponse]) -> Json:
        """The answer to a call of Slack's client."""
        return (await self._answered(call))[0]

    async def _answered(self, call: Awaitable[AsyncSlackResponse]) -> tuple[Json, Mapping[str, str]]:
        """The answer with its headers."""
        try:
            response = await call
            answer = response.data
        except SlackApiError as error:
            raise _classified(error.response) from None
        except TimeoutError:
            raise Transient("Slack did not answer in time") from None
        except aiohttp.ClientConnectorError:
            raise Transient("Slack cannot be reached") from None
        except aiohttp.ClientError as error:
            raise Transient(f"the connection to Slack was lost: {type(error).__name__}") from None
        except (SlackClientError, AttributeError, ValueError):
            raise Transient("Slack's answer is none of Slack's") from None
        assert isinstance(answer, dict)
        return answer, response.headers

    # Who is who --------------------------------------------------------------------------------------------------

    async def auth_test(self) -> Own:
        """Who we are, if our token is valid. What we may do, as far as Slack says it, is `granted` from then on."""
        answer, headers = await self._answered(self._client.auth_test())
        if granted := headers.get("X-OAuth-Scopes"):
            self.granted = frozenset(scope.strip() for scope in granted.split(","))
        return Own(str(answer.get("team_id", "")), str(answer.get("user_id", "")), answer.get("bot_id"))

    async def user(self, id: str) -> User:
        """Who somebody is."""
        answer = await self.asked(self._client.users_info(user=id))
        user: Json = answer.get("user") or {}
        profile: Json = user.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
        known = not user.get("deleted") and user.get("is_email_confirmed") is not False
        teams = [user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())]
        return User(
            id,
            str(name or id),
            profile.get("email") if known else None,
            bool(user.get("is_bot")),
            tuple(str(team) for team in teams if team),
        )

    async def channel_id(self, name: str) -> str:
        """A channel's id by its name; raises `Rejected` where the app sees no such channel."""
        name, cursor = name.lstrip("#"), None
        while True:
            answer = await self.asked(
                self._client.conversations_list(
                    types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
                )
            )
            for channel in answer.get("channels") or ():
                if channel.get("name") == name:
                    return str(channel["id"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                raise Rejected(f"there is no channel {name} that the app can see; invite it there, or name another")

    # Messages ----------------------------------------------------------------------------------------------------

    async def post(
        self,
        channel: str,
        text: str,
        *,
        thread: str | None = None,
        blocks: Sequence[Json] | None = None,
        key: str | None = None,
        broadcast: bool = False,
        look_again: Callable[[], Awaitable[None]] | None = None,
    ) -> Posted:
        """Posts a message, when it is the channel's turn. `text` is markup already (`connectors.slack.markup.plain`).

        `key` can be found again with `find`. `broadcast`: what is posted into a thread is shown in the channel, too.
        `look_again`: called when the turn has come; raises where the message is not to be posted any longer.
        Pings nobody and unfolds nothing.
        """
        if key is not None and blocks and "block_id" not in blocks[0]:
            blocks = [{**blocks[0], "block_id": key}, *blocks[1:]]
        await self._pace.turn(channel)
        if look_again is not None:
            await look_again()
        try:
            answer = await self.asked(
                self._client.chat_postMessage(
                    channel=channel,
                    text=text,
                    thread_ts=thread,
                    reply_broadcast=broadcast or None,
                    blocks=blocks,
                    metadata={"event_type": METADATA, "event_payload": {"key": key}} if key else None,
                    link_names=False,
                    parse="none",
                    mrkdwn=False,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
        except Transient as error:
            if error.retry_after is not None:
                self._pace.pause(channel, error.retry_after)
            raise
        return Posted(str(answer.get("channel", channel)), str(answer.get("ts", "")))

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[Json] | None = None) -> None:
        """Puts other words, and other buttons or none, in the place of a message of ours."""
        call = self._client.chat_update(
            channel=channel, ts=ts, text=text, blocks=blocks or [], link_names=False, parse="none"
        )
        await self.asked(call)

    async def whisper(self, channel: str, user: str, text: str, thread: str | None = None) -> None:
        """Says something that only one person sees, and that is gone with the next start of their app."""
        call = self._client.chat_postEphemeral(
            channel=channel, user=user, text=text, thread_ts=thread, link_names=False, parse="none"
        )
        await self.asked(call)

    async def messages(self, channel: str, thread: str | None = None, oldest: float = 0.0) -> list[Json]:
        """The messages of a channel, or of a thread, since `oldest`, with their metadata."""
        since: Json = {"oldest": f"{oldest:.6f}", "limit": 200, "include_all_metadata": True}
        found: list[Json] = []
        while True:
            if thread is None:
                call = self._client.conversations_history(channel=channel, **since)
            else:
                call = self._client.conversations_replies(channel=channel, ts=thread, **since)
            answer = await self.asked(call)
            found += answer.get("messages") or ()
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not answer.get("has_more") or not cursor or len(found) >= MOST:
                return found
            since["cursor"] = cursor

    async def find(self, channel: str, thread: str | None, key: str, oldest: float) -> str | None:
        """The message that was posted with this `key` since then; None where there is none.

        Its first block has the key, too: which permissions reading metadata takes is nowhere said for sure.
        """
        for message in await self.messages(channel, thread, oldest):
            if any(block.get("block_id") == key for block in message.get("blocks") or ()):
                return str(message["ts"])
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == METADATA and (metadata.get("event_payload") or {}).get("key") == key:
                return str(message["ts"])
        return None

    async def turn(self, channel: str) -> None:
        """Waits until something may be posted into a channel; raises `Transient` where that takes too long."""
        await self._pace.turn(channel)

    # Files -------------------------------------------------------------------------------------------------------

    async def upload(self, channel: str, name: str, data: bytes, thread: str | None = None) -> str:
        """Posts a file; answers its id."""
        await self._pace.turn(channel)
        call = self._client.files_upload_v2(channel=channel, thread_ts=thread, filename=name, title=name, content=data)
        files: list[Json] = (await self.asked(call)).get("files") or [{}]
        return str(files[0].get("id", ""))

    async def file(self, id: str) -> Json:
        """What Slack knows about a file."""
        return dict((await self.asked(self._client.files_info(file=id))).get("file") or {})

    async def download(self, url: str, name: str, type: str) -> File:
        """A file's bytes; raises `Rejected` for an address that is not Slack's."""
        assert self._client.session is not None, "start first"
        return File(name, type, await self._downloads.fetch(self._client.session, url, type))

    # Socket Mode -------------------------------------------------------------------------------------------------

    async def socket_address(self, app_token: str) -> str:
        """Where a socket for events can be opened; good for one."""
        return str((await self.asked(self._client.apps_connections_open(app_token=app_token))).get("url", ""))


def _classified(response: object) -> Exception:
    """What an answer that is not `ok` means. It may be no answer of Slack's at all."""
    data = getattr(response, "data", None)
    said: Mapping[str, Any] = data if isinstance(data, dict) else {}
    status: int = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    return classified(str(said.get("error") or ""), status, getattr(response, "headers", {}), said.get("needed"))
