"""Files that agents send."""

from __future__ import annotations

import io

from aiohttp import FormData

from hub.files import MAX_FILE
from hub.store import attachments, streams
from hub.types import Attachment, RemoteFile
from tests.api.office import Json, Office


async def upload(
    office: Office, conversation: str, token: str, data: bytes = b"%PDF-", name: str = "发票.pdf"
) -> tuple[int, Json]:
    """Uploads a file for a conversation; answers the status and the decoded body."""
    form = FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/pdf")
    url = office.server.make_url(f"/api/v1/conversations/{conversation}/attachments")
    async with office.client.post(url, data=form, headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status, await response.json(content_type=None)


async def owned(office: Office, token: str, sender: str = "ann") -> str:
    conversation = await office.waiting(sender=sender)
    assert (await office.call("POST", f"/conversations/{conversation}/claim", token=token))[0] == 200
    return conversation


async def test_a_file_goes_with_a_message_that_may_have_no_text(office: Office) -> None:
    _, token = await office.worker("li")
    conversation = await owned(office, token)
    status, file = await upload(office, conversation, token, name="../发票.pdf")
    assert (status, file) == (
        201,
        {"id": file["id"], "name": "发票.pdf", "type": "application/pdf", "size": 5},
    )
    body = {"id": "m1", "attachments": [file["id"]]}
    for expected in (201, 200):
        status, said = await office.call("POST", f"/conversations/{conversation}/messages", body, token=token)
        assert (status, said["text"], said["attachments"]) == (expected, "", [file])
    async with office.house.db.connection() as conn:
        stream = await streams.find(conn, "web", "ann")
        assert stream is not None
        found = await attachments.read(conn, file["id"], stream.id)
    assert found is not None, "the customer may have it"
    assert found[1] == b"%PDF-"


async def test_only_the_owner_uploads(office: Office) -> None:
    _, token = await office.worker("li")
    _, other = await office.worker("wang")
    conversation = await office.waiting()
    assert (await upload(office, conversation, token))[0] == 403, "nobody's yet"
    await office.call("POST", f"/conversations/{conversation}/claim", token=token)
    assert (await upload(office, conversation, other))[0] == 403
    assert (await upload(office, "none", token))[0] == 404
    assert (await upload(office, conversation, "made-up"))[0] == 401
    async with office.house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from attachments") == 0


async def test_what_is_no_file_or_too_large_is_refused(office: Office) -> None:
    _, token = await office.worker("li")
    conversation = await owned(office, token)
    status, problem = await upload(office, conversation, token, b"x" * (MAX_FILE + 1))
    assert (status, problem["detail"]) == (413, "a file may have 10 MB")
    assert (await upload(office, conversation, token, b"x" * MAX_FILE))[0] == 201
    at = f"/conversations/{conversation}/attachments"
    assert (await office.call("POST", at, {"file": "x"}, token=token))[0] == 400
    async with office.house.db.connection() as conn:
        assert await conn.fetchval("select count(*) from attachments") == 1


async def test_only_files_of_this_customer_that_are_here_can_be_sent(office: Office) -> None:
    _, token = await office.worker("li")
    conversation, elsewhere = await owned(office, token), await owned(office, token, sender="bob")
    _, foreign = await upload(office, elsewhere, token)
    async with office.house.db.transaction() as conn:
        stream = await streams.lock_or_create(conn, "web", "ann")
        awaited: tuple[Attachment, ...] = await attachments.expect(conn, stream.id, [RemoteFile("h", "photo.jpg")])
    at = f"/conversations/{conversation}/messages"
    for ids in (["none"], [foreign["id"]], [awaited[0].id], ["x"] * 11):
        status, problem = await office.call("POST", at, {"id": "m1", "text": "see", "attachments": ids}, token=token)
        assert (status, problem["detail"].partition(":")[0]) == (400, "attachments")
    status, problem = await office.call("POST", at, {"id": "m1", "text": " ", "attachments": []}, token=token)
    assert (status, problem["detail"]) == (400, "text: must not be empty")
    _, transcript = await office.call("GET", at, token=token)
    assert all(line["author"] != "agent" for line in transcript["items"])
