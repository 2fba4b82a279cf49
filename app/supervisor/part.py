"""What the supervisor runs: a part knows how it is started and how to see that it is up."""

import asyncio
from typing import Protocol

from app.supervisor.process import Command


class Part(Protocol):
    """One server of the installation."""

    @property
    def name(self) -> str:
        """How people and logs call it."""

    def prepare(self) -> Command:
        """Make what it needs and say how to start it; also called before each restart. May block for seconds."""

    async def ready(self) -> bool:
        """Whether it serves now. Never raises for a server that is merely not up."""


async def wait_until_ready(part: Part, seconds: float = 60.0) -> None:
    """Wait until the part serves; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not await part.ready():
            await asyncio.sleep(0.05)
