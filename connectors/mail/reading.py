"""Reads what is new in a mailbox: once, in order, over one connection.

What counts is the number of the last mail that was read, stored after that mail is: a crash between the two brings the
mail once more, and the hub knows it. IDLE is only a hint that it is time to look.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from connectors.mail.imap import Fetched, Folder, Session
from connectors.mail.settings import Imap, MailSettings
from hub.errors import DeliveryError
from hub.store import channel_state
from hub.store.db import AWAY, Connection, Database

log = logging.getLogger(__name__)

T = TypeVar("T")
Take = Callable[[bytes, datetime], Awaitable[None]]

OVERLAP = timedelta(days=2)
"""How far back is looked where all numbers are new: servers' clocks and days differ."""

CLOCKS = timedelta(minutes=2)
"""By how much the server's clock may differ from ours."""

TRIES = 3
"""How often a mail is tried that cannot be stored or fetched, before it is put aside for the next one."""

LATER = timedelta(minutes=15)
"""How long until the server is asked again for mails that it would not give us."""


ASIDE = "aside "
"""How the keys begin under which mails lie that could not be stored."""


class Place(Struct, frozen=True):
    """How far a mailbox is read.

    All up to `uid` is. Of what has numbers up to `floor` only what is not older than `since` is wanted: it lay there
    before we came, or all numbers are new. What came before `began` never is. `seen`: when it was last read to its end.
    `owed` are mails that the server would not give us, for which it was last asked again at `asked`.
    """

    validity: int
    uid: int
    floor: int
    began: datetime
    since: datetime
    seen: datetime
    owed: tuple[int, ...] = ()
    asked: datetime | None = None


def key(imap: Imap) -> str:
    """Under which the place in a mailbox is stored."""
    return f"place {imap.key}"


async def left(conn: Connection, settings: MailSettings) -> str:
    """Which mails have come and are in no conversation, for an administrator to see to; "" where there are none."""
    found = []
    if aside := await channel_state.count(conn, settings.name, ASIDE):
        found.append(f"put aside because they could not be stored: {aside}")
    for imap in settings.mailboxes:
        stored = await channel_state.get(conn, settings.name, key(imap))
        owed = msgspec.json.decode(stored, type=Place).owed if stored is not None else ()
        if owed:
            found.append(f"not given to us by {imap.host}: {len(owed)} (in {imap.folder}, UID {_listed(owed)})")
    return f"mails that nobody here has seen, {'; '.join(found)}; see operations.md, Mail" if found else ""


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")


