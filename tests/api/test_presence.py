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
