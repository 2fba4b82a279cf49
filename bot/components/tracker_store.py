"""Dialogue trackers as living objects, in bounded maps.

A tracker is a cache here: the hub's database is the memory, and the hub can rebuild what was lost. So nothing is
serialised, which is what Rasa's own stores spend most of their time on. One process, one event loop, one store.
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
    """Keeps `max_trackers` trackers in which a form is open, and `max_finished` others; those used last.

    The hub begins a new tracker for each turn unless a form is open, so the others are hardly ever asked for again
    (a turn that is taken twice does), and they must not crowd out the open ones. In `endpoints.yml`:
    `tracker_store: {type: bot.components.tracker_store.LiveTrackerStore, max_trackers: 20000, max_finished: 2000}`.

    Whoever retrieves a tracker holds the stored one itself, and a change shows before `save`; Rasa's lock for each
    conversation keeps two turns apart.
    """

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        max_trackers: int = 20000,
        max_finished: int = 2000,
        **_: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        if min(max_trackers, max_finished) < 1:
            raise ValueError("max_trackers and max_finished must be at least 1")
        self._open: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._finished: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._max_open = int(max_trackers)
        self._max_finished = int(max_finished)
        self._published: dict[str, float] = {}

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of `sender_id`, or None where there is none (any more)."""
        for trackers in (self._open, self._finished):
            if sender_id in trackers:
                trackers.move_to_end(sender_id)
                return trackers[sender_id]
        return None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps `tracker` as the one last used of its kind, and forgets what is too much."""
        await self.stream_events(tracker)
        self._open.pop(tracker.sender_id, None)
        self._finished.pop(tracker.sender_id, None)
        is_open = tracker.active_loop_name is not None
        trackers, limit = (self._open, self._max_open) if is_open else (self._finished, self._max_finished)
        trackers[tracker.sender_id] = tracker
        if len(trackers) > limit:
            forgotten, _ = trackers.popitem(last=False)
            self._published.pop(forgotten, None)

    async def exists(self, conversation_id: str) -> bool:
        """Whether there is a tracker under this id."""
        return conversation_id in self._open or conversation_id in self._finished

    async def keys(self) -> Iterable[str]:
        """The ids of all trackers; of each kind, the one last used at the end."""
        return [*self._open, *self._finished]

    async def delete(self, sender_id: str) -> None:
        """Forgets a tracker; one that is not there is no error."""
        self._open.pop(sender_id, None)
        self._finished.pop(sender_id, None)
        self._published.pop(sender_id, None)

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