class Reading:
    """The work of one session, in its `thread`. `failures`: how often mails could not be stored, in all sessions."""

    def __init__(
        self,
        settings: MailSettings,
        imap: Imap,
        db: Database,
        session: Session,
        thread: Executor,
        take: Take,
        failures: dict[int, int],
    ) -> None:
        self._settings = settings
        self._key = key(imap)
        self._db = db
        self._session = session
        self._thread = thread
        self._take = take
        self._failures = failures

    async def run(self, access_token: str | None, well: Callable[[], Awaitable[None]]) -> None:
        """Goes on until it fails. `well` is called whenever the mailbox has been read to its end."""
        folder = await self._call(lambda: self._session.open(access_token, writing=self._settings.delete_after_import))
        place = await self._place(folder)
        seconds = self._settings.poll_seconds
        while True:
            place = await self._catch_up(place)
            await well()
            if not await self._call(lambda: self._session.wait(seconds)):
                await asyncio.sleep(seconds)

    async def _place(self, folder: Folder) -> Place:
        """Where to go on: where we stopped; at the end, for the first time; at a day, where the numbers are new."""
        async with self._db.connection() as conn:
            stored = await channel_state.get(conn, self._settings.name, self._key)
        now = datetime.now(UTC)
        if stored is None:
            wanted = self._settings.import_since
            last = folder.next_uid - 1
            began = datetime.combine(wanted, time(), UTC) if wanted is not None else now
            place = Place(folder.validity, last if wanted is None else 0, last, began, began, now)
            await self._remember(place)
            return place
        place = msgspec.json.decode(stored, type=Place)
        if place.validity == folder.validity:
            return place
        log.warning("%s: the mailbox has new numbers; looking again at the last days", self._settings.name)
        since = max(place.began - CLOCKS, place.seen - OVERLAP)
        place = Place(folder.validity, 0, folder.next_uid - 1, place.began, since, place.seen)
        await self._remember(place)
        return place

    async def _catch_up(self, place: Place) -> Place:
        """Takes all mails that have come since."""
        if place.owed and (place.asked is None or datetime.now(UTC) - place.asked > LATER):
            place = await self._ask_again(place)
        if place.uid < place.floor:
            day = (place.since - timedelta(days=1)).date()  # by the server's own days
            old = await self._call(lambda: self._session.newer(place.uid, place.floor, day))
            for uid in old:
                place = await self._one(place, uid)
            place = msgspec.structs.replace(place, uid=place.floor)
            await self._remember(place)
        begun, last = datetime.now(UTC), place.uid
        for uid in await self._call(lambda: self._session.newer(last)):
            place = await self._one(place, uid)
        if begun - place.seen > OVERLAP / 10 or place.uid != last:
            place = msgspec.structs.replace(place, seen=begun)
            await self._remember(place)
        return place

    async def _ask_again(self, place: Place) -> Place:
        wanted = place.owed
        place = msgspec.structs.replace(place, asked=datetime.now(UTC), owed=(*wanted[1:], wanted[0]))
        await self._remember(place)  # before: where the server cuts the connection, the next one's turn comes later
        for uid in wanted:
            await self._take_one(place, uid)
            self._failures.pop(uid, None)
            place = msgspec.structs.replace(place, owed=tuple(each for each in place.owed if each != uid))
            await self._remember(place)
        return place

    async def _one(self, place: Place, uid: int) -> Place:
        taken = False
        try:
            taken = await self._take_one(place, uid)
        except DeliveryError:
            self._failures[uid] = self._failures.get(uid, 0) + 1
            if self._failures[uid] >= TRIES:
                log.warning("%s: the server does not give us a mail (%s); it is asked again later", self._key, uid)
                await self._remember(msgspec.structs.replace(place, uid=uid, owed=(*place.owed, uid)))
            raise
        place = msgspec.structs.replace(place, uid=uid)
        await self._remember(place)
        if taken and self._settings.delete_after_import:
            await self._call(lambda: self._session.delete(uid))
        return place

    async def _take_one(self, place: Place, uid: int) -> bool:
        """Fetches and stores a mail; False where it is gone, or older than what is wanted."""
        mail = await self._call(lambda: self._session.fetch(uid))
        if mail is None or (uid <= place.floor and mail.arrived < place.since):
            return False
        await self._store(place, uid, mail)
        return True

    async def _store(self, place: Place, uid: int, mail: Fetched) -> None:
        """A mail that cannot be stored is tried again, and then put aside as it is: it stops nobody."""
        try:
            await self._take(mail.raw, mail.arrived)
        except AWAY:
            raise
        except Exception:
            self._failures[uid] = self._failures.get(uid, 0) + 1
            if self._failures[uid] < TRIES:
                raise
            log.exception("%s: a mail is put aside: it cannot be stored", self._settings.name)
            async with self._db.connection() as conn:
                aside = f"{ASIDE}{place.validity} {uid} {self._key}"
                await channel_state.put(conn, self._settings.name, aside, base64.b64encode(mail.raw).decode())
        self._failures.pop(uid, None)

    async def _remember(self, place: Place) -> None:
        async with self._db.connection() as conn:
            await channel_state.put(conn, self._settings.name, self._key, msgspec.json.encode(place).decode())

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
