"""``python -m app import-articles FILE``: adds articles to the knowledge base and publishes them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from app import settings
from app.supervisor.state import adopt_environment
from hub.bus import Bus
from hub.errors import InvalidRequest
from hub.store.db import AWAY, Database
from knowledge_base import importer


def main(words: list[str]) -> int:
    """The command's entry; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app import-articles", description=__doc__)
    parser.add_argument(
        "file", type=Path, help="one article a line, as in knowledge_base/sample/articles; or a folder of such files"
    )
    wanted = parser.parse_args(words)
    adopt_environment()
    try:
        count = asyncio.run(_import(settings.load().database_url, wanted.file))
    except (settings.WrongSetting, InvalidRequest, OSError) as error:
        reached = not isinstance(error, AWAY) or isinstance(error, FileNotFoundError)
        print(error if reached else "the database cannot be reached; start it with `make run`", file=sys.stderr)
        return 1
    print(f"{count} articles added; every process serves them within a second")
    return 0


async def _import(url: str, file: Path) -> int:
    db = Database(url, size=2)
    try:
        return await importer.import_file(db, file, Bus(None))
    finally:
        await db.close()
