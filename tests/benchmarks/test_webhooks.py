"""The measurement of webhooks, for a moment: every channel that is told by requests takes them."""

from __future__ import annotations

from benchmarks import report, webhooks
from benchmarks.intake import PER_CONVERSATION


async def test_each_channel_stores_what_is_delivered(database_url: str) -> None:
    found = await webhooks.measure(database_url, seconds=0.1, rounds=1)
    assert [one.channel for one in found] == [
        "wechat-plain",
        "wechat-compat",
        "wechat-safe",
        "slack",
        "telegram",
        "webhook",
    ]
    assert all(one.deliveries > 0 and one.bare > 0 for one in found)
    rows = report._webhook_rows(found)
    assert len(rows) == 1 + len(found)
    assert all(len(row) == len(rows[0]) for row in rows)


def test_customers_take_turns_and_say_as_much_as_in_a_conversation() -> None:
    first = [webhooks._sender(n) for n in range(webhooks.CROWD * PER_CONVERSATION)]
    assert first[: webhooks.CROWD] == list(range(webhooks.CROWD))
    assert {first.count(sender) for sender in first} == {PER_CONVERSATION}
    assert webhooks._sender(len(first)) == webhooks.CROWD
