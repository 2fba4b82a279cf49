"""A simulator in a terminal: lines piped in, what customers see comes out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable

from aiohttp import web

from tests.kill.stack import ROOT, free_port
from tests.simulators import terminal
from tests.simulators.base import Delivery, Shown, Simulator


class Parrot(Simulator):
    """A platform whose hub repeats everything, and offers two buttons."""

    kind = "parrot"

    def __init__(self, name: str | None = None, *, hurry: float = 1.0, mode: str = "plain", loud: bool = False) -> None:
        super().__init__(name, hurry=hurry)
        self.mode = mode
        self.loud = loud

    def routes(self) -> Iterable[web.RouteDef]:
        return ()

    def channel(self) -> dict[str, object]:
        return {"name": self.name, "kind": self.kind, "mode": self.mode, "api_base_url": self.url}

    def delivery(self, sender: str, text: str, id: str | None = None) -> Delivery:
        return Delivery(body=text.encode())

    async def say(self, sender: str, text: str, id: str | None = None) -> bool:
        if self.faults:
            return self.faults.pop() != "500"
        text = text.upper() if self.loud else text
        await self.show(sender, Shown(text=f"{sender}: {text}", buttons=(("Yes", "/y"), ("No", "/n")), at=0))
        return True

    async def press(self, sender: str, title: str, payload: str) -> bool:
        return await self.say(sender, f"pressed {title} {payload}")


async def play(*words: str, lines: Iterable[str]) -> tuple[int, str, str]:
    """What a terminal in which these lines are piped prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from tests.simulators import terminal, test_terminal as here; terminal.QUIET = 0.1; "
        "sys.exit(terminal.main(here.Parrot))",
        *words,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate("".join(f"{line}\n" for line in lines).encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_lines_are_said_and_numbers_press() -> None:
    port = str(free_port())
    lines = ["hello", "2", "/as bob", "1", "/fault 500", "lost", "/fault what", "/start it"]
    status, out, err = await play("--hub", "http://hub", "--port", port, "--mode", "safe", "--loud", lines=lines)
    assert (status, err) == (0, "")
    told, _, talk = out.partition(terminal.HELP)
    assert f"api_base_url: http://127.0.0.1:{port}" in told
    assert "mode: safe" in told
    assert [line.strip() for line in talk.splitlines() if line] == [
        "< ann: HELLO",
        "[1] Yes",
        "[2] No",
        "< ann: PRESSED NO /N",
        "[1] Yes",
        "[2] No",
        "< bob: 1",  # nothing was shown to him: it is no press
        "[1] Yes",
        "[2] No",
        "the hub's next call meets: 500",
        "! the hub did not acknowledge it, and the platform has given up",
        "one of 429, 500, never, rubbish, token, drop",
        "< bob: /START IT",
        "[1] Yes",
        "[2] No",
    ]


async def test_it_ends_when_told_to() -> None:
    status, out, _ = await play("--hub", "http://hub", lines=["/quit", "hello"])
    assert status == 0
    assert "hello" not in out


async def test_a_taken_port_is_said_in_one_line() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        status, _, err = await play("--hub", "http://hub", "--port", str(port), lines=[])
    assert status == 1
    assert err.startswith(f"port {port}: ")
    assert err.count("\n") == 1
