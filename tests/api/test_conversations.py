"""What agents see and do, over HTTP."""

from __future__ import annotations

import asyncio
import uuid

from hub.store import attachments, streams
from hub.types import Attachment
from tests.api.office import Json, Office
from tests.hub.house import HIT


async def test_a_conversation_from_the_queue_to_its_release(office: Office) -> None:
    li, token = await office.worker("li")
    conversation = await office.waiting()
    at = f"/conversations/{conversation}"

    status, page = await office.call("GET", "/conversations?status=waiting", token=token)
    assert status == 200
    assert page["next"] is None
    (item,) = page["items"]
    assert (item["id"], item["status"], item["channel"], item["agent"]) == (conversation, "waiting", "web", None)
    assert item["customer"]["identities"] == [{"channel": "web", "external_id": "ann"}]
    assert (item["reason"], item["queue_position"], item["language"]) == ("asked", 1, "en")
    assert item["last_message"]["author"] == "bot"

    status, taken = await office.call("POST", f"{at}/claim", token=token)
    assert (status, taken["status"], taken["agent"]) == (200, "human", {"id": li.id, "name": "Li"})
    status, said = await office.call("POST", f"{at}/messages", {"id": "m1", "text": "Hello, Li here."}, token=token)
    assert (status, said["id"], said["author"], said["delivery"]) == (201, "m1", "agent", "sent")
    assert said["agent"] == {"id": li.id, "name": "Li"}
    status, left = await office.call("POST", f"{at}/release", token=token)
    assert (status, left["status"], left["agent"], left["waiting_since"]) == (200, "bot", None, None)

    status, transcript = await office.call("GET", f"{at}/messages", token=token)
    assert status == 200
    assert [(line["author"], line["seq"]) for line in transcript["items"]] == [
        ("customer", 1),
        ("bot", 2),
        ("agent", 5),
    ]
    assert transcript["items"][1]["answers"] == [transcript["items"][0]["id"]]


async def test_the_context_says_what_happened_before(office: Office) -> None:
    _, token = await office.worker("li")
    first = await office.house.say("can I return it?")
    await office.house.turns.take(first.conversation)
    at = f"/conversations/{first.conversation}"
    _, before = await office.call("GET", at, token=token)
    assert [line["text"] for line in before["context"]["summary"]] == ["can I return it?", HIT.answer]
    assert before["context"]["articles"][0]["article"] == HIT.article

    await office.waiting()
    _, shown = await office.call("GET", at, token=token)
    context = shown["context"]
    assert (context["intent"], context["confidence"], context["reason"]) == ("ask_human", 0.9, "asked")
    assert context["slots"] == {"order": "A1"}
    assert [line["author"] for line in context["summary"]] == ["customer", "bot", "customer", "bot"]
    assert context["waiting_since"] == shown["waiting_since"]
    assert context["customer"]["id"] == shown["customer"]["id"]
    assert context["identities"] == shown["customer"]["identities"]


async def test_two_agents_race_and_one_gets_it(office: Office) -> None:
    tokens = [(await office.worker(name))[1] for name in ("li", "wang")]
    for n in range(5):
        at = f"/conversations/{await office.waiting(sender=f'customer {n}')}"
        calls = [office.call("POST", f"{at}/claim", token=token) for token in tokens * 2]
        statuses = [status for status, _ in await asyncio.gather(*calls)]
        assert sorted(statuses) == [200, 200, 409, 409], "the winner's second claim is fine, the loser's is not"
        winner, loser = (tokens if statuses[0] == 200 else tokens[::-1])[:2]
        for action in ("messages", "release", "transfer", "close", "typing"):
            body = {"text": "hi", "id": "x"} if action == "messages" else {"team": "tier 2"}
            status, problem = await office.call("POST", f"{at}/{action}", body, token=loser)
            assert status in (403, 409), (action, problem)
        async with office.house.db.connection() as conn:
            steps = await conn.fetchval(
                "select count(*) from status_changes where action = 'claim' and conversation = $1", at.split("/")[2]
            )
        assert steps == 1
        assert (await office.call("POST", f"{at}/typing", token=winner))[0] == 204


