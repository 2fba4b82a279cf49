"""What is counted, for Prometheus. No customer's data is a label."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

RECEIVED: Final = Counter("parley_messages_received", "Customers' messages stored", ["channel"])
REPEATED: Final = Counter("parley_deliveries_repeated", "Deliveries that had been stored before", ["channel"])
REFUSED: Final = Counter("parley_deliveries_refused", "Deliveries that were not accepted", ["channel"])
TURNS: Final = Counter("parley_turns", "Turns ended, by what came of them", ["outcome"])
TURN_SECONDS: Final = Histogram(
    "parley_turn_seconds",
    "From the claim of a turn to its end",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
DELIVERIES: Final = Counter(
    "parley_deliveries", "Messages handed to a platform, by what came of it", ["channel", "state"]
)
WAITING: Final = Gauge("parley_conversations_waiting", "Conversations that wait for an agent")
