"""pgvector, which comes with the PostgreSQL that `make run` starts: lists (IVFFlat) and a graph (HNSW).

The vectors are a table of their own in the database; a query goes there and back over the socket.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import numpy as np

from app.supervisor.part import wait_until_ready
from app.supervisor.postgres import Postgres
from app.supervisor.process import Process
from benchmarks.large.nearest import Searched, enough, timed
from benchmarks.large.vectors import NEIGHBOURS, Set
from knowledge_base.embedder import Vectors

PROBES = (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
CANDIDATES = (40, 64, 96, 128, 192, 256, 384, 512, 768, 1000)
_AT_ONCE = 20_000
_SETTINGS = {
    "transaction_timeout": "0",
    "shared_buffers": "3GB",
    "maintenance_work_mem": "3GB",
    "max_wal_size": "8GB",
    "fsync": "off",
    "autovacuum": "off",
}
"""For this table alone, and only while it is measured."""


async def lists(folder: Path, given: Set) -> Searched:
    """Vectors in lists, of which a search looks through the nearest few."""
    number = max(1, len(given.vectors) // 1000)
    index = f"create index found on vectors using ivfflat (vector vector_ip_ops) with (lists = {number})"
    levels = [(f"{probes} of {number} lists", f"set ivfflat.probes = {probes}") for probes in PROBES]
    return await _measured(folder, given, "pgvector, IVFFlat", index, levels)


async def graph(folder: Path, given: Set) -> Searched:
    """Vectors linked to near ones, along which a search walks."""
    index = "create index found on vectors using hnsw (vector vector_ip_ops) with (m = 24, ef_construction = 80)"
    levels = [(f"{candidates} candidates", f"set hnsw.ef_search = {candidates}") for candidates in CANDIDATES]
    return await _measured(folder, given, "pgvector, HNSW", index, levels)


async def _measured(folder: Path, given: Set, what: str, index: str, levels: Sequence[tuple[str, str]]) -> Searched:
    server = Postgres(folder, settings=_SETTINGS)
    process = Process(server.prepare())
    try:
        await wait_until_ready(server)
        conn = await asyncpg.connect(server.url)
        try:
            await _fill(conn, given.vectors)
            began = time.perf_counter()
            await conn.execute(index, timeout=None)
            made_in = time.perf_counter() - began
            size = await conn.fetchval("select pg_relation_size('found') + pg_table_size('vectors')") / 2**20
            return await _first_that_finds_enough(conn, given, what, levels, made_in, size)
        finally:
            await conn.execute("drop table if exists vectors")
            await conn.close()
    finally:
        await process.stop()


async def _fill(conn: asyncpg.Connection, vectors: Vectors) -> None:
    await conn.execute("create extension if not exists vector")
    await conn.execute("drop table if exists vectors")
    await conn.execute(f"create unlogged table vectors (id int, vector vector({vectors.shape[1]}))")
    await conn.execute("alter table vectors alter column vector set storage plain")
    await conn.copy_to_table("vectors", source=_binary(vectors), format="binary", timeout=None)
    await conn.execute("vacuum analyze vectors")


async def _binary(vectors: Vectors) -> AsyncIterator[bytes]:
    """The rows as `copy` reads them: for each field its length and its bytes, numbers with the high byte first."""
    dimension = vectors.shape[1]
    head = [("fields", ">i2"), ("four", ">i4"), ("id", ">i4"), ("length", ">i4"), ("dimension", ">i2"), ("zero", ">i2")]
    row = np.dtype([*head, ("vector", ">f4", (dimension,))])
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    for first in range(0, len(vectors), _AT_ONCE):
        some = vectors[first : first + _AT_ONCE]
        rows = np.zeros(len(some), dtype=row)
        rows["fields"], rows["four"], rows["length"], rows["dimension"] = 2, 4, 4 + 4 * dimension, dimension
        rows["id"], rows["vector"] = np.arange(first, first + len(some)), some
        yield rows.tobytes()
    yield b"\xff\xff"


async def _first_that_finds_enough(
    conn: asyncpg.Connection, given: Set, what: str, levels: Sequence[tuple[str, str]], made_in: float, size: float
) -> Searched:
    await conn.set_type_codec("vector", encoder=_packed, decoder=bytes, format="binary", schema="public")
    wanted = await conn.prepare(f"select id from vectors order by vector <#> $1 limit {NEIGHBOURS}")

    async def search(query: Vectors) -> Sequence[int]:
        return [row[0] for row in await wanted.fetch(query)]

    async def rising() -> AsyncIterator[Searched]:
        for thoroughness, setting in levels:
            await conn.execute(setting)
            yield await timed(search, given, what, thoroughness, made_in, size)

    await conn.execute("set enable_seqscan = off")
    return await enough(rising())


def _packed(vector: Vectors) -> bytes:
    return np.array([len(vector), 0], dtype=">i2").tobytes() + vector.astype(">f4").tobytes()
