"""What a connector is given of the core."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bus import Bus
from hub.intake import Intake
from hub.outbox import Outbox
from hub.people import People
from hub.replies import Replies
from hub.steps import Steps
from hub.store.db import Database


@dataclass(frozen=True)
class Core:
    """The parts of the core that connectors use: the way in, the way out, and what is known about people."""

    db: Database
    bus: Bus
    steps: Steps
    intake: Intake
    outbox: Outbox
    replies: Replies
    people: People
