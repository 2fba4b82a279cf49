"""Agents say whether an answer was right."""

from __future__ import annotations

import pytest

from tests.api.office import Json, Office


async def answered(office: Office, text: str = "may I return this?", sender: str = "ann") -> tuple[str, str]:
    """The conversation and the id of what the bot said."""
    conversation = await office.waiting(text, sender)
    async with office.house.db.connection() as conn:
        id = await conn.fetchval(
            "select id from messages where conversation = $1 and author = 'bot' order by key desc limit 1", conversation
        )
    return conversation, id


def path(conversation: str, message: str) -> str:
    return f"/conversations/{conversation}/messages/{message}/correction"


async def transcript(office: Office, conversation: str, token: str) -> Json:
    _, page = await office.call("GET", f"/conversations/{conversation}/messages", token=token)
    return page["items"]


async def test_a_wrong_answer_is_marked_for_all_agents_and_unmarked(office: Office) -> None:
    _, bea = await office.worker("bea")
    _, cid = await office.worker("cid")
    conversation, message = await answered(office)
    assert "correction" not in (await transcript(office, conversation, cid))[-1]

    async with office.following(cid) as feed:
        assert (await feed.receive_json(timeout=10))["type"] == "ready"
        status, marked = await office.call("PUT", path(conversation, message), {"right": False}, token=bea)
        assert (status, marked["correction"]["right"], marked["correction"]["agent"]["name"]) == (200, False, "Bea")
        event = await feed.receive_json(timeout=10)
        while event["kind"] == "presence":
            event = await feed.receive_json(timeout=10)
    assert (event["kind"], event["data"]) == ("message", marked)
    assert (await transcript(office, conversation, cid))[-1] == marked

    status, again = await office.call("DELETE", path(conversation, message), token=cid)
    assert (status, "correction" in again) == (200, False)
    assert (await transcript(office, conversation, bea))[-1] == again


async def test_saying_the_same_twice_is_saying_it_once(office: Office) -> None:
    _, bea = await office.worker("bea")
    conversation, message = await answered(office)
    for right in (True, True, False, False):
        status, marked = await office.call("PUT", path(conversation, message), {"right": right}, token=bea)
        assert (status, marked["correction"]["right"]) == (200, right)
    for _ in range(2):
        assert (await office.call("DELETE", path(conversation, message), token=bea))[0] == 200


async def test_only_agents_may(office: Office) -> None:
    conversation, message = await answered(office)
    _, editor = await office.worker("eve", "editor")
    _, admin = await office.worker("ada", "admin")
    for method, body in (("PUT", {"right": False}), ("DELETE", None)):
        assert (await office.call(method, path(conversation, message), body))[0] == 401
        assert (await office.call(method, path(conversation, message), body, token=editor))[0] == 403
        assert (await office.call(method, path(conversation, message), body, token=admin))[0] == 200


async def test_only_answers_out_of_the_knowledge_base_can_be_corrected(office: Office) -> None:
    _, bea = await office.worker("bea")
    greeted, greeting = await answered(office, "hello", "ben")
    conversation, message = await answered(office)
    asked = (await transcript(office, conversation, bea))[0]["id"]
    wrong = [(greeted, greeting), (greeted, message), (conversation, asked), (conversation, "x"), ("x", message)]
    for place in wrong:
        assert (await office.call("PUT", path(*place), {"right": False}, token=bea))[0] == 404
        assert (await office.call("DELETE", path(*place), token=bea))[0] == 404


@pytest.mark.parametrize("body", [{}, {"right": None}, {"right": "no"}, [], {"right": 1}])
async def test_a_word_that_is_none_changes_nothing(office: Office, body: Json) -> None:
    _, bea = await office.worker("bea")
    conversation, message = await answered(office)
    assert (await office.call("PUT", path(conversation, message), body, token=bea))[0] in (400, 422)
    assert "correction" not in (await transcript(office, conversation, bea))[-1]
