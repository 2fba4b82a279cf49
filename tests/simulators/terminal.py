"""A simulated platform by hand: what is typed is what a customer writes, what the hub sends is what they see.

`python -m tests.simulators.telegram` starts a whole product of its own beside the platform, in a folder that is gone
afterwards; with `--hub URL` the platform serves a product that runs already. Lines may also be piped in.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import inspect
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from typing import get_args

import yaml

from app.supervisor.state import var_folder
from tests.kill.stack import ROOT, running_stack
from tests.simulators.base import Fault, Shown, Simulator

HELP = """What you type is what the customer writes; a number presses the button with that number. Beside that:
  /as NAME      be another customer
  /fault KIND   the next call of the hub fails: 429, 500, never, rubbish, token or drop
  /block        this customer no longer wants to hear from us; once more: they do again
  /help, /quit"""
LONGEST, QUIET = 20.0, 1.5
"""Seconds: for an answer to a piped line, and after its last message until the next line is read."""


def main(simulator: type[Simulator], words: Sequence[str] | None = None) -> int:
    """Runs until the input ends or says `/quit`; the exit status.

    What else the class wants to know for its making becomes an option: `mode: str` is `--mode`, `socket: bool` is
    `--socket`.
    """
    wanted = _arguments(simulator, words)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_run(simulator, wanted))
    return 0


def _arguments(simulator: type[Simulator], words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hub", metavar="URL", help="serve this running product instead of starting one")
    parser.add_argument("--port", type=int, default=0, help="where the platform listens; by default a free port")
    for name, option in _options(simulator).items():
        if isinstance(option.default, bool):
            parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=option.default)
        else:
            parser.add_argument(f"--{name}", default=option.default, help=f"default {option.default}")
    return parser.parse_args(words)


def _options(simulator: type[Simulator]) -> dict[str, inspect.Parameter]:
    common = {*inspect.signature(Simulator.__init__).parameters, "port", "hub"}
    own = inspect.signature(simulator.__init__).parameters
    return {
        name: parameter
        for name, parameter in own.items()
        if name not in common and isinstance(parameter.default, (str, bool))
    }


async def _run(kind: type[Simulator], wanted: argparse.Namespace) -> int:
    simulator = kind(**{name: getattr(wanted, name) for name in _options(kind)})
    try:
        try:
            await simulator.start(wanted.port)
        except OSError as error:
            print(f"port {wanted.port}: {error.strerror or error}; name another with --port", file=sys.stderr)
            return 1
        if wanted.hub is not None:
            return await _attached(simulator, wanted.hub)
        if not _is_set_up():
            print("this checkout has no trained bot yet; run `make run` once, then this again", file=sys.stderr)
            return 1
        return await _with_a_product(simulator)
    finally:
        await simulator.stop()


def _is_set_up() -> bool:
    return (var_folder() / "models" / "bot.tar.gz").is_file() and (ROOT / ".venv-rasa").is_dir()


async def _attached(simulator: Simulator, hub: str) -> int:
    lines = yaml.safe_dump([simulator.channel()], sort_keys=False, allow_unicode=True)
    print(f"{simulator.kind} is simulated at {simulator.url}; the channel's lines in hub.yml, below `channels:`")
    print("\n" + "".join(f"  {line}\n" for line in lines.splitlines()))
    print(f"{hub} has to be started with them (again).")
    await simulator.connect(hub)
    return await Talk(simulator).run()


async def _with_a_product(simulator: Simulator) -> int:
    print(f"{simulator.kind} is simulated at {simulator.url}; a product of its own starts, which takes a moment ...")
    sys.stdout.flush()
    async with running_stack(var_folder() / "models", [simulator.channel()]) as stack:
        print(f"the agents' console: {stack.url}/console, as agent@example.com with the password {stack.password}")
        await simulator.connect(stack.url)
        return await Talk(simulator).run()


class Talk:
    """The customers' side in a terminal."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._customer = "ann"
        self._buttons: dict[str, tuple[tuple[str, str], ...]] = {}
        self._seen = asyncio.Event()
        self._by_hand = sys.stdin.isatty()
        simulator.listeners.append(self._show)

    async def run(self) -> int:
        """Takes line after line until there are no more."""
        print(HELP)
        self._prompt()
        async for line in _lines():
            if line == "/quit":
                break
            await self._take(line)
            self._prompt()
        return 0

    async def _take(self, line: str) -> None:
        command, _, word = line.partition(" ")
        match command, word.strip():
            case "", _:
                pass
            case "/help", _:
                print(HELP)
            case "/as", name if name:
                self._customer = name
            case "/fault", fault if fault in get_args(Fault):
                self._simulator.faults.append(fault)  # type: ignore[arg-type] # it is one of them, as was just seen
                print(f"the hub's next call meets: {fault}")
            case "/fault", _:
                print(f"one of {', '.join(get_args(Fault))}")
            case "/block", _:
                self._simulator.blocked ^= {self._customer}
                print(f"{self._customer} {'blocks us' if self._customer in self._simulator.blocked else 'is back'}")
            case _:
                await self._write(line)

    async def _write(self, line: str) -> None:
        self._seen.clear()
        buttons = self._buttons.pop(self._customer, ())
        if line.isdecimal() and 0 < int(line) <= len(buttons):
            taken = await self._simulator.press(self._customer, *buttons[int(line) - 1])
        else:
            taken = await self._simulator.say(self._customer, line)
        if not taken:
            print("! the hub did not acknowledge it, and the platform has given up")
        elif not self._by_hand:
            await self._until_answered()

    async def _until_answered(self) -> None:
        longest = LONGEST
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(self._seen.wait(), longest)
                self._seen.clear()
                longest = QUIET

    def _show(self, customer: str, shown: Shown) -> None:
        whose = "" if customer == self._customer else f" (to {customer})"
        start = "\r" if self._by_hand else ""
        print(f"{start}<{whose} {shown.text}")
        if shown.file is not None:
            print(f"  [file] {shown.file}, {len(shown.data or b'')} bytes")
        for number, (title, _) in enumerate(shown.buttons, 1):
            print(f"  [{number}] {title}")
        if shown.buttons:
            self._buttons[customer] = shown.buttons
        self._seen.set()
        self._prompt()

    def _prompt(self) -> None:
        if self._by_hand:
            print(f"{self._customer}> ", end="")
        sys.stdout.flush()


async def _lines() -> AsyncIterator[str]:
    """The lines of the standard input. Its thread may wait for ever, so it does not keep the process alive."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str]()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while line := await lines.get():
        yield line.strip()
