"""The client, against a real server."""

from __future__ import annotations

from collections import Counter

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.load import Dialogue, Job, play, read_head
from benchmarks.rounds import run


async def echo(request: web.Request) -> web.Response:
    asked = await request.json()
    if asked["message"] == "fail":
        return web.json_response({"error": "no"}, status=500)
    if asked["message"] == "hang up":
        assert request.transport is not None
        request.transport.close()
    return web.json_response([{"recipient_id": asked["sender"], "text": asked["message"]}])


async def served() -> TestServer:
    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", echo)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    return server


async def test_every_message_is_said_once_in_its_dialogues_order_and_openings_do_not_count() -> None:
    server = await served()
    try:
        assert server.port is not None
        dialogues = tuple((Dialogue(f"c{c}", ("one", "two", "三")),) for c in range(4))
        job = Job(server.port, dialogues, tuple(Dialogue(f"o{c}", ("opening",)) for c in range(4)))
        played = await run(job)
    finally:
        await server.close()
    assert Counter((s.position, s.text) for s in played.samples) == {(0, "one"): 4, (1, "two"): 4, (2, "三"): 4}
    for heard in played.samples:
        assert heard.status == 200
        assert msgspec.json.decode(heard.body)[0]["text"] == heard.text
        assert 0 < heard.seconds <= played.seconds


async def test_a_long_report_comes_back_whole() -> None:
    server = await served()
    try:
        assert server.port is not None
        texts = tuple("long " * 1000 for _ in range(200))
        played = await run(Job(server.port, ((Dialogue("c", texts),),), (Dialogue("o", ()),)))
    finally:
        await server.close()
    assert [len(sample.body) > 5000 for sample in played.samples] == [True] * 200


async def test_errors_are_told_and_the_dialogue_goes_on() -> None:
    server = await served()
    try:
        assert server.port is not None
        job = Job(server.port, ((Dialogue("c", ("fail", "hang up", "fine")),),), (Dialogue("o", ()),))
        played = await play(job)
    finally:
        await server.close()
    assert [sample.status for sample in played.samples] == [500, 0, 200]


def test_the_head_tells_status_and_length() -> None:
    assert read_head(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nServer: x\r\n\r\n") == (200, 12)
