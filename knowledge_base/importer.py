"""Articles from a file into the database, published at once: the sample on the first start, and one's own by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from hub.bus import Bus
from hub.errors import InvalidRequest
from hub.store.db import Database
from hub.types import Language
from knowledge_base import store
from knowledge_base.articles import GENERAL, Draft, checked
from knowledge_base.index import Translation

SAMPLE = Path(__file__).with_name("sample") / "articles"
"""The demo shop's articles, a file for each category."""


class Line(Struct, frozen=True):
    """A line of the file: an article of one language or both. Its id is kept."""

    id: str
    translations: dict[Language, Translation]
    category: str = GENERAL


async def import_sample(db: Database, bus: Bus, path: Path = SAMPLE) -> int:
    """Publishes the sample where there is no article yet; answers how many. Any number of processes may try at once."""
    return await _import(db, bus, path, only_into_empty=True)


async def import_file(db: Database, path: Path, bus: Bus | None = None) -> int:
    """Publishes the articles of a JSONL file, or of all such files in a folder, all or none; answers how many are new.

    An article whose id is taken is left as it is, so importing again changes nothing. Raises `InvalidRequest`, which
    names the line, and `OSError`.
    """
    return await _import(db, bus, path, only_into_empty=False)


async def _import(db: Database, bus: Bus | None, path: Path, *, only_into_empty: bool) -> int:
    articles = [(id, draft.category or GENERAL, draft.translations) for id, draft in read(path)]
    async with db.transaction() as conn:
        await store.lock_state(conn)
        if only_into_empty and not await store.is_empty(conn):
            return 0
        new = await store.insert_published(conn, articles)
    if bus is not None and new:
        bus.signal("feed")
        bus.signal("knowledge")
    return new


def read(path: Path) -> Iterator[tuple[str, Draft]]:
    """The articles of a JSONL file, or of all in a folder, with their ids; empty lines are passed over.

    Raises `InvalidRequest`, `OSError`.
    """
    decoder = msgspec.json.Decoder(Line)
    seen: set[str] = set()
    for file, number, raw in _lines(path):
        try:
            line = decoder.decode(raw)
            draft = checked(line.translations, line.category)
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidRequest) as error:
            raise InvalidRequest(f"{file}, line {number}: {error}") from error
        if not line.id.strip() or line.id in seen:
            raise InvalidRequest(f"{file}, line {number}: the id must be there, and only once: {line.id!r}")
        seen.add(line.id)
        yield line.id, draft


def _lines(path: Path) -> Iterator[tuple[Path, int, bytes]]:
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        for number, raw in enumerate(file.read_bytes().splitlines(), 1):
            if raw.strip():
                yield file, number, raw
