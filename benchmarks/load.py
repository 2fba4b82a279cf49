"""The client: plays dialogues against one server, each client its next message as soon as the reply is there.

It runs as a process of its own (`python -m benchmarks.load`, a job on standard input, what happened on standard
output), so that it takes no turn in anybody's event loop, and spends as little as it can: one kept connection a client,
requests made beforehand, replies looked at afterwards.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Sequence

import msgspec
import uvloop
from msgspec import Struct

PATIENCE = 90.0
"""Seconds that a client waits for a reply."""


class Dialogue(Struct, frozen=True):
    """What one customer says, one after the other."""

    sender: str
    texts: tuple[str, ...]


class Job(Struct, frozen=True):
    """For each client the dialogues it plays; `opening` is said before the clock starts, over the same connection."""

    port: int
    clients: tuple[tuple[Dialogue, ...], ...]
    opening: tuple[Dialogue, ...]


class Sample(Struct, frozen=True):
    """One message: its place in its dialogue from 0, how many seconds the reply took, the HTTP status, the body.

    Status 0: there was no reply, and the body says why.
    """

    text: str
    position: int
    seconds: float
    status: int
    body: bytes


class Played(Struct, frozen=True):
    """A finished job: seconds on the clock, seconds of CPU that the client took, all messages."""

    seconds: float
    client_cpu: float
    samples: list[Sample]


class Connection:
    """One kept connection to `POST /webhooks/rest/webhook`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the reply; status 0 and a reason where there was none."""
        try:
            async with asyncio.timeout(PATIENCE):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                status, length = read_head(head)
                return status, await reader.readexactly(length)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.close()
            return 0, f"{type(error).__name__}: {error}".encode()

    def close(self) -> None:
        """Hangs up; the next question dials again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def read_head(head: bytes) -> tuple[int, int]:
    """Status and length of the body; ValueError for a reply that does not say its length."""
    status = int(head[9:12])
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return status, int(value)
    raise ValueError("the reply has no Content-Length")


def request(port: int, sender: str, text: str) -> bytes:
    """The bytes that say `text` as `sender`."""
    body = msgspec.json.encode({"sender": sender, "message": text})
    head = (
        f"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def play(job: Job) -> Played:
    """Plays the job; the clock runs from the moment when all clients are connected to the last reply."""
    gate = asyncio.Barrier(len(job.clients) + 1)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_client(job.port, opening, dialogues, gate))
            for opening, dialogues in zip(job.opening, job.clients, strict=True)
        ]
        await gate.wait()
        began, cpu = time.perf_counter(), time.process_time()
        heard = [sample for task in tasks for sample in await task]
        seconds, client_cpu = time.perf_counter() - began, time.process_time() - cpu
    return Played(seconds, client_cpu, heard)


async def _client(port: int, opening: Dialogue, dialogues: Sequence[Dialogue], gate: asyncio.Barrier) -> list[Sample]:
    asked = [
        (text, position, request(port, dialogue.sender, text))
        for dialogue in dialogues
        for position, text in enumerate(dialogue.texts)
    ]
    connection = Connection(port)
    for text in opening.texts:
        await connection.ask(request(port, opening.sender, text))
    samples = []
    await gate.wait()
    for text, position, data in asked:
        began = time.perf_counter()
        status, body = await connection.ask(data)
        samples.append(Sample(text, position, time.perf_counter() - began, status, body))
    connection.close()
    return samples


def main() -> None:
    """Plays what stands on standard input."""
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    gc.disable()  # a pause here would look like one of the server
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        played = runner.run(play(job))
    sys.stdout.buffer.write(msgspec.msgpack.encode(played))


if __name__ == "__main__":
    main()
