"""Dialogue trackers as living objects, in a bounded map.

A tracker is needed for one turn: the hub's database is the memory. So nothing is serialised, which is what Rasa's own
stores spend most of their time on. One process, one event loop, one store.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker


class LiveTrackerStore(TrackerStore):
    """Keeps the `max_trackers` trackers that were used last; more than there are turns at one time.

    In `endpoints.yml`: `tracker_store: {type: bot.components.tracker_store.LiveTrackerStore, max_trackers: 2000}`.

    Whoever retrieves a tracker holds the stored one itself, and a change shows before `save`; Rasa's lock for each
    conversation keeps two turns apart.
    """

    def __init__(
        self, domain: Domain | None, event_broker: EventBroker | None = None, max_trackers: int = 2000, **_: Any
    ) -> None:
        super().__init__(domain, event_broker)
        if max_trackers < 1:
            raise ValueError("max_trackers must be at least 1")
        self._trackers: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._max = int(max_trackers)
        self._published: dict[str, float] = {}

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of `sender_id`, or None where there is none (any more)."""
        if sender_id in self._trackers:
            self._trackers.move_to_end(sender_id)
        return self._trackers.get(sender_id)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps `tracker` as the one last used, and forgets what is too much."""
        await self.stream_events(tracker)
        self._trackers[tracker.sender_id] = tracker
        self._trackers.move_to_end(tracker.sender_id)
        if len(self._trackers) > self._max:
            forgotten, _ = self._trackers.popitem(last=False)
            self._published.pop(forgotten, None)

    async def exists(self, conversation_id: str) -> bool:
        """Whether there is a tracker under this id."""
        return conversation_id in self._trackers

    async def keys(self) -> Iterable[str]:
        """The ids of all trackers; the one last used at the end."""
        return list(self._trackers)

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """Publishes the events that came since the last save.

        The inherited version compares with the stored tracker, which here is the same object and so never differs.
        """
        if self.event_broker is None:
            return
        published = self._published.get(tracker.sender_id, 0.0)
        new = [event for event in tracker.events if event.timestamp > published]
        await self._stream_new_events(self.event_broker, new, tracker.sender_id)
        if new:
            self._published[tracker.sender_id] = new[-1].timestamp
