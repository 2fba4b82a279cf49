"""What platforms say about people and messages, as agents see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.errors import Rejected
from hub.people import People
from hub.types import InboundMessage, RemoteFile, Window
from tests.api.office import Office
from tests.api.test_feed import frame


async def test_what_channels_there_are(office: Office) -> None:
    _, token = await office.worker("li")
    assert (await office.call("GET", "/channels"))[0] == 401
    status, channels = await office.call("GET", "/channels", token=token)
    assert (status, channels) == (
        200,
        {"items": [{"name": "web", "kind": "webchat"}, {"name": "tg", "kind": "telegram"}]},
    )


async def test_a_conversation_says_whether_its_customer_can_be_written_to(office: Office) -> None:
    _, token = await office.worker("li")
    at = f"/conversations/{await office.waiting(sender='bob', channel='tg')}"
    _, before = await office.call("GET", at, token=token)
    assert (before["window"], before["unreachable"], before["erase_asked_at"]) == (None, None, None)
    assert before["context"]["profile"] == {}

    people = People(office.house.db, office.house.bus)
    await people.reachable("tg", "bob", Window(3600, 4))
    await people.describe("tg", "bob", {"user name": "@bob"})
    _, seen = await office.call("GET", at, token=token)
    assert seen["window"]["left"] == 4
    left = datetime.fromisoformat(seen["window"]["until"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < left <= timedelta(hours=1)
    assert seen["context"]["profile"] == {"user name": "@bob"}

    await people.unreachable("tg", "bob", "blocked")
    await people.wants_erasure("tg", "bob")
    _, page = await office.call("GET", "/conversations", token=token)
    assert page["items"][0]["unreachable"] == "blocked"
    assert datetime.fromisoformat(page["items"][0]["erase_asked_at"]) <= datetime.now(UTC)


async def test_news_about_people_come_by_the_feed(office: Office) -> None:
    _, token = await office.worker("li")
    _, editor = await office.worker("ed", "editor")
    conversation = await office.waiting(sender="bob", channel="tg")
    people = People(office.house.db, office.house.bus)
    async with office.following(token) as ws, office.following(editor) as other:
        await frame(ws)
        await frame(other)
        await people.unreachable("tg", "nobody", "blocked")
        await people.describe("tg", "bob", {"username": "@bob"})
        assert (await frame(ws, "person"))["data"]["unreachable"] is None
        await people.describe("tg", "bob", {"username": "@bob"})  # known already
        await people.unreachable("tg", "bob", "blocked")
        told = await frame(ws, "person")
        assert (told["conversation"], told["data"]["id"]) == (conversation, conversation)
        assert told["data"]["unreachable"] == "blocked"
        _, listed = await office.call("GET", "/conversations", token=token)
        assert told["data"] == listed["items"][0]
        async with office.house.db.transaction() as conn:
            await conn.execute("insert into events (kind, article) values ('article', 'a1')")
        office.house.bus.signal("feed")
        assert (await frame(other, "person", "article"))["kind"] == "article", "editors see no customers"


async def test_writing_and_answering_move_the_window_before_the_agents_eyes(office: Office) -> None:
    _, token = await office.worker("li")
    house = office.house
    async with office.following(token) as ws:
        await frame(ws)
        window = Window(3600, 2)
        receipt = await house.intake.receive(
            InboundMessage(channel="tg", sender="bob", scope="bob", external_id="1", text="hello", window=window)
        )
        assert (await frame(ws, "person"))["data"]["window"]["left"] == 2
        await house.turns.take(receipt.conversation)
        await house.outbox.drain(receipt.conversation)
        assert (await frame(ws, "person"))["data"]["window"]["left"] == 1
        await People(house.db, house.bus).unreachable("tg", "bob", "blocked")
        assert (await frame(ws, "person"))["data"]["unreachable"] == "blocked"
        await house.say("me again", sender="bob", channel="tg")
        assert (await frame(ws, "person"))["data"]["unreachable"] is None
        await house.say("and again", sender="bob", channel="tg")
        async with house.db.transaction() as conn:
            await conn.execute("insert into events (kind, article) values ('article', 'a1')")
        house.bus.signal("feed")
        assert (await frame(ws, "person", "article"))["kind"] == "article", "nothing about the person has changed"


async def test_a_message_says_why_it_did_not_arrive(office: Office) -> None:
    _, token = await office.worker("li")
    conversation = await office.waiting(sender="bob", channel="tg")
    async with office.house.db.connection() as conn:
        await conn.execute(
            "update messages set delivery = 'failed', error = 'chat not found' where author <> 'customer'"
        )
    _, transcript = await office.call("GET", f"/conversations/{conversation}/messages", token=token)
    asked, answered = transcript["items"]
    assert "error" not in asked
    assert (answered["delivery"], answered["error"]) == ("failed", "chat not found")


async def test_a_file_that_is_awaited_or_lost_says_so(office: Office) -> None:
    _, token = await office.worker("li")
    house = office.house
    photo = RemoteFile("h", "photo.jpg", "image/jpeg", 9)
    receipt = await house.intake.receive(
        InboundMessage(channel="tg", sender="bob", scope="bob", external_id="1", text="", files=(photo,))
    )
    at = f"/conversations/{receipt.conversation}/messages"
    _, transcript = await office.call("GET", at, token=token)
    (file,) = transcript["items"][0]["attachments"]
    assert file == {"id": file["id"], "name": "photo.jpg", "type": "image/jpeg", "size": 9, "state": "awaited"}
    assert (await office.call("GET", f"/attachments/{file['id']}", token=token))[0] == 404

    house.push.files["h"] = Rejected("the link has expired")
    async with office.following(token) as ws:
        await frame(ws)
        await house.fetching.fetch(file["id"])
        told = (await frame(ws, "message"))["data"]
    assert told["attachments"] == [file | {"state": "lost", "error": "the link has expired"}]
