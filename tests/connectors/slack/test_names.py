"""What people are called is asked beside, whatever Slack answers."""

from __future__ import annotations

from connectors.slack.api import SlackApi, User
from connectors.slack.names import Names
from tests.connectors.slack.conftest import Workplace


async def test_an_answer_that_is_none_of_slacks_ends_no_asking(workplace: Workplace) -> None:
    real = SlackApi.user
    failed: list[str] = []

    async def user(self: SlackApi, id: str) -> User:
        if not failed:
            failed.append(id)
            raise AttributeError("'str' object has no attribute 'get'")
        return await real(self, id)

    async with workplace.product() as made:
        names: Names = made.connector._names  # type: ignore[attr-defined]
        names._api.user = user.__get__(names._api)  # type: ignore[method-assign]
        await workplace.slack.say("ann", "hello")
        await workplace.slack.say("ben", "hello")
        await made.until("select count(*) from customers where name = 'ben'", is_=1)

    assert failed == [workplace.slack.workspace.user("ann")]
