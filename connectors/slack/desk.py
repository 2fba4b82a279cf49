"""The agents' side of a Slack channel: each conversation that needs a person is a thread in the agents' channel.

What agents do there is stored before Slack is told that it came. One process at a time carries it out, follows what
happens elsewhere, and writes it into the threads. The design is told in `docs/operations.md`, "Agents in Slack".
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from connectors.slack import desk_deeds
from connectors.slack.api import SlackApi
from connectors.slack.desk_blocks import Frame
from connectors.slack.desk_deeds import Deed
from connectors.slack.desk_follow import Follower
from connectors.slack.desk_hands import Hands
from connectors.slack.desk_people import Colleagues
from connectors.slack.desk_write import Writer
from connectors.slack.events import Edit, Post, Press
from connectors.slack.identity import Identity
from connectors.slack.settings import SlackSettings
from connectors.watch import Watch
from hub.alone import alone
from hub.connector import Health
from hub.core import Core
from hub.ending import end
from hub.errors import AuthFailed, DeliveryError, Rejected, Transient
from hub.runner import Runner
from hub.store import thread_inbox, threads
from hub.store.db import AWAY

log = logging.getLogger(__name__)

IDLE = 5.0
"""Seconds after which somebody who is not woken looks for work."""

_ADDRESSES = "users:read.email"

SOONEST, LONGEST = 1.0, 30.0
"""The shortest and the longest pause, in seconds, while Slack does not take something."""


class AgentsDesk:
    """The agents' channel of one Slack app."""

    def __init__(
        self, settings: SlackSettings, core: Core, api: SlackApi, identity: Identity, public_url: str | None = None
    ) -> None:
        self._settings = settings
        self._channel = settings.name
        self._core = core
        self._api = api
        self._identity = identity
        frame = Frame(language=settings.language, prefix=settings.note_prefix, public_url=public_url)
        self._colleagues = Colleagues(self._channel, core.db, core.bus, api, identity, frame.language)
        self._hands = Hands(self._channel, core, api, identity, self._colleagues, frame)
        self._follower = Follower(self._channel, core.db)
        self._writer = Writer(self._channel, core.db, api, identity, frame)
        self._watch = Watch(f"{self._channel}, agents_channel", self._check)
        self._news = asyncio.Event()
        self._stale = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to look whether the channel can be used, and to work in it where no other process does."""
        self._watch.start()
        self._task = asyncio.create_task(
            alone(self._core.db, self._channel, "desk", self._work), name=f"{self._channel}: agents"
        )

    async def stop(self) -> None:
        """Ends both."""
        if self._task is not None:
            await end(self._task)
        await self._watch.stop()

    @property
    def health(self) -> Health:
        """As it was found last; `detail` says what to do."""
        return self._watch.health

    async def _check(self) -> str:
        name = self._settings.agents_channel
        if self._identity.agents is None:
            await self._identity.learn()
        try:
            await self._api.asked(self._api.client.conversations_history(channel=self._identity.agents or "", limit=1))
        except AuthFailed as error:
            raise AuthFailed(f"agents_channel {name}: {error}") from None
        except Rejected as error:
            raise Rejected(
                f"agents_channel {name}: {error}; write /invite @<the app> in that channel, or name another by its id"
            ) from None
        granted = self._api.granted
        if granted is not None and _ADDRESSES not in granted:
            raise AuthFailed(
                f"agents_channel {name}: the app needs the permission {_ADDRESSES} to know who is an agent"
            )
        return ""

    # What is told to us ------------------------------------------------------------------------------------------

    async def wrote(self, post: Post) -> None:
        """Somebody wrote in the agents' channel: in a thread of ours it is kept, to be carried out."""
        if post.reply and post.place.thread:
            await self._keep(post.place.thread, desk_deeds.wrote(post))

    async def edited(self, edit: Edit) -> None:
        """Somebody changed what they had written."""
        if edit.place.thread:
            await self._keep(edit.place.thread, desk_deeds.changed(edit))

    async def pressed(self, press: Press) -> None:
        """Somebody pressed a button of a first post."""
        deed = desk_deeds.pressed(press)
        if deed is not None:
            await self._keep(press.ts, deed)

    async def _keep(self, thread: str, deed: Deed) -> None:
        async with self._core.db.connection() as conn:
            if not await threads.may_be_at(conn, self._channel, deed.place, thread):
                return  # agents talk about something else
            await thread_inbox.put(conn, self._channel, deed.place, thread, deed.key, desk_deeds.stored(deed))
        self._core.bus.signal("desk", f"{deed.place}:{thread}")

    # The work of one process -------------------------------------------------------------------------------------

    async def _work(self) -> None:
        hands = Runner("desk", self._core.bus, self._hands.due, self._hands.work)
        work = (
            hands.run(),
            self._follow(),
            self._forever("threads", self._news, self._writer.step),
            self._forever("first posts", self._stale, self._writer.show),
            self._colleagues.keep_awake(),
        )
        async with asyncio.TaskGroup() as group:
            for part in work:
                group.create_task(part)

    async def _follow(self) -> None:
        woken = asyncio.Event()
        with self._core.bus.listening("feed", lambda *_: woken.set()):
            while True:
                woken.clear()
                pause = self._core.bus.sweep_interval
                try:
                    found, pause = await self._follower.step()
                    if found:
                        self._news.set()
                        self._stale.set()
                except AWAY as error:
                    log.warning("%s: agents: the database is away (%s)", self._channel, type(error).__name__)
                except Exception:
                    log.exception("%s: agents: what happened could not be followed; tries again", self._channel)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(pause, self._core.bus.sweep_interval)):
                        await woken.wait()

    async def _forever(self, what: str, woken: asyncio.Event, step: Callable[[], Awaitable[bool]]) -> None:
        """Takes step after step while there is something to do, and bears with Slack and the database."""
        failures = 0
        while True:
            woken.clear()
            pause = IDLE
            try:
                pause = 0.0 if await step() else IDLE
                failures = 0
            except DeliveryError as error:
                failures += 1
                pause = _pause(error, failures)
                log.log(
                    logging.INFO if isinstance(error, Transient) else logging.WARNING,
                    "%s: agents' %s wait %.0f s: %s",
                    self._channel,
                    what,
                    pause,
                    error,
                )
                self._watch.look_again()
                await asyncio.sleep(pause)
                pause = 0.0
            except AWAY as error:
                log.warning("%s: agents: the database is away (%s)", self._channel, type(error).__name__)
                pause = 1.0
            except Exception:
                log.exception("%s: agents' %s could not be written; tries again", self._channel, what)
                failures += 1
                await asyncio.sleep(min(SOONEST * 2.0 ** min(failures, 6), LONGEST))
            if pause:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await woken.wait()


def _pause(error: DeliveryError, failures: int) -> float:
    if isinstance(error, Transient) and error.retry_after is not None:
        return error.retry_after
    return float(min(SOONEST * 2.0 ** min(failures - 1, 6), LONGEST))
