"""`make bench-large`: a knowledge base of a hundred thousand phrasings, and indexes over a million vectors.

The first part needs nothing beside the product, the second what `requirements/bench-large.txt` names.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import msgspec
import uvloop
from msgspec import Struct

from app.supervisor.state import var_folder
from benchmarks import report
from benchmarks.dialogues import ROOT
from benchmarks.intake import database
from benchmarks.large import corpus, live, nearest, searching, vectors
from knowledge_base import embedder

QUERIES = 200
KINDS = ("faiss-ivf", "faiss-hnsw", "pgvector-ivfflat", "pgvector-hnsw")


class Large(Struct, frozen=True):
    """All of one run."""

    at: datetime
    commit: str
    machine: report.Machine
    searching: list[searching.Searching]
    live: live.Live | None
    nearest: list[nearest.Searched]


def main(words: list[str]) -> int:
    """The command's entry."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--phrasings", type=int, default=100_000, help="of the knowledge base; 0 leaves it out")
    parser.add_argument("--no-live", action="store_true", help="leave out the publishing through the database")
    parser.add_argument("--vectors", type=int, default=1_000_000, help="of the indexes; 0 leaves them out")
    parser.add_argument("--dimensions", default="256,640", help="of both; default 256,640")
    parser.add_argument("--indexes", default=",".join(KINDS), help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    wanted = parser.parse_args(words)
    made = uvloop.run(bench(wanted))
    path = ROOT / "benchmarks" / "results" / f"{made.at:%Y-%m-%d-%H%M%S}-large.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    print("\n" + text(made, markdown=wanted.markdown) + f"\n\nas JSON: {path.relative_to(ROOT)}")
    return 0


async def bench(wanted: argparse.Namespace) -> Large:
    """The whole run."""
    dimensions = [int(word) for word in wanted.dimensions.split(",")]
    folder = var_folder() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    searched, lived = [], None
    if wanted.phrasings:
        articles = list(corpus.articles(wanted.phrasings // corpus.PHRASINGS))
        bundled = embedder.load(embedder.FAST)
        for dimension in dimensions:
            say(f"{wanted.phrasings:,} phrasings in {dimension} dimensions")
            wide = bundled if dimension == bundled.dimension else corpus.Widened(bundled, dimension)
            searched.append(searching.measure(articles, wide))
            gc.collect()
        if not wanted.no_live:
            say(f"one article published among {wanted.phrasings:,} phrasings")
            async with database(folder) as url:
                lived = await live.measure(url, articles)
    found = []
    try:
        for dimension in dimensions if wanted.vectors else ():
            found += [one async for one in _indexes(folder, wanted.vectors, dimension, wanted.indexes.split(","))]
    finally:
        shutil.rmtree(folder / "large", ignore_errors=True)  # gigabytes of the server's log
    return Large(report.now(), report.commit(), report.machine(), searched, lived, found)


async def _indexes(folder: Path, count: int, dimension: int, kinds: list[str]) -> AsyncIterator[nearest.Searched]:
    from benchmarks.large import with_faiss, with_pgvector  # the first part does without faiss

    say(f"{count:,} vectors of {dimension} dimensions")
    given = vectors.made(count, dimension, QUERIES)
    yield await nearest.bare(given)
    for kind in kinds:
        say(f"  {kind}")
        if kind == "faiss-ivf":
            yield await with_faiss.lists(given)
        elif kind == "faiss-hnsw":
            yield await with_faiss.graph(given)
        elif kind == "pgvector-ivfflat":
            yield await with_pgvector.lists(folder / "large", given)
        elif kind == "pgvector-hnsw":
            yield await with_pgvector.graph(folder / "large", given)
        gc.collect()


def text(made: Large, *, markdown: bool) -> str:
    """The tables."""
    parts = []
    if made.searching:
        rows = [["of", *(f"{one.phrasings:,} phrasings × {one.dimension}" for one in made.searching)]]
        rows += [[what, *(show(one) for one in made.searching)] for what, show in _SEARCHING.items()]
        parts.append(report.table(rows, markdown=markdown))
    if made.live is not None:
        parts.append(report.table([["", "median", "slowest"], *_live_rows(made.live)], markdown=markdown))
    if made.nearest:
        rows = [
            ["index", "vectors", "dimensions", "looked through", "recall@10", "p50 ms", "p99 ms", "made in s", "MiB"]
        ]
        rows += [_nearest_row(one) for one in made.nearest]
        parts.append(report.table(rows, markdown=markdown))
    where = made.machine
    parts.append(
        f"- {where.cores} cores ({where.cpu}), {where.memory_gib:g} GiB, Python {where.python}; commit {made.commit}"
    )
    return "\n\n".join(parts)


_SEARCHING: dict[str, Callable[[searching.Searching], str]] = {
    "one bare product, p50": lambda one: f"{one.bare:.2f} ms",
    "one search, p50": lambda one: f"{one.search:.2f} ms",
    "search : product": lambda one: f"{one.ratio:.2f}",
    "the same after 30 changes": lambda one: f"{one.ratio_after:.2f} ({one.parts} parts)",
    "one article changed, p50": lambda one: f"{one.change:.0f} ms",
    "one article changed, slowest": lambda one: f"{one.slowest_change:.0f} ms",
    "start": lambda one: f"{one.start:.1f} s ({one.encoding:.1f} s of it encoding)",
    "memory": lambda one: f"{one.memory:,.0f} MiB",
}


def _live_rows(found: live.Live) -> list[list[str]]:
    return [
        [f"published until told in {found.processes} processes, asked at once", *_ms(found.asked, found.slowest_asked)],
        ["published until served there, asked by nobody", *_ms(found.unasked, found.slowest_unasked)],
        [f"{found.processes} processes started side by side", f"{found.start:.1f} s", ""],
    ]


def _ms(*values: float) -> list[str]:
    return [f"{value:.0f} ms" for value in values]


def _nearest_row(one: nearest.Searched) -> list[str]:
    made_in = f"{one.made_in:.0f}" if one.made_in else ""
    times = [f"{one.p50:.2f}", f"{one.p99:.2f}", made_in, f"{one.size:,.0f}"]
    return [one.what, f"{one.vectors:,}", str(one.dimension), one.thoroughness, f"{one.recall:.3f}", *times]


def say(text: str) -> None:
    """A line for whoever waits."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