async def test_the_same_id_is_the_same_message(office: Office) -> None:
    _, token = await office.worker("li")
    _, other = await office.worker("wang")
    at = f"/conversations/{await office.waiting()}"
    await office.call("POST", f"{at}/claim", token=token)
    body = {"id": str(uuid.uuid4()), "text": "once"}
    answers = await asyncio.gather(*(office.call("POST", f"{at}/messages", body, token=token) for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len({answer["seq"] for _, answer in answers}) == 1
    await office.call("POST", f"{at}/release", token=token)
    assert (await office.call("POST", f"{at}/messages", body, token=token))[0] == 200, "it was said; that stays so"
    assert (await office.call("POST", f"{at}/messages", {"id": "new", "text": "late"}, token=token))[0] == 403
    assert (await office.call("POST", f"{at}/messages", body, token=other))[0] == 409, "another's id"
    elsewhere = f"/conversations/{await office.waiting(sender='bob')}"
    await office.call("POST", f"{elsewhere}/claim", token=token)
    assert (await office.call("POST", f"{elsewhere}/messages", body, token=token))[0] == 201, "ids count per stream"
    _, transcript = await office.call("GET", f"{at}/messages", token=token)
    assert [line["text"] for line in transcript["items"] if line["author"] == "agent"] == ["once"]


async def test_notes_are_for_agents_alone(office: Office) -> None:
    _, token = await office.worker("li")
    conversation = await office.waiting()
    at = f"/conversations/{conversation}"
    status, note = await office.call("POST", f"{at}/notes", {"text": "a regular", "id": "n1"}, token=token)
    assert (status, note["kind"], note["seq"], note["text"]) == (201, "note", None, "a regular")
    assert (await office.call("POST", f"{at}/notes", {"text": "a regular", "id": "n1"}, token=token))[0] == 200
    await office.house.say("hello?")
    _, transcript = await office.call("GET", f"{at}/messages", token=token)
    assert [line["kind"] for line in transcript["items"]] == ["message", "message", "note", "message"]
    async with office.house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from messages where kind = 'note' and seq is not null") == 0


async def test_a_conversation_is_handed_on(office: Office) -> None:
    li, token = await office.worker("li")
    wang, other = await office.worker("wang")
    await office.hire("editor", "editor")
    at = f"/conversations/{await office.waiting()}"
    await office.call("POST", f"{at}/claim", token=token)
    for body, status in (
        ({}, 400),
        ({"agent": wang.id, "team": "x"}, 400),
        ({"agent": "nobody"}, 400),
        ({"agent": "editor@example.com"}, 400),
        ({"agent": li.id}, 400),
    ):
        assert (await office.call("POST", f"{at}/transfer", body, token=token))[0] == status
    status, moved = await office.call("POST", f"{at}/transfer", {"agent": wang.id, "note": "yours"}, token=token)
    assert (status, moved["status"], moved["agent"]["id"]) == (200, "human", wang.id)
    assert (await office.call("POST", f"{at}/transfer", {"agent": li.id}, token=token))[0] == 409
    status, queued = await office.call("POST", f"{at}/transfer", {"team": "repairs"}, token=other)
    assert (status, queued["status"], queued["team"], queued["reason"]) == (200, "waiting", "repairs", "transfer")
    _, transcript = await office.call("GET", f"{at}/messages", token=other)
    assert transcript["items"][-1]["text"] == "yours"


async def test_close_and_what_no_longer_goes(office: Office) -> None:
    _, token = await office.worker("li")
    at = f"/conversations/{await office.waiting()}"
    assert (await office.call("POST", f"{at}/release", token=token))[0] == 409
    assert (await office.call("POST", f"{at}/close", token=token))[1]["status"] == "closed"
    for action in ("claim", "release", "close"):
        status, problem = await office.call("POST", f"{at}/{action}", token=token)
        assert (status, problem["title"]) == (409, "Not now")
    missing = f"/conversations/{uuid.uuid4()}"
    for method, path, body in (
        ("GET", missing, None),
        ("GET", f"{missing}/messages", None),
        ("POST", f"{missing}/claim", None),
        ("POST", f"{missing}/messages", {"id": "x", "text": "hi"}),
        ("POST", f"{missing}/notes", {"text": "hi"}),
        ("POST", f"{missing}/transfer", {"team": "x"}),
        ("POST", f"{missing}/typing", None),
        ("GET", "/attachments/none", None),
    ):
        assert (await office.call(method, path, body, token=token))[0] == 404, path


async def test_bad_requests_name_the_field(office: Office) -> None:
    _, token = await office.worker("li")
    at = f"/conversations/{await office.waiting()}"
    await office.call("POST", f"{at}/claim", token=token)
    bad: list[tuple[str, str, Json, str]] = [
        ("GET", "/conversations?status=asleep", None, "status"),
        ("GET", "/conversations?limit=0", None, "limit"),
        ("GET", "/conversations?limit=many", None, "limit"),
        ("GET", "/conversations?cursor=%21%21", None, "cursor"),
        ("GET", "/conversations?cursor=abc", None, "cursor"),
        ("GET", f"{at}/messages?after=-1", None, "after"),
        ("GET", f"{at}/messages?after=99999999999999999999999", None, "after"),
        ("POST", f"{at}/messages", {"id": "x" * 65, "text": "hi"}, "id"),
        ("POST", f"{at}/messages", {"id": "", "text": "hi"}, "id"),
        ("POST", f"{at}/messages", {"id": "x"}, "text"),
        ("POST", f"{at}/messages", {"id": "x", "text": " \n"}, "text"),
        ("POST", f"{at}/messages", {"id": "x", "text": "x" * 20_001}, "text"),
        ("POST", f"{at}/messages", {"id": "x", "text": 5}, "text"),
        ("POST", f"{at}/messages", ["x"], "object"),
        ("POST", f"{at}/messages", {"id": "a\x00b", "text": "hi"}, "no text"),
        ("GET", "/conversations/%00", None, "no text"),
        ("POST", f"{at}/notes", {}, "text"),
    ]
    for method, path, body, word in bad:
        status, problem = await office.call(method, path, body, token=token)
        assert (status, problem["title"]) == (400, "Invalid request"), path
        assert word in problem["detail"], (path, problem)
    status, said = await office.call("POST", f"{at}/messages", {"id": "x", "text": "a\x00b"}, token=token)
    assert (status, said["text"]) == (201, "ab")


async def test_the_list_is_filtered(office: Office) -> None:
    _, token = await office.worker("li")
    web = await office.waiting("a human for my 100% broken phone", sender="ann")
    tg = await office.waiting("hello", sender="bob", channel="tg")
    async with office.house.db.connection() as conn:
        await conn.execute(
            "update customers set name = '王小明', email = 'xm@example.com' where id = "
            "(select customer from conversations where id = $1)",
            tg,
        )
    async with office.house.db.transaction() as conn:
        stream = await streams.lock_or_create(conn, "web", "silent")
        await streams.start_conversation(conn, stream, "en")
    await office.call("POST", f"/conversations/{web}/claim", token=token)
    for parameters, found in {
        "": {web, tg},
        "?status=": {web, tg},
        "?status=human": {web},
        "?status=bot,human": {web, tg},
        "?status=waiting": set(),
        "?channel=tg": {tg},
        "?channel=tg&status=human": set(),
        "?agent=me": {web},
        "?q=小明": {tg},
        "?q=XM@example": {tg},
        "?q=100%25": {web},
        "?q=1_0": set(),
        "?q=phone": {web},
        f"?q={tg}": {tg},
    }.items():
        status, page = await office.call("GET", f"/conversations{parameters}", token=token)
        assert (status, {item["id"] for item in page["items"]}) == (200, found), parameters


async def test_unread_counts_what_nobody_answered(office: Office) -> None:
    _, token = await office.worker("li")
    conversation = await office.waiting()
    for _ in range(3):
        await office.house.say("are you there?")
    _, page = await office.call("GET", "/conversations", token=token)
    assert (page["items"][0]["unread"], page["items"][0]["last_message"]["text"]) == (3, "are you there?")
    await office.call("POST", f"/conversations/{conversation}/claim", token=token)
    await office.call("POST", f"/conversations/{conversation}/messages", {"id": "x", "text": "Yes."}, token=token)
    _, page = await office.call("GET", "/conversations", token=token)
    assert page["items"][0]["unread"] == 0


async def test_paging_while_things_move(office: Office) -> None:
    _, token = await office.worker("li")
    made = [(await office.house.say("hello", sender=f"customer {n}")).conversation for n in range(25)]
    seen: list[str] = []
    cursor, pages = "", 0
    while True:
        _, page = await office.call("GET", f"/conversations?limit=4{cursor}", token=token)
        assert len(page["items"]) <= 4
        seen += [item["id"] for item in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        await office.house.say("again", sender=f"customer {24 - pages}")  # one that was shown already
    assert seen == made[::-1], "what was not shown yet keeps its place; nothing comes twice"
    assert pages == 7


async def test_a_transcript_a_page_at_a_time(office: Office) -> None:
    _, token = await office.worker("li")
    receipts = [await office.house.say(f"line {n}") for n in range(10)]
    at = f"/conversations/{receipts[0].conversation}/messages"
    await office.call("POST", f"/conversations/{receipts[0].conversation}/notes", {"text": "a note"}, token=token)
    texts: list[str] = []
    cursor = ""
    while True:
        _, page = await office.call("GET", f"{at}?limit=3{cursor}", token=token)
        texts += [line["text"] for line in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert texts == [f"line {n}" for n in range(10)] + ["a note"]
    _, rest = await office.call("GET", f"{at}?after=8", token=token)
    assert [line["text"] for line in rest["items"]] == ["line 8", "line 9", "a note"]


async def test_a_customers_file_is_given_as_a_file(office: Office) -> None:
    _, token = await office.worker("li")
    async with office.house.db.transaction() as conn:
        stream = await streams.lock_or_create(conn, "web", "ann")
        file: Attachment = await attachments.add(
            conn, stream.id, "发票 \r\n1.html", "text/html", b"<script>alert(1)</script>"
        )
    url = office.server.make_url(f"/api/v1/attachments/{file.id}")
    async with office.client.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
        assert (response.status, await response.read()) == (200, b"<script>alert(1)</script>")
        assert response.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == "application/octet-stream"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert (await office.call("GET", f"/attachments/{file.id}"))[0] == 401


async def test_the_openapi_document_knows_every_route(office: Office) -> None:
    status, document = await office.call("GET", "/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in office.server.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert served - described == {("get", "/api/v1/openapi.json")}
    claim = document["paths"]["/api/v1/conversations/{id}/claim"]["post"]
    assert set(claim["responses"]) == {"200", "401", "403", "404", "409"}
    upload = document["paths"]["/api/v1/conversations/{id}/attachments"]["post"]
    assert set(upload["requestBody"]["content"]) == {"multipart/form-data"}
    listing = document["paths"]["/api/v1/conversations"]["get"]
    assert {parameter["name"] for parameter in listing["parameters"]} == {
        "limit", "cursor", "status", "channel", "agent", "q"
    }  # fmt: skip
