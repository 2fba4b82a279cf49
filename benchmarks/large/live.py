"""One article published among very many: how long until every process tells customers so.

Two processes of their own serve the knowledge base over one PostgreSQL. The clock runs from before the editor's publish
to when both have answered, in one case a customer who asks at once, in the other nobody: signal or timer have to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence

import msgspec
import uvloop
from msgspec import Struct

from benchmarks.dialogues import ROOT
from benchmarks.large import corpus
from hub.bus import Bus
from hub.store.db import Database
from hub.types import Language
from knowledge_base import embedder, store
from knowledge_base.articles import Articles, Draft
from knowledge_base.index import Article
from knowledge_base.service import Knowledge

PROCESSES = 2
ROUNDS = 6
_AT_ONCE = 2000  # articles in a statement


class Live(Struct, frozen=True):
    """Milliseconds, medians and the slowest; `start` is seconds from a process's first line to its knowledge base."""

    processes: int
    phrasings: int
    start: float
    asked: float
    slowest_asked: float
    unasked: float
    slowest_unasked: float


class Ask(Struct, frozen=True):
    """To a serving process: answer with what is served of an article once it has this version.

    Without a question it waits until the version has come by itself.
    """

    version: int
    article: str
    question: str = ""
    language: Language = "en"


async def measure(url: str, articles: Sequence[Article]) -> Live:
    """Fills the empty database with articles and publishes, changes, archives and restores some."""
    db, bus = Database(url), Bus(None)
    try:
        await _fill(db, articles)
        began = time.perf_counter()
        async with contextlib.AsyncExitStack() as stack:
            servers = await asyncio.gather(*(stack.enter_async_context(_server(url)) for _ in range(PROCESSES)))
            start = time.perf_counter() - began
            asked = await _rounds(db, Articles(db, bus), servers, articles, ask=True)
            unasked = await _rounds(db, Articles(db, bus), servers, articles, ask=False)
    finally:
        await db.close()
    return Live(
        processes=PROCESSES,
        phrasings=sum(len(article.phrasings()) for article in articles),
        start=start,
        asked=statistics.median(asked),
        slowest_asked=max(asked),
        unasked=statistics.median(unasked),
        slowest_unasked=max(unasked),
    )


async def _fill(db: Database, articles: Sequence[Article]) -> None:
    for first in range(0, len(articles), _AT_ONCE):
        async with db.transaction() as conn:
            await store.lock_state(conn)
            some = articles[first : first + _AT_ONCE]
            await store.insert_published(conn, [(one.id, "large", one.translations) for one in some])


async def _rounds(
    db: Database,
    desk: Articles,
    servers: Sequence[asyncio.subprocess.Process],
    articles: Sequence[Article],
    *,
    ask: bool,
) -> list[float]:
    dice, topics, took = random.Random(3), corpus.topics(), []
    for number in range(ROUNDS):
        id = dice.choice(articles).id
        said = corpus.about(dice.choice(topics), id, f"Newest {number}", dice).translations
        question = next(iter(said.values())).title if ask else ""
        revision = (await desk.save(id, Draft(said), None)).latest_revision
        for act, served in ((desk.publish(id), revision), (desk.archive(id), None), (desk.publish(id, 1), 1)):
            began = time.perf_counter()
            await act
            async with db.connection() as conn:
                wanted = Ask(await store.version(conn), id, question)
            answers = await asyncio.gather(*(_call(server, wanted) for server in servers))
            took.append(1000 * (time.perf_counter() - began))
            if answers != [served] * len(servers):
                raise RuntimeError(f"{answers} are served of {id}, and not {served}")
    return took


async def _call(server: asyncio.subprocess.Process, ask: Ask) -> int | None:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(msgspec.json.encode(ask) + b"\n")
    return msgspec.json.decode(await server.stdout.readline(), type=int | None)


# The process that serves -----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _server(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.large.live", url, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the knowledge base could not be served; see above")
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def serve(url: str) -> None:
    """Answers one `Ask` a line with the revision that is served, or null, until the input ends."""
    db, bus = Database(url), Bus(None)
    knowledge = Knowledge(db, bus, embedder.load(embedder.FAST))
    await knowledge.start()
    while not (await knowledge.ready())[0]:
        await asyncio.sleep(0.01)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        ask = msgspec.json.decode(line, type=Ask)
        while not ask.question and f"version {ask.version}," not in (await knowledge.ready())[1]:
            await asyncio.sleep(0.002)
        if ask.question:
            await knowledge.decide(ask.question, ask.language, ask.version)
        hit = await knowledge.fetch(ask.article, ask.language, ask.version)
        print(hit.revision if hit else "null", flush=True)
    await knowledge.stop()
    await db.close()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
