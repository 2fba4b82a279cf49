"""The agents' side of the simulated Slack by hand: `/as agent` answers in the newest thread of the agents' channel."""

from __future__ import annotations

from tests.simulators.base import Shown
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_workspace import Json, buttons, typed

AGENT = "agent"
"""The demo's log-in is agent@example.com, which is also this one's address."""


class SlackByHand(SlackSimulator):
    """What happens in the agents' channel is shown to the agent, and what they type goes into its newest thread."""

    async def say(
        self,
        sender: str,
        text: str,
        id: str | None = None,
        *,
        thread: str | None = None,
        files: tuple[tuple[str, str, bytes], ...] = (),
    ) -> bool:
        """A direct message; the agent's goes into the newest thread."""
        if not self.agents or sender != AGENT:
            return await super().say(sender, text, id, thread=thread, files=files)
        newest = self._newest()
        if newest is None:
            await self._tell("(there is no thread yet)")
            return True
        await self.write(AGENT, typed(text), self.agents, newest["ts"])
        return True

    async def press(self, sender: str, title: str, payload: str) -> bool:
        """A button of the app's; the agent's are under the first posts of threads."""
        if not self.agents or sender != AGENT:
            return await super().press(sender, title, payload)
        for message in reversed(self.posts(self.agents)):
            for action in buttons(message):
                if (action["text"]["text"], action.get("value")) == (title, payload):
                    return await self.press_in(AGENT, self.agents, message["ts"], title)
        await self._tell("(that button is no longer there)")
        return True

    async def start(self, port: int = 0) -> None:
        """Begins to listen, also to what is said to the agent alone."""
        await super().start(port)
        self.api.on_whisper = self._whispered

    async def show(self, sender: str, shown: Shown) -> None:
        """What the agents' channel shows, the agent sees; once is enough."""
        if not self.agents or sender != self.workspace.room(self.agents):
            await super().show(sender, shown)

    def _newest(self) -> Json | None:
        first = [message for message in self.posts(self.agents) if "thread_ts" not in message]
        threads = {message.get("thread_ts", message["ts"]): message["ts"] for message in self.posts(self.agents)}
        return max(first, key=lambda message: threads.get(message["ts"], ""), default=None)

    async def _tell(self, text: str, choices: tuple[tuple[str, str], ...] = ()) -> None:
        await self.show(AGENT, Shown(text=text, buttons=choices, at=self.now()))

    async def _posted(self, channel: str, message: Json, arguments: Json) -> None:
        await super()._posted(channel, message, arguments)
        await self._look(channel, message)

    async def _changed(self, channel: str, message: Json) -> None:
        await super()._changed(channel, message)
        await self._look(channel, message)

    async def _look(self, channel: str, message: Json) -> None:
        if self.agents and channel == self.workspace.room(self.agents):
            within = "  " if "thread_ts" in message else ""
            choices = tuple((str(b["text"]["text"]), str(b.get("value", ""))) for b in buttons(message))
            await self._tell(within + self.workspace.look(message).replace("\n", f"\n{within}"), choices)

    async def _whispered(self, name: str, text: str) -> None:
        if name == AGENT:
            await self._tell(f"(to you alone) {text}")
