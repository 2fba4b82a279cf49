"""What an update changes in the core."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from connectors.telegram.settings import TelegramSettings
from connectors.telegram.updates import Edited, Event, Moved, Pressed, Said, Standing
from hub.core import Core
from hub.store import messages
from hub.types import Button, OutboundMessage


class Taking:
    """Stores what came; each call may come twice and then changes nothing."""

    def __init__(self, settings: TelegramSettings, core: Core) -> None:
        self._channel = settings.name
        self._welcome = settings.welcome
        self._core = core

    async def take(self, event: Event, raw: bytes) -> None:
        """Takes in all but presses."""
        match event:
            case Said(start=str(word)) if self._welcome is not None:
                await self._greet(event, self._welcome, word)
            case Said(message=message):
                receipt = await self._core.intake.receive(msgspec.structs.replace(message, raw=raw))
                if receipt.seq == 1 and not receipt.duplicate:
                    await self._describe(event)
            case Edited(sender, id, text):
                await self._core.intake.remark(self._channel, sender, id, f"✎ {text}")
            case Standing():
                await self._stand(event)
            case Moved(before, after):
                await self.move(before, after)
            case Pressed():
                raise AssertionError("a press is taken with its button")

    async def press(self, event: Pressed, button: Button | None) -> str | None:
        """Takes in a press on `button`; answers its title. None: nothing of ours, or another's, was pressed.

        Where the message is no longer stored, what Telegram still shows of the button is what the customer said.
        """
        message = event.message
        if button is None and (event.title is None or ":" in message.sender):
            return None
        title = button.title if button is not None else event.title or ""
        payload = button.payload if button is not None else None
        # Telegram does not say when; a press comes after what was written in the same second.
        pressed_at = datetime.now(UTC).replace(microsecond=999_999)
        await self._core.intake.receive(
            msgspec.structs.replace(message, text=title, payload=payload, sent_at=pressed_at)
        )
        return title

    async def move(self, before: str, after: str) -> None:
        """A group has got another number: its people keep their conversations."""
        for sender in await self._core.people.within(self._channel, before):
            await self._core.people.moved(self._channel, sender, after + sender.removeprefix(before))

    async def _stand(self, event: Standing) -> None:
        people = self._core.people
        for sender in [event.chat] if event.private else await people.within(self._channel, event.chat):
            if event.reason is None:
                await people.reachable(self._channel, sender)
            else:
                await people.unreachable(self._channel, sender, event.reason)

    async def _describe(self, event: Said) -> None:
        facts = {"username": f"@{event.username}" if event.username else "", "start": event.start or ""}
        known = {name: fact for name, fact in facts.items() if fact}
        if known:
            await self._core.people.describe(self._channel, event.message.sender, known)

    async def _greet(self, event: Said, welcome: str, word: str) -> None:
        """Answers a start with the channel's own words, once. The agents see both, the bot is not asked."""
        message = event.message
        async with self._core.db.transaction() as conn:
            now = await self._core.intake.current(
                conn,
                self._channel,
                message.sender,
                message.language,
                name=message.name,
                person=message.person,
            )
            start = f"start:{message.external_id}"
            noted = f"/start {word}".strip()
            new = await messages.add_note(conn, now.stream, now.id, self._channel, None, noted, start)
            if new is not None and now.status == "bot":  # nobody talks over a human
                await messages.add_outbound(
                    conn,
                    now.stream,
                    now.id,
                    self._channel,
                    [OutboundMessage(author="system", text=welcome)],
                    delivery="queued",
                    owner_epoch=now.owner_epoch,
                )
        await self._core.people.reachable(self._channel, message.sender)
        await self._describe(event)
        self._core.steps.tell(now)
