"""Keeps one part up: starts it, sees that it serves, starts it again when it died."""

import asyncio
import time
from collections.abc import Callable

from app.supervisor.part import Part
from app.supervisor.process import Process, StartError, last_lines

WRONG_SETTING = 78
"""The exit status (``EX_CONFIG``) of a part that will not start before somebody changes a setting."""

_LOOK = 0.1  # seconds between two looks at a process
_LASTED = 20.0  # seconds after which a death is a new story
_NAMED_AFTER = 3  # deaths in a row
_DELAYS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Keeper:
    """One part and its process. ``say`` tells people, ``changed`` is called after each start of a process."""

    def __init__(self, part: Part, say: Callable[[str], None], changed: Callable[[], None]) -> None:
        self.part = part
        self.process: Process | None = None
        self.starts = 0
        self.up = asyncio.Event()
        self._served = False
        self._say = say
        self._changed = changed

    async def keep(self) -> None:
        """Run until cancelled. Raises StartError where the part cannot even start for the first time."""
        deaths = 0
        while True:
            deaths = await self._one_life(deaths)
            if deaths == _NAMED_AFTER or (deaths > _NAMED_AFTER and deaths % 10 == 0):
                self._name_it(deaths)
            await asyncio.sleep(_DELAYS[min(deaths, len(_DELAYS)) - 1])

    async def _one_life(self, deaths: int) -> int:
        """From one start to the next death; answers with how many such lives were short, this one included."""
        began = time.monotonic()
        self._served = False
        try:
            status = await self._run()
            word = f"ended with status {status}" if status >= 0 else f"was killed by signal {-status}"
        except (StartError, OSError) as error:
            if not self.up.is_set():
                raise
            status, word = 1, f"cannot start: {error}"
        if time.monotonic() - began > _LASTED:
            deaths = 0
        elif self._served:
            deaths = min(deaths, 1)  # it could serve, so whoever needs it should not wait long
        deaths += 1
        if not self.up.is_set() and status == WRONG_SETTING:
            raise StartError("\n".join(self._last_lines(1)))
        if not self.up.is_set() and deaths == _NAMED_AFTER:
            raise StartError(f"{self.part.name} {word}", self.evidence())
        self._say(f"{self.part.name} {word}; starting it again")
        return deaths

    async def _run(self) -> int:
        command = self.part.prepare()
        process = self.process = Process(command)
        self.starts += 1
        self._changed()
        while (status := process.exit_status()) is None:
            if not self._served and await self.part.ready():
                self._served = True
                if self.starts > 1:
                    self._say(f"{self.part.name} is up again")
                self.up.set()
            await asyncio.sleep(_LOOK)
        process.kill()  # what is left of its group
        return status

    async def stop(self) -> None:
        """Stop the process for good. The task that runs :meth:`keep` has to be cancelled before."""
        if self.process is not None:
            await self.process.stop()

    def _name_it(self, deaths: int) -> None:
        self._say(f"{self.part.name} died {deaths} times in a row and is tried on; {self.evidence()}")

    def evidence(self) -> str:
        """The end of the part's log, for people."""
        if self.process is None:
            return ""
        lines = (f"    {line if len(line) <= 200 else line[:199] + '…'}" for line in self._last_lines(8))
        return "\n".join([f"the end of {self.process.command.log}:", *lines])

    def _last_lines(self, count: int) -> list[str]:
        return last_lines(self.process.command.log, count) if self.process else []
