"""The feed's last events, encoded once for everybody who follows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hub.store.events import EventKind, Position


class Frame(Struct, frozen=True):
    """An event as it goes out, after which its reader stands at `position`."""

    position: Position
    kind: EventKind
    text: str


class Ring:
    """All that lies behind `start`, at most about `capacity` events."""

    def __init__(self, start: Position, capacity: int = 2000) -> None:
        self._start = start
        self._capacity = capacity
        self._positions: list[Position] = []
        self._frames: list[Frame] = []

    @property
    def end(self) -> Position:
        """How far the ring reaches."""
        return self._positions[-1] if self._positions else self._start

    def extend(self, frames: Iterable[Frame]) -> None:
        """Takes in what follows `end`, and lets the oldest go."""
        for frame in frames:
            self._frames.append(frame)
            self._positions.append(frame.position)
        too_many = len(self._frames) - self._capacity
        if too_many > 0:
            self._start = self._positions[too_many - 1]
            del self._frames[:too_many], self._positions[:too_many]

    def after(self, position: Position, limit: int) -> Sequence[Frame] | None:
        """What follows `position`; None where the ring does not reach back so far."""
        if position < self._start:
            return None
        at = bisect_right(self._positions, position)
        return self._frames[at : at + limit]
