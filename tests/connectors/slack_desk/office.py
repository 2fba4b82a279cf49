"""A shop whose agents work in Slack and in the console: one workspace, the product, and the console's API beside it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from handoff.views import MessageView
from handoff.views import message as view
from hub.store import overview
from hub.types import Agent
from tests.contracts.product import Product, product
from tests.kill.stack import free_port
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_workspace import Json, buttons

AGENTS = "support"


async def eventually(condition: Callable[[], bool], what: object = "", longest: float = 20.0) -> None:
    """Waits until the condition holds."""
    try:
        async with asyncio.timeout(longest):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never came about: {what() if callable(what) else what}") from None


@dataclass
class Office:
    """The workspace, and the product at the same address at each start."""

    slack: SlackSimulator
    database_url: str
    more: dict[str, object] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @contextlib.asynccontextmanager
    async def open(self, *, working: bool = True) -> AsyncIterator[Desks]:
        """One process of the product."""
        settings = {**self.slack.channel(), **self.more}
        async with product(self.database_url, settings, self.port, working=working) as made:
            await self.slack.connect(made.url)
            yield Desks(self.slack, made)


@dataclass
class Desks:
    """The running product, with what customers, agents in Slack and agents in the console do."""

    slack: SlackSimulator
    product: Product

    async def hire(self, name: str, roles: Iterable[str] = ("agent",)) -> Agent:
        """Somebody who works here; in Slack they are found by their address."""
        self.slack.workspace.user(name)
        await self.product.rows(
            "insert into users (id, email, name, password_hash, roles) values ($1, $2, $3, '', $4) "
            "on conflict do nothing",
            f"id-of-{name}",
            f"{name}@example.com",
            name.title(),
            list(roles),
        )
        return Agent(f"id-of-{name}", name.title(), f"{name}@example.com", ("agent",))

    # The customers ---------------------------------------------------------------------------------------------------

    async def says(self, text: str, customer: str = "ann") -> None:
        """A customer writes, and everything that follows of it has come to rest."""
        assert await self.slack.say(customer, text)
        await self.product.settled()

    async def hands_over(self, customer: str = "ann") -> str:
        """A customer asks for a person; answers the conversation."""
        await self.says("a human, please", customer)
        return await self.conversation(customer)

    async def conversation(self, customer: str = "ann") -> str:
        """A customer's conversation."""
        found = await self.product.rows(
            """select c.id from conversations c join identities i on i.conversation = c.id
                where i.external_id like '%' || $1""",
            self.slack.workspace.direct(customer),
        )
        return str(found[0]["id"])

    def seen_by(self, customer: str = "ann") -> list[str]:
        """What a customer's app shows of ours."""
        return [shown.text or str(shown.file) for shown in self.slack.shown(customer)]

    # The threads -----------------------------------------------------------------------------------------------------

    def firsts(self) -> list[Json]:
        """The posts with which threads begin."""
        return [message for message in self.slack.posts(AGENTS) if "thread_ts" not in message]

    async def thread(self, number: int = 0) -> str:
        """The id of the first, second... thread, once there is one."""
        await eventually(lambda: len(self.firsts()) > number, lambda: self.slack.posts(AGENTS))
        return str(self.firsts()[number]["ts"])

    def first(self, thread: str) -> str:
        """What the post shows with which a thread begins."""
        return self.slack.thread(AGENTS, thread)[0]

    def buttons(self, thread: str) -> list[str]:
        """The buttons there."""
        message = self.slack.workspace.message(self.slack.workspace.room(AGENTS), thread)
        assert message is not None
        return [str(button["text"]["text"]) for button in buttons(message)]

    def lines(self, thread: str) -> list[str]:
        """All that stands in a thread, line by line, in which nobody writes lines of their own."""
        room = self.slack.workspace.room(AGENTS)
        lines: list[str] = []
        for message in self.slack.workspace.thread(room, thread)[1:]:
            shown = self.slack.workspace.look(message)
            if "bot_id" not in message:
                shown = f"<{self.slack.workspace.names[message['user']]}> {shown}"
            lines += [line for line in shown.split("\n") if line]
            lines += [f"file {file['name']}" for file in message.get("files", ())]
        return lines

    async def until_lines(self, thread: str, wanted: list[str], longest: float = 20.0) -> None:
        """Waits until exactly this stands in a thread."""
        with contextlib.suppress(AssertionError):
            await eventually(lambda: self.lines(thread) == wanted, longest=longest)
        assert self.lines(thread) == wanted

    async def until_first(self, thread: str, words: str) -> None:
        """Waits until the first post says this."""
        await eventually(lambda: words in self.first(thread), lambda: self.first(thread))

    async def at_rest(self) -> None:
        """Waits until all that was done is carried out, and all that happened is written."""
        await self.product.until("select not exists (select from desk_inbox where done_at is null)")
        await self.product.settled()
        await self.product.until(
            """select not exists (select from desk_lines where ts is null)
                and not exists (select from desk_threads where thread is null or touched <> shown)
                and (select split_part(value, '-', 1)::numeric from channel_state where key = 'desk:position')
                    >= (select max(xid::text::numeric) from events)"""
        )

    # The agents in Slack ---------------------------------------------------------------------------------------------

    async def writes(self, agent: str, text: str, thread: str, **more: Any) -> str:
        """An agent writes in a thread; answers when."""
        return await self.slack.write(agent, text, AGENTS, thread, **more)

    async def presses(self, agent: str, title: str, thread: str) -> None:
        """An agent presses a button of the first post."""
        await eventually(lambda: title in self.buttons(thread), lambda: self.buttons(thread))
        assert await self.slack.press_in(agent, AGENTS, thread, title)

    async def whispered(self, name: str, words: str) -> str:
        """Waits until somebody alone was told this; answers all of it."""
        found: list[str] = []

        def heard() -> bool:
            found[:] = [text for who, text in self.slack.api.whispers if who == name and words in text]
            return bool(found)

        await eventually(heard, lambda: self.slack.api.whispers)
        return found[-1]

    # What the console shows ------------------------------------------------------------------------------------------

    async def transcript(self, conversation: str) -> list[MessageView]:
        """As the console's API gives it."""
        async with self.product.db.connection() as conn:
            return [view(message) for message in await overview.transcript(conn, conversation, 0, 0, 1000)]

    async def status(self, conversation: str) -> tuple[str, str | None]:
        """A conversation's state and owner."""
        row = (await self.product.rows("select status, owner from conversations where id = $1", conversation))[0]
        return row["status"], row["owner"]


_SAID = re.compile(r"(<\w+> (?:! )?|(?:🔒 \w+, note|ann|Assistant|System|Bob|Eve): )(.*)")


async def both_sides(desks: Desks, conversation: str, thread: str, *, late: bool = False) -> None:
    """What was said and noted, as the console's API gives it, is what stands in the thread: the same list.

    `late`: what agents wrote there may stand above what Slack was told only afterwards, and reach us in another order.
    """
    await desks.at_rest()
    lines = [*desks.first(thread).split("\n"), *desks.lines(thread)]
    there = [(found[1], found[2]) for line in lines if (found := _SAID.fullmatch(line))]
    said = [said.text for said in await desks.transcript(conversation)]
    own = [text for who, text in there if who.startswith("<")]
    if late:
        assert sorted(text for text in said if text in own) == sorted(own), (said, lines)
        there = [(who, text) for who, text in there if not who.startswith("<")]
        said = [text for text in said if text not in own]
    assert [text for _, text in there] == said, (said, lines)
