"""In: what is not signed gets nowhere, and what is gets in once, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

import pytest

from tests.contracts.conftest import Channel, secrets_of
from tests.contracts.kind import Kind
from tests.contracts.kinds import over
from tests.contracts.product import Product
from tests.simulators.base import Delivery

DAY = 24 * 3600.0


async def everything(made: Product) -> dict[str, int]:
    """How much is stored, a table at a time. What a connector remembers for itself may change."""
    tables = await made.rows(
        "select table_name as name from information_schema.tables where table_schema = 'public' order by 1"
    )
    names = [str(table["name"]) for table in tables if table["name"] != "channel_state"]
    return {name: await made.value(f"select count(*) from {name}") for name in names}


async def known(channel: Channel, made: Product) -> None:
    """Somebody who has written before."""
    await made.heard(channel.platform.say("ann", "hello"), "hello")
    await channel.platform.until_shown("ann", 1)


async def refused(
    channel: Channel, made: Product, delivery: Delivery, what: str, log: pytest.LogCaptureFixture
) -> None:
    """Such a delivery gets a 4xx, leaves nothing behind, and one line about it that says no secret."""
    before = await everything(made)
    log.clear()
    answer = await channel.platform.post(delivery)
    assert answer is not None, what
    status, body = answer
    assert 400 <= status < 500, f"{what}: {status} {body!r}"
    assert not [secret for secret in secrets_of(channel.platform) if secret.encode() in body], what
    assert await everything(made) == before, f"{what}: something was stored"
    if channel.kind.guarded:
        lines = [record for record in log.records if record.name == "connectors.webhooks"]
        assert [line.levelno for line in lines] == [logging.WARNING], f"{what}: {lines}"
        assert lines[0].getMessage().startswith(f"{channel.platform.name}: "), what


@over(lambda kind: kind.posts)
async def test_a_wrong_or_missing_signature_is_refused(channel: Channel, caplog: pytest.LogCaptureFixture) -> None:
    async with channel.product() as made:
        await known(channel, made)
        for what, delivery in channel.kind.forged(channel.kind.delivery(channel.platform)).items():
            await refused(channel, made, delivery, what, caplog)


@over(lambda kind: kind.signs_body)
async def test_a_changed_body_is_refused(channel: Channel, caplog: pytest.LogCaptureFixture) -> None:
    async with channel.product() as made:
        await known(channel, made)
        delivery = channel.kind.delivery(channel.platform)
        for what, changed in channel.kind.changed(delivery).items():
            await refused(channel, made, changed, what, caplog)


@over(lambda kind: kind.signs_time)
async def test_a_delivery_of_another_day_is_refused(channel: Channel, caplog: pytest.LogCaptureFixture) -> None:
    async with channel.product() as made:
        await known(channel, made)
        real = channel.platform.now
        for what, shift in (("yesterday's", -DAY), ("tomorrow's", DAY)):
            channel.platform.now = lambda shift=shift: real() + shift  # type: ignore[method-assign,misc]
            delivery = channel.kind.delivery(channel.platform)
            channel.platform.now = real  # type: ignore[method-assign]
            await refused(channel, made, delivery, what, caplog)


@over(lambda kind: kind.posts)
async def test_a_delivery_that_is_replayed_at_once_changes_nothing(channel: Channel) -> None:
    async with channel.product() as made:
        await known(channel, made)
        delivery = channel.platform.delivery("ann", "can I return it?")
        for _ in range(3):
            answer = await channel.platform.post(delivery)
            assert answer is not None
            assert 200 <= answer[0] < 300
        await made.until("select count(*) from messages where text = 'can I return it?'", is_=1)
        await made.settled()
        assert await made.answers() == {"hello": 1, "can I return it?": 1}


@over(lambda kind: kind.posts)
async def test_an_oversized_body_is_refused(channel: Channel, caplog: pytest.LogCaptureFixture) -> None:
    async with channel.product() as made:
        await known(channel, made)
        await refused(channel, made, channel.kind.oversized(channel.platform), "two million", caplog)


@over(lambda kind: kind.posts)
async def test_a_body_of_the_wrong_shape_is_refused(channel: Channel, caplog: pytest.LogCaptureFixture) -> None:
    async with channel.product() as made:
        await known(channel, made)
        for what, delivery in channel.kind.misshapen(channel.platform).items():
            await refused(channel, made, delivery, what, caplog)


@over(lambda kind: kind.posts and type(kind).strange is not Kind.strange)
async def test_an_unknown_kind_of_delivery_is_acknowledged_and_not_answered(channel: Channel) -> None:
    async with channel.product() as made:
        await known(channel, made)
        before, shown = await everything(made), len(channel.platform.shown("ann"))
        delivery = channel.kind.strange(channel.platform)
        assert delivery is not None
        answer = await channel.platform.post(delivery)
        assert answer is not None
        assert answer[0] == 200
        assert await everything(made) == before
        assert await channel.platform.say("ann", "can I return it?")  # and the channel goes on
        assert len(await channel.platform.until_shown("ann", shown + 1)) == shown + 1


@over()
async def test_the_same_message_four_times_is_stored_and_answered_once(channel: Channel) -> None:
    async with channel.product() as made:
        await known(channel, made)
        shown, id = len(channel.platform.shown("ann")), channel.platform.new_id()
        said = [channel.platform.say("ann", "can I return it?", id) for _ in range(4)]
        assert all(await asyncio.gather(*said))
        await made.heard(channel.platform.say("ann", "can I return it?", id), "can I return it?")  # and long after
        assert await made.answers() == {"hello": 1, "can I return it?": 1}
        once = 5 if channel.kind.id == "rest" else 1  # who asks five times is told five times, and the same
        assert len(await channel.platform.until_shown("ann", shown + once)) == shown + once


@over(lambda kind: kind.says_when)
async def test_what_comes_out_of_order_is_stored_and_read_in_the_platforms_order(channel: Channel) -> None:
    async with channel.product() as made:
        await known(channel, made)
    async with channel.product(working=False) as made:
        texts = {"first": 9.0, "second": 6.0, "third": 3.0}
        written = {text: channel.kind.written(channel.platform, "ann", text, ago) for text, ago in texts.items()}
        saying = [await begin(written[text](), made, text) for text in ("third", "first", "second")]
        assert all(await asyncio.gather(*saying))
        await made.turns.take(await made.conversation())
        assert made.bot.asked[-1].text.split() == list(texts)


async def begin(saying: Coroutine[None, None, bool], made: Product, text: str) -> asyncio.Task[bool]:
    """Somebody says something; waits until it is stored, which may be before it is acknowledged."""
    task = asyncio.create_task(saying)
    await made.until("select count(*) from messages where text = $1", text, is_=1)
    return task


@over()
async def test_quick_messages_keep_their_order_and_are_each_answered_once(channel: Channel) -> None:
    texts = [f"hello, for the {number}. time" for number in range(channel.kind.quick)]
    async with channel.product() as made:
        await known(channel, made)
        for text in texts:
            assert await channel.platform.say("ann", text)
        await made.until("select count(*) from messages where author = 'customer'", is_=1 + len(texts))
        await made.settled()
        rows = await made.rows("select text from messages where author = 'customer' order by seq")
        assert [row["text"] for row in rows] == ["hello", *texts]
        assert await made.answers() == dict.fromkeys(["hello", *texts], 1)


@over()
async def test_what_was_acknowledged_before_a_crash_is_answered_after_it(channel: Channel) -> None:
    async with channel.product(working=False) as made:
        saying = await begin(channel.platform.say("ann", "can I return it?"), made, "can I return it?")
        if channel.kind.acknowledges:
            assert await saying
    async with channel.product() as made:
        assert await saying
        assert len(await channel.platform.until_shown("ann", 1)) == 1
        await made.settled()
        assert await made.answers() == {"can I return it?": 1}
        assert len(channel.platform.shown("ann")) == 1
