"""Checks of what runs inside Rasa; run by Rasa's Python, fails with a traceback."""

import asyncio

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.utils.endpoints import EndpointConfig

from bot.components.tracker_store import LiveTrackerStore

STORE = "bot.components.tracker_store.LiveTrackerStore"


class Listener(EventBroker):  # type: ignore[misc]  # Rasa is in an environment of its own
    """Hears what is published."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def publish(self, event: dict[str, str]) -> None:
        self.heard.append(event.get("text") or event["event"])


def store_of(max_trackers: int) -> LiveTrackerStore:
    settings = {"type": STORE, "max_trackers": max_trackers}
    store = TrackerStore.create(EndpointConfig.from_dict(settings), Domain.empty())
    assert isinstance(store, LiveTrackerStore), store
    return store


async def keeps_the_last_used() -> None:
    store = store_of(2)
    for sender in ("a", "b"):
        await store.get_or_create_tracker(sender)
    first = await store.retrieve("a")
    await store.get_or_create_tracker("c")
    assert await store.keys() == ["a", "c"]
    assert await store.retrieve("b") is None
    assert await store.retrieve("a") is first
    assert await store.exists("c")
    assert not await store.exists("b")


async def publishes_each_event_once() -> None:
    listener = Listener()
    store = LiveTrackerStore(Domain.empty(), listener)
    tracker = await store.get_or_create_tracker("a")
    tracker.update(UserUttered("one"))
    await store.save(tracker)
    await store.save(tracker)
    tracker.update(UserUttered("two"))
    await store.save(tracker)
    assert listener.heard == ["action", "one", "two"], listener.heard


async def refuses_to_keep_nothing() -> None:
    try:
        LiveTrackerStore(Domain.empty(), max_trackers=0)
    except ValueError:
        return
    raise AssertionError("a store without room was made")


async def serves_behind_rasas_own_guard() -> None:
    store = FailSafeTrackerStore(LiveTrackerStore(Domain.empty()))
    tracker = await store.get_or_create_tracker("a")
    assert await store.retrieve("a") is tracker
    assert list(await store.keys()) == ["a"]


async def main() -> None:
    await keeps_the_last_used()
    await publishes_each_event_once()
    await refuses_to_keep_nothing()
    await serves_behind_rasas_own_guard()


if __name__ == "__main__":
    asyncio.run(main())
    print("all held")
