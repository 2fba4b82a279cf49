"""Carries out what agents do in their threads, in the order in which they did it, thread by thread.

It was stored when it came. Each deed can be carried out again after a crash and is still done once: messages and notes
have ids that follow from where they were written.
"""

from __future__ import annotations

import logging
import re
from typing import Final

from connectors.slack import desk_deeds, events, markup
from connectors.slack.api import SlackApi
from connectors.slack.desk_blocks import Frame, pieces
from connectors.slack.desk_deeds import Changed, Deed, Pressed, Wrote
from connectors.slack.desk_follow import attached, said
from connectors.slack.desk_people import Colleagues, Stranger
from connectors.slack.desk_texts import say
from connectors.slack.events import SharedFile
from connectors.slack.identity import Identity
from hub.connector import File
from hub.core import Core
from hub.errors import (
    AuthFailed,
    DeliveryError,
    Forbidden,
    HubError,
    IllegalTransition,
    Rejected,
    Transient,
    Unsupported,
)
from hub.intake import MAX_TEXT
from hub.store import conversations, overview, thread_inbox, thread_lines, threads
from hub.store.db import AWAY
from hub.store.threads import Thread
from hub.types import Agent, Conversation, Message

log = logging.getLogger(__name__)

TRIES: Final = 5
"""How often something is tried that fails by a fault of ours."""

AGAIN: Final = 1.0
"""Seconds after which it is tried again for the first time; each further time twice as long, where Slack is away."""

OPENING: Final = 1.0
"""Seconds after which it is looked again whether a thread that an agent knows already is one of ours."""

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_CALLS = re.compile(r"(?:\s*<[@!][^<>]*>[\s,:，：]*)+")
"""Who is called at the beginning of a message: users, groups, the channel."""


class Refused(HubError):
    """The agent is told why; nothing was done."""


