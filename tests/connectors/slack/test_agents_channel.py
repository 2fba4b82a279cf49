"""What is written in the agents' channel is never a customer's message, whenever we learn which channel that is."""

from __future__ import annotations

import pytest

from tests.connectors.slack.conftest import HURRY, Workplace
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_api import WebApi
from tests.simulators.slack_files import Refused
from tests.simulators.slack_workspace import BOT, Json


async def test_while_nobody_knows_the_channel_slack_has_to_deliver_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = WebApi.do_conversations_list
    known = False

    async def listed(self: WebApi, arguments: Json) -> Json:
        if not known:
            raise Refused("internal_error")
        return await real(self, arguments)

    monkeypatch.setattr(WebApi, "do_conversations_list", listed)
    async with SlackSimulator(hurry=HURRY, agents="support") as slack:
        workplace = Workplace(slack, database_url)
        async with workplace.process() as made:
            room = slack.workspace.room("support")
            message = slack.workspace.add(room, user=slack.workspace.user("agnes"), text=f"<@{BOT}> hello")
            events = list(slack.workspace.told(room, message))
            answers = [await slack.post(slack.signed(event)) for event in events]
            assert [answer[0] for answer in answers if answer] == [503, 503]

            assert await slack.say("ann", "hello")  # nothing else can be a direct message
            await slack.until_shown("ann", 1)
            assert "internal_error" in (await made.connector.health()).detail

            known = True
            await made.until("select count(*) from channel_state where key = 'agents_channel:support'", is_=1)
            for event in events:
                assert await slack.tell(event)
            assert await slack.mention("ben", "hello from ben")
            await made.settled()

        found = await made_again(workplace)

    assert found == ["hello", "hello from ben"]


async def made_again(workplace: Workplace) -> list[str]:
    """What customers have said; at a further start the channel is known without Slack."""
    slack = workplace.slack
    slack.faults.extend(["500"] * 100)
    async with workplace.process() as made:
        await slack.mention("agnes", "hello at the second start", "support")
        slack.faults.clear()
        return [
            row["text"] for row in await made.rows("select text from messages where author = 'customer' order by key")
        ]
