"""What happens when somebody is no longer there."""

from __future__ import annotations

from datetime import timedelta

from handoff.presence import Caretaker
from tests.api.office import Office


async def test_what_a_vanished_agent_had_goes_back_to_the_queue(office: Office) -> None:
    _, token = await office.worker("li")
    _, present = await office.worker("wang")
    left, kept = await office.waiting(sender="ann"), await office.waiting(sender="bob")
    await office.call("POST", f"/conversations/{left}/claim", token=token)
    await office.call("POST", f"/conversations/{kept}/claim", token=present)
    caretaker = Caretaker(office.house.db, office.house.steps)
    assert await caretaker.requeue_abandoned() == 0
    async with office.house.db.connection() as conn:
        await conn.execute("update users set seen_at = now() - interval '16 minutes' where email like 'li@%'")
    assert await caretaker.requeue_abandoned() == 1
    assert await caretaker.requeue_abandoned() == 0
    _, page = await office.call("GET", "/conversations?status=waiting", token=present)
    assert [(item["id"], item["reason"]) for item in page["items"]] == [(left, "agent_vanished")]


async def test_whoever_wrote_a_letter_goes_on_waiting(office: Office) -> None:
    """Over a weekend nothing happens to a mail; nobody loses their place by it, nor the agent who answered them."""
    _, token = await office.worker("li")
    waits, answered, asked = [await office.waiting(sender=who, channel="tg") for who in ("ann", "bob", "eve")]
    for case in (answered, asked):
        await office.call("POST", f"/conversations/{case}/claim", token=token)
        await office.call("POST", f"/conversations/{case}/messages", {"id": case, "text": "Yes."}, token=token)
    with_the_bot = (await office.house.say("what is love?", sender="zoe", channel="tg")).conversation
    await office.house.say("And now?", sender="eve", channel="tg")
    async with office.house.db.connection() as conn:
        await conn.execute("update conversations set updated_at = now() - interval '90 hours'")
        await conn.execute("update users set seen_at = now() - interval '90 hours'")
    caretaker = Caretaker(office.house.db, office.house.steps, letters=["tg"])
    assert await caretaker.close_silent() == 1
    assert await caretaker.requeue_abandoned() == 1
    _, page = await office.call("GET", "/conversations", token=token)
    assert {item["id"]: item["status"] for item in page["items"]} == {
        waits: "waiting",
        answered: "human",
        asked: "waiting",
        with_the_bot: "closed",
    }


async def test_what_fell_silent_is_closed(office: Office) -> None:
    _, token = await office.worker("li")
    silent, alive = await office.waiting(sender="ann"), await office.waiting(sender="bob")
    async with office.house.db.connection() as conn:
        await conn.execute("update conversations set updated_at = now() - interval '25 hours' where id = $1", silent)
    caretaker = Caretaker(office.house.db, office.house.steps, close_after=timedelta(hours=24))
    assert await caretaker.close_silent() == 1
    assert await caretaker.close_silent() == 0
    _, page = await office.call("GET", "/conversations", token=token)
    assert {item["id"]: item["status"] for item in page["items"]} == {silent: "closed", alive: "waiting"}
    again = await office.house.say("one more thing", sender="ann")
    assert again.conversation == silent, "reopened, and for the bot: no human had closed it"
    _, shown = await office.call("GET", f"/conversations/{silent}", token=token)
    assert shown["status"] == "bot"
