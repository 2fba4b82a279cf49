"""Makes the frames of the feed from its log: what the API would say about each thing that changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from handoff import frames, views
from handoff.ring import Frame
from hub.store import messages, overview
from hub.store.db import Connection
from hub.store.events import Event, Position

Articles = Callable[[Connection, Sequence[str]], Awaitable[Mapping[str, object]]]
"""Articles as their routes give them, by their ids."""


class Hydrator:
    """Reads whatever a batch of events is about with one statement for each kind."""

    def __init__(self, articles: Articles | None = None) -> None:
        self._articles = articles

    async def frames(self, conn: Connection, batch: Sequence[Event]) -> list[Frame]:
        """The frames of `batch`, in its order."""
        data = await self._data(conn, batch)
        return [
            Frame(
                event.position,
                event.kind,
                frames.event(
                    frames.cursor_of(event.position), event.kind, data.get(event.position), event.conversation
                ),
            )
            for event in batch
        ]

    async def _data(self, conn: Connection, batch: Sequence[Event]) -> dict[Position, object]:
        said = [event for event in batch if event.kind in ("message", "note")]
        moved = [event for event in batch if event.kind == "status"]
        known = [event for event in batch if event.kind in ("person", "case")]
        edited = [event for event in batch if event.kind == "article"]
        return (
            (await self._messages(conn, said) if said else {})
            | (await self._statuses(conn, moved) if moved else {})
            | (await self._people(conn, known) if known else {})
            | (await self._edited(conn, edited) if edited else {})
        )

    async def _messages(self, conn: Connection, said: Sequence[Event]) -> dict[Position, object]:
        found = await messages.by_keys(conn, [event.entry for event in said if event.entry is not None])
        return {
            event.position: views.message(found[event.entry])
            for event in said
            if event.entry is not None and event.entry in found
        }

    async def _statuses(self, conn: Connection, moved: Sequence[Event]) -> dict[Position, object]:
        # The step first: what is read after it is not older than it.
        steps = await overview.moves(conn, [(event.conversation or "", event.entry or 0) for event in moved])
        seen = await overview.many(conn, list({event.conversation or "" for event in moved}))
        made: dict[Position, object] = {}
        for event in moved:
            now, step = seen.get(event.conversation or ""), steps.get((event.conversation or "", event.entry or 0))
            if now is not None:
                made[event.position] = views.moved(now, step) if step is not None else views.conversation(now)
        return made

    async def _people(self, conn: Connection, known: Sequence[Event]) -> dict[Position, object]:
        seen = await overview.many(conn, list({event.conversation or "" for event in known}))
        return {
            event.position: views.conversation(seen[event.conversation])
            for event in known
            if event.conversation in seen
        }

    async def _edited(self, conn: Connection, edited: Sequence[Event]) -> dict[Position, object]:
        ids = list({event.article or "" for event in edited})
        found = await self._articles(conn, ids) if self._articles is not None else {id: {"id": id} for id in ids}
        return {event.position: found.get(event.article or "") for event in edited}