class Hands:
    """Does what agents want. Who may what is the desk's to say."""

    def __init__(
        self, channel: str, core: Core, api: SlackApi, identity: Identity, colleagues: Colleagues, frame: Frame
    ) -> None:
        self._channel = channel
        self._core = core
        self._api = api
        self._identity = identity
        self._colleagues = colleagues
        self._frame = frame

    async def due(self) -> list[str]:
        """Threads, as `place:thread`, in which something is to be done."""
        async with self._core.db.connection() as conn:
            return [":".join(where) for where in await thread_inbox.due(conn, self._channel, 200)]

    async def work(self, where: str) -> None:
        """Does all that is due in one thread."""
        place, _, ts = where.partition(":")
        while True:
            async with self._core.db.connection() as conn:
                task = await thread_inbox.next_of(conn, self._channel, place, ts)
                thread = await threads.at(conn, self._channel, place, ts)
                if task is None:
                    return
                if thread is None and await threads.may_be_at(conn, self._channel, place, ts):
                    await thread_inbox.put_off(conn, task.number, OPENING)
                    return
            if thread is not None and not await self._attempt(thread, task):
                return
            async with self._core.db.connection() as conn:
                await thread_inbox.done(conn, task.number)

    async def _attempt(self, thread: Thread, task: thread_inbox.Task) -> bool:
        """Whether something was carried out, or never will be."""
        try:
            await self._do(thread, desk_deeds.read(task.deed))
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the agent is told in the end
            return await self._put_off(thread, task, error)
        return True

    async def _put_off(self, thread: Thread, task: thread_inbox.Task, error: Exception) -> bool:
        """Lets something be tried again later; True where that is no use, and the agent has been told."""
        pause = AGAIN if task.attempts + 1 < TRIES else None
        if isinstance(error, DeliveryError):
            log.info("%s: what an agent did waits: %s", self._channel, error)
            again = isinstance(error, Transient | AuthFailed)  # Slack comes back, and settings are mended
            pause = min(AGAIN * 2.0 ** min(task.attempts, 5), 30.0) if again else None
            if isinstance(error, AuthFailed) and task.attempts == 0:
                await self._tell(thread, task, say("waits_for_us", self._frame.language, why=error))
        else:
            log.error("%s: what an agent did could not be carried out", self._channel, exc_info=error)
        if pause is not None:
            async with self._core.db.connection() as conn:
                await thread_inbox.put_off(conn, task.number, pause)
            return False
        await self._tell(thread, task, say("our_fault", self._frame.language))
        return True

    async def _tell(self, thread: Thread, task: thread_inbox.Task, text: str) -> None:
        try:
            await self._whisper(thread, desk_deeds.read(task.deed), text)
        except DeliveryError as error:
            log.warning("%s: an agent could not be told that something failed: %s", self._channel, error)

    async def _do(self, thread: Thread, deed: Deed) -> None:
        try:
            agent = await self._colleagues.agent(deed.user)
            match deed:
                case Wrote():
                    await self._wrote(thread, agent, deed)
                case Changed():
                    await self._changed(thread, agent, deed)
                case Pressed():
                    await self._pressed(thread, agent, deed)
        except (Refused, Stranger) as refused:
            await self._whisper(thread, deed, str(refused))

    async def _whisper(self, thread: Thread, deed: Deed, text: str) -> None:
        """Says something to the one who did it; not at all where Slack will never let us."""
        within = None if isinstance(deed, Pressed) else thread.thread
        try:
            await self._api.whisper(deed.place, deed.user, markup.plain(text), within)
        except Rejected as error:
            log.info("%s: somebody could not be told: %s", self._channel, error)

    # Buttons -----------------------------------------------------------------------------------------------------

    async def _pressed(self, thread: Thread, agent: Agent, deed: Pressed) -> None:
        steps = {"claim": self._core.desk.claim, "release": self._core.desk.release, "close": self._core.desk.close}
        if deed.what not in steps:
            return
        try:
            await steps[deed.what](agent, thread.conversation)
        except IllegalTransition:
            now = await self._now(thread)
            if (deed.what, now.status) in (("release", "bot"), ("close", "closed")):
                return  # done before the crash, or by a second press: it is as they wanted it
            why = say("moved_on", self._frame.language)
            if now.owner not in (None, agent.id):
                why = say("has_it", self._frame.language, who=await self._owner(thread))
            raise Refused(say("not_now", self._frame.language, why=why)) from None

    # Words -------------------------------------------------------------------------------------------------------

    async def _wrote(self, thread: Thread, agent: Agent, deed: Wrote) -> None:
        id = desk_deeds.id_of(deed.place, deed.ts)
        if await self._known(thread, id) is not None:
            return
        text = await self._text(deed.markup)
        note = desk_deeds.note_in(text, self._frame.prefix)
        if note is None and (calls := _CALLS.match(deed.markup)) is not None:
            behind = await self._text(deed.markup[calls.end() :])
            note = text if desk_deeds.note_in(behind, self._frame.prefix) is not None else None
        if note is not None:
            if deed.files:
                names = ", ".join(file.name for file in deed.files)
                note = f"{note}\n{say('files_stay', self._frame.language, names=names)}".strip()
            if note:
                await self._own(thread, said(id, len(pieces(note))), deed.ts)
                await self._core.desk.note(agent, thread.conversation, note, id)
        elif text or deed.files:
            await self._answer(thread, agent, deed, id, text)

    async def _answer(self, thread: Thread, agent: Agent, deed: Wrote, id: str, text: str) -> None:
        if len(text) > MAX_TEXT:
            raise Refused(say("too_long", self._frame.language, most=MAX_TEXT))
        now = await self._theirs(thread, agent)
        kept = [await self._core.desk.attach(now, await self._file(file)) for file in deed.files]
        keys = [*said(id, len(pieces(text))), *(attached(file.id) for file in kept)]
        await self._own(thread, keys, deed.ts)
        try:
            await self._core.desk.say(agent, thread.conversation, text, id, [file.id for file in kept])
        except Forbidden:
            raise await self._taken(thread) from None

    async def _theirs(self, thread: Thread, agent: Agent) -> Conversation:
        """The conversation, which is the agent's; nobody's becomes theirs by answering."""
        now = await self._now(thread)
        if now.status == "closed":
            raise Refused(say("over", self._frame.language, prefix=self._frame.prefix))
        if now.owner is None:
            try:
                await self._core.desk.claim(agent, thread.conversation)
            except IllegalTransition:
                raise await self._taken(thread) from None
        elif now.owner != agent.id:
            raise await self._taken(thread)
        return now

    async def _taken(self, thread: Thread) -> Refused:
        who = await self._owner(thread)
        return Refused(say("taken", self._frame.language, who=who, prefix=self._frame.prefix))

    async def _file(self, file: SharedFile) -> File:
        try:
            if file.url is None and file.elsewhere is None:
                file = events.shared(await self._api.file(file.id))
            if file.url is None:
                raise Unsupported("Slack does not keep it")
            return await self._api.download(file.url, file.name[:200], file.mimetype)
        except (AuthFailed, Rejected, Unsupported) as error:
            raise Refused(say("bad_file", self._frame.language, name=file.name, why=error)) from None

    async def _changed(self, thread: Thread, agent: Agent, deed: Changed) -> None:
        """What the customer has stays as it is; a note that was rewritten is noted once more."""
        before = await self._known(thread, desk_deeds.id_of(deed.place, deed.ts))
        if before is None:
            return
        if before.kind == "message":
            raise Refused(say("already_seen", self._frame.language))
        if deed.markup is None:
            raise Refused(say("note_stays", self._frame.language))
        id = desk_deeds.id_of(deed.place, f"{deed.ts}:{deed.at}")
        if await self._known(thread, id) is None:
            text = await self._text(deed.markup)
            words = desk_deeds.note_in(text, self._frame.prefix)
            note = say("edited", self._frame.language, text=text if words is None else words)
            await self._own(thread, said(id, len(pieces(note))), deed.ts)
            await self._core.desk.note(agent, thread.conversation, note, id)

    async def _text(self, marked: str) -> str:
        names = await self._colleagues.names(set(_MENTION.findall(marked)))
        return markup.read(marked, self._identity.user, names).replace("\x00", "").strip()

    # How things stand --------------------------------------------------------------------------------------------

    async def _now(self, thread: Thread) -> Conversation:
        async with self._core.db.connection() as conn:
            return await conversations.get(conn, thread.conversation)

    async def _owner(self, thread: Thread) -> str:
        async with self._core.db.connection() as conn:
            seen = await overview.one(conn, thread.conversation)
        return seen.owner_name or say("somebody", self._frame.language)

    async def _known(self, thread: Thread, id: str) -> Message | None:
        async with self._core.db.connection() as conn:
            now = await conversations.get(conn, thread.conversation)
            return await overview.said(conn, now.stream, id)

    async def _own(self, thread: Thread, keys: list[str], ts: str) -> None:
        """What is about to be written here stands in the thread already."""
        async with self._core.db.connection() as conn:
            for key in keys:
                await thread_lines.add_own(conn, thread.id, key, ts)
