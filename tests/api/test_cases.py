"""Letters over the API: where they are and why, sorted and undone, and as they came."""

from __future__ import annotations

from hub.connector import Limits
from hub.types import Case, InboundMessage, Letter, Receipt
from tests.api.office import Office


async def letter(office: Office, id: str, sender: str, case: Case) -> Receipt:
    office.house.push.limits = Limits(text=1000, letters=True)
    receipt = await office.house.intake.receive(
        InboundMessage(
            channel="tg",
            sender=sender,
            scope=id,
            external_id="hash",
            text="what is love?",
            case=case,
            letter=Letter(sender=sender, subject="Love"),
            participants=(sender,),
            raw=b"Subject: Love\r\n\r\nwhat is love?",
        )
    )
    await office.house.turns.take(receipt.conversation)
    await office.house.outbox.drain(receipt.conversation)
    return receipt


async def test_letters_are_merged_split_and_put_back(office: Office) -> None:
    _, token = await office.worker("li")
    lamp = await letter(office, "<1@x>", "ann@example.com", Case(rule="new", reason="nothing like it"))
    bill = await letter(
        office, "<2@x>", "bob@example.com", Case(rule="stranger", reason="not of this case", maybe=(lamp.conversation,))
    )
    status, seen = await office.call("GET", f"/conversations/{bill.conversation}/messages", token=token)
    assert status == 200
    assert seen["items"][0]["letter"] == {"sender": "bob@example.com", "subject": "Love"}
    assert seen["items"][0]["case"]["maybe"] == [lamp.conversation]

    merge = f"/conversations/{bill.conversation}/merge"
    status, change = await office.call("POST", merge, {"into": lamp.conversation}, token=token)
    assert (status, change["kind"], change["agent"]) == (200, "merge", "Li")
    _, listed = await office.call("GET", f"/conversations/{lamp.conversation}/changes", token=token)
    assert [one["id"] for one in listed["items"]] == [change["id"]]
    split = f"/conversations/{lamp.conversation}/split"
    assert (await office.call("POST", split, {"message": "unheard of"}, token=token))[0] == 400
    status, _ = await office.call("POST", f"/changes/{change['id']}/undo", token=token)
    assert status == 200
    status, _ = await office.call("POST", f"/changes/{change['id']}/undo", token=token)
    assert status == 409
    assert (await office.call("POST", "/changes/none/undo", token=token))[0] == 400
    assert (await office.call("POST", "/changes/999/undo", token=token))[0] == 404
    assert (await office.call("POST", merge, {"into": "nowhere"}, token=token))[0] == 404
    assert (await office.call("POST", merge, {"into": lamp.conversation}))[0] == 401


async def test_a_letter_as_it_came(office: Office) -> None:
    _, token = await office.worker("li")
    lamp = await letter(office, "<1@x>", "ann@example.com", Case(rule="new", reason="nothing like it"))
    url = office.server.make_url(f"/api/v1/conversations/{lamp.conversation}/messages/{lamp.id}/original")
    async with office.client.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
        assert await response.read() == b"Subject: Love\r\n\r\nwhat is love?"
        assert response.headers["Content-Disposition"].endswith(".eml")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    chat = await office.waiting()
    assert (await office.call("GET", f"/conversations/{chat}/messages/none/original", token=token))[0] == 404
