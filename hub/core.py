"""What a connector is given of the core."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bus import Bus
from hub.intake import Intake
from hub.outbox import Outbox
from hub.people import People
from hub.ports import Desk
from hub.replies import Replies
from hub.steps import Steps
from hub.store.db import Database


@dataclass(frozen=True)
class Core:
    """What connectors use of the core: the way in, the way out, what is known about people, what agents do."""

    db: Database
    bus: Bus
    steps: Steps
    intake: Intake
    outbox: Outbox
    replies: Replies
    people: People
    desk: Desk
