"""Who takes what is told to the Slack channel. Everything is taken, and stored, before Slack is told that it came."""

from __future__ import annotations

from typing import Protocol

from connectors.slack.events import Edit, Post, Press


class Side(Protocol):
    """One side of the channel: the customers', or the agents' in their channel. Each call may come twice."""

    async def wrote(self, post: Post) -> None:
        """Somebody wrote; a person, never an app."""
        ...

    async def edited(self, edit: Edit) -> None:
        """Somebody rewrote or deleted what they had written."""
        ...

    async def pressed(self, press: Press) -> None:
        """Somebody pressed a button under a message of ours."""
        ...
