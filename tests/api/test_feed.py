"""The agents' socket: nothing missing, nothing twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from handoff.frames import position_of
from handoff.hydrate import Hydrator
from handoff.reader import Reader
from handoff.ring import Frame, Ring
from hub.store import events
from hub.store.db import AWAY, Connection
from hub.store.events import Position
from tests.api.office import Json, Office


async def frame(ws: ClientWebSocketResponse, *kinds: str) -> Json:
    """The next frame, or the next event of `kinds`."""
    while True:
        received = await ws.receive_json(timeout=10)
        if not kinds or received.get("kind") in kinds:
            return received


async def test_what_happens_is_told_as_the_api_tells_it(office: Office) -> None:
    li, token = await office.worker("li")
    async with office.following(token) as ws:
        ready = await frame(ws)
        assert ready["type"] == "ready"
        conversation = await office.waiting()
        at = f"/conversations/{conversation}"
        _, taken = await office.call("POST", f"{at}/claim", token=token)
        _, said = await office.call("POST", f"{at}/messages", {"id": "m1", "text": "Hello"}, token=token)
        _, note = await office.call("POST", f"{at}/notes", {"text": "nice"}, token=token)
        await office.call("POST", f"{at}/release", token=token)
        told = [await frame(ws, "message", "note", "status") for _ in range(7)]
    assert [(event["kind"], event["conversation"]) for event in told] == [
        (kind, conversation) for kind in ("message", "message", "status", "status", "message", "note", "status")
    ]
    assert [event["data"]["author"] for event in told[:2]] == ["customer", "bot"]
    assert [event["data"]["status"] for event in told if event["kind"] == "status"] == ["waiting", "human", "bot"]
    assert told[3]["data"]["agent"] == {"id": li.id, "name": "Li"} == taken["agent"]
    assert (told[4]["data"], told[5]["data"]) == (said, note)
    cursors = [position_of(event["cursor"]) for event in told]
    assert cursors == sorted(set(cursors), key=lambda at: at or (0, 0))
    async with office.following(token, ready["cursor"]) as ws:
        assert (await frame(ws))["cursor"] == ready["cursor"]
        replayed = [await frame(ws, "message", "note", "status") for _ in range(7)]
    assert [event["cursor"] for event in replayed] == [event["cursor"] for event in told]
    assert [event["data"]["status"] for event in replayed if event["kind"] == "status"] == ["waiting", "human", "bot"]


async def test_nothing_is_missing_and_nothing_twice(office: Office) -> None:
    """Eight writers, some slow to commit, and readers that come back at whatever cursor they had seen."""
    _, token = await office.worker("li")
    chance = random.Random(7)
    writers, each = 8, 40

    async def write(writer: int) -> None:
        for n in range(each):
            async with office.house.db.transaction() as conn:
                await conn.execute("insert into events (kind, article) values ('article', $1)", f"{writer}.{n}")
                if chance.random() < 0.3:
                    await asyncio.sleep(chance.random() * 0.05)
            office.house.bus.signal("feed")

    async def follow(start: str, patience: int) -> list[str]:
        cursor = start
        seen: list[str] = []
        while len(seen) < writers * each:
            async with office.following(token, cursor) as ws:
                assert (await frame(ws)) == {"type": "ready", "cursor": cursor}
                for _ in range(chance.randint(1, patience)):
                    event = await frame(ws, "article")
                    seen.append(event["data"]["id"])
                    cursor = event["cursor"]
                    if len(seen) == writers * each:
                        break
        return seen

    async with office.following(token) as ws:
        start = (await frame(ws))["cursor"]
    followers = [asyncio.create_task(follow(start, patience)) for patience in (5, 40, 10_000)]
    await asyncio.gather(*map(write, range(writers)))
    orders = await asyncio.gather(*followers)
    expected = {f"{writer}.{n}" for writer in range(writers) for n in range(each)}
    for order in orders:
        assert len(order) == len(set(order))
        assert set(order) == expected
    assert orders[0] == orders[1] == orders[2], "everybody sees the same order"


async def test_a_slow_transaction_holds_back_what_comes_after_it(office: Office) -> None:
    _, token = await office.worker("li")
    async with office.following(token) as ws:
        await frame(ws)
        async with office.house.db.transaction() as slow:
            await slow.execute("insert into events (kind, article) values ('article', 'slow')")
            async with office.house.db.transaction() as quick:
                await quick.execute("insert into events (kind, article) values ('article', 'quick')")
            office.house.bus.signal("feed")
            await asyncio.sleep(0.1)
        assert [(await frame(ws, "article"))["data"]["id"] for _ in range(2)] == ["slow", "quick"]


async def test_a_cursor_from_before_the_pruning_means_resync(office: Office) -> None:
    _, token = await office.worker("li")
    async with office.following(token) as ws:
        old = (await frame(ws))["cursor"]
        await office.waiting()
        seen = await frame(ws, "message")
        last = [await frame(ws, "message", "status") for _ in range(2)][-1]
    async with office.house.db.transaction() as conn:
        assert await events.prune(conn, timedelta(days=7)) == 0
    async with office.following(token, old) as ws:
        assert (await frame(ws))["type"] == "ready"
    async with office.house.db.transaction() as conn:
        await conn.execute("update events set created_at = now() - interval '8 days'")
    for gone in (2, 0):
        async with office.house.db.transaction() as conn:
            assert await events.prune(conn, timedelta(days=7)) == gone
    for cursor in (old, seen["cursor"], "nonsense", "1-2-3", f"{2**64}-1", f"{2**40}-1", ""):
        async with office.following(token, cursor) as ws:
            assert (await frame(ws)) == {"type": "resync"}
            ready = await frame(ws)
            assert ready["type"] == "ready"
            receipt = await office.house.say("go on")
            assert (await frame(ws, "message"))["data"]["id"] == receipt.id
    async with office.following(token, last["cursor"]) as ws:
        assert (await frame(ws)) == {"type": "ready", "cursor": last["cursor"]}
        assert (await frame(ws, "message"))["data"]["text"] == "go on"


async def test_who_may_not_is_told_and_closed(office: Office) -> None:
    _, token = await office.worker("li")
    url = office.server.make_url("/api/v1/feed")
    for first, code, name in (
        ('{"type":"hello","token":"made-up","after":null}', 4401, "unauthenticated"),
        ('{"type":"hello","token":null}', 4403, "forbidden"),
        ('{"type":"hi"}', 4400, "invalid_request"),
        ("{", 4400, "invalid_request"),
        ('{"type":"hello","token":5}', 4400, "invalid_request"),
    ):
        async with office.client.ws_connect(url) as ws:
            await ws.send_str(first)
            assert (await frame(ws))["code"] == name
            assert (await ws.receive(timeout=5)).type is WSMsgType.CLOSE
            assert ws.close_code == code
    async with office.client.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")


async def test_editors_see_articles_alone(office: Office) -> None:
    _, token = await office.worker("ed", "editor")
    async with office.following(token) as ws:
        await frame(ws)
        conversation = await office.waiting()
        office.house.bus.signal("typing", conversation, "customer")
        async with office.house.db.transaction() as conn:
            await conn.execute("insert into events (kind, article) values ('article', 'a1')")
        office.house.bus.signal("feed")
        assert (await frame(ws, "message", "status", "typing", "article"))["data"] == {"id": "a1"}


async def test_typing_and_presence_pass_by_under_the_last_cursor(office: Office) -> None:
    li, token = await office.worker("li")
    wang, other = await office.worker("wang")
    async with office.following(token) as ws:
        await frame(ws)
        conversation = await office.waiting()
        await office.call("POST", f"/conversations/{conversation}/claim", token=token)
        last = [await frame(ws, "message", "status") for _ in range(4)][-1]
        office.house.bus.signal("typing", conversation, "customer")
        assert await frame(ws, "typing") == {
            "type": "event",
            "cursor": last["cursor"],
            "kind": "typing",
            "conversation": conversation,
            "data": {"author": "customer"},
        }
        await office.call("POST", f"/conversations/{conversation}/typing", token=token)
        assert (await frame(ws, "typing"))["data"] == {"author": "agent"}
        await office.call("GET", "/me", token=other)
        came = await frame(ws, "presence")
        while came["data"]["id"] == li.id:
            came = await frame(ws, "presence")
        assert came["data"] == {"id": wang.id, "name": "Wang", "online": True}
        _, agents = await office.call("GET", "/agents", token=token)
        assert {agent["id"]: agent["online"] for agent in agents["items"]} == {li.id: True, wang.id: True}


async def test_the_feed_goes_on_after_the_database_was_away(office: Office) -> None:
    _, token = await office.worker("li")
    async with office.following(token) as ws:
        await frame(ws)
        async with office.house.db.connection() as conn:
            await conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        for _ in range(20):
            try:
                await office.house.say("hello", id="m1")
                break
            except AWAY:  # this connection was one of the terminated
                await asyncio.sleep(0.05)
        assert (await frame(ws, "message"))["data"]["id"] == "m1"


async def test_who_does_not_read_is_cut_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def long(_: Connection, ids: Sequence[str]) -> dict[str, object]:
        return dict.fromkeys(ids, "x" * 500_000)

    monkeypatch.setattr("handoff.socket.SLOW", 0.2)
    office.feed._reader._hydrator = Hydrator(long)
    _, token = await office.worker("li")
    async with office.following(token) as ws:
        await frame(ws)
        for n in range(40):
            async with office.house.db.transaction() as conn:
                await conn.execute("insert into events (kind, article) values ('article', $1)", str(n))
        office.house.bus.signal("feed")
        while office.feed._sockets:
            await asyncio.sleep(0.05)


async def test_who_looked_before_the_ring_began_looks_again(office: Office) -> None:
    reader = Reader(office.house.db, office.house.bus, Hydrator())
    async with office.house.db.connection() as conn:
        start = await events.now(conn)
    woken: list[bool] = []
    with reader.following(lambda: woken.append(True)):
        assert await reader.after(start) == []
        async with office.house.db.transaction() as conn:
            await conn.execute("insert into events (kind, article) values ('article', 'between')")
        await reader._advance()
        assert woken
        assert [frame.kind for frame in await reader.after(start)] == ["article"]


def test_the_ring_knows_how_far_back_it_reaches() -> None:
    frames = [Frame(Position(5, n), "message", str(n)) for n in range(1, 8)]
    ring = Ring(Position(5, 0), capacity=3)
    ring.extend(frames[:2])
    assert ring.after(Position(5, 0), 10) == frames[:2]
    ring.extend(frames[2:])
    assert ring.end == Position(5, 7)
    assert ring.after(Position(5, 3), 10) is None
    assert ring.after(Position(5, 4), 2) == frames[4:6]
    assert ring.after(Position(5, 7), 10) == []
    assert ring.after(Position(9, 0), 10) == []
