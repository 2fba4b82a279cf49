"""Letters over the API: where they are and why, sorted and undone, and as they came."""

from __future__ import annotations

from hub.connector import Limits
from hub.types import Case, InboundMessage, Letter, Receipt
from tests.api.office import Office
from tests.hub.house import TestChannel


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

    _, listed = await office.call("GET", "/conversations", token=token)
    assert {one["id"]: one["subject"] for one in listed["items"]}[bill.conversation] == "Love"

    for words, found in (("LOVE", [bill, lamp]), ("bob@", [bill]), ("sender", [])):
        _, listed = await office.call("GET", f"/conversations?q={words}", token=token)
        assert [one["id"] for one in listed["items"]] == [one.conversation for one in found]

    decline = f"/conversations/{bill.conversation}/decline"
    for _ in range(2):  # by two agents at once
        assert (await office.call("POST", decline, {"other": lamp.conversation}, token=token))[0] == 204
    assert (await office.call("POST", decline, {"other": "nowhere"}, token=token))[0] == 204
    assert (await office.call("POST", "/conversations/nowhere/decline", {"other": "x"}, token=token))[0] == 404
    _, seen = await office.call("GET", f"/conversations/{bill.conversation}/messages", token=token)
    assert seen["items"][0]["case"]["declined"] == [lamp.conversation]

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


class Shows(TestChannel):
    """A channel that can show its letters."""

    def page(self, raw: bytes, *, images: bool) -> str:
        return f"<p>{raw.decode().splitlines()[-1]}</p>{'<img src=https://x.example/a.png>' if images else ''}"


async def test_a_letter_as_it_was_sent_is_a_page_that_can_do_nothing(office: Office) -> None:
    _, token = await office.worker("li")
    lamp = await letter(office, "<1@x>", "ann@example.com", Case(rule="new", reason="nothing like it"))
    path = f"/conversations/{lamp.conversation}/messages/{lamp.id}/page"
    assert (await office.call("GET", path, token=token))[0] == 404  # the channel does not offer it
    office.channels.add(Shows(office.house.push.channel, "push"))

    async def shown(query: str = "") -> tuple[str, str]:
        url = office.server.make_url(f"/api/v1{path}")
        async with office.client.get(f"{url}{query}", headers={"Authorization": f"Bearer {token}"}) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert response.headers["Referrer-Policy"] == "no-referrer"
            return await response.text(), response.headers["Content-Security-Policy"]

    page, policy = await shown()
    assert "<p>what is love?</p>" in page
    assert "<img" not in page
    assert {"default-src 'none'", "img-src data:", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    page, policy = await shown("?images=1")
    assert "x.example" in page
    assert "img-src data: https: http:" in policy.split("; ")
    assert (await office.call("GET", f"{path}?images=2", token=token))[0] == 400
    assert (await office.call("GET", path.replace(lamp.id, "none"), token=token))[0] == 404
    assert (await office.call("GET", path))[0] == 401
