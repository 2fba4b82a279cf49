"""``python -m app check``: reads the settings, tries to reach everything, and says what it found."""

from __future__ import annotations

import asyncio
import sys

from redis import asyncio as redis
from redis.exceptions import RedisError

from app import settings
from app.supervisor.state import adopt_environment
from bot.client import RasaClient
from hub.store.db import AWAY, Database
from knowledge_base import embedder


def main(words: list[str]) -> int:
    """The command's entry; the exit status is 0 where everything is well."""
    if words:
        print("check takes no arguments", file=sys.stderr)
        return 2
    adopt_environment()
    try:
        wanted = settings.load()
    except settings.WrongSetting as error:
        print(error, file=sys.stderr)
        return 1
    print(f"settings     ok    channels: {', '.join(channel.name for channel in wanted.file.channels) or 'none'}")
    return 0 if asyncio.run(_reach(wanted)) else 1


async def _reach(wanted: settings.Settings) -> bool:
    results = [
        _say("database", *await _database(wanted.database_url)),
        _say("redis", *await _redis(wanted.redis_url)),
        _say("rasa", *await _rasa(wanted)),
        _say("model", *_model(wanted.file.knowledge_base.embedding_model)),
    ]
    return all(results)


def _say(part: str, ok: bool, detail: str) -> bool:
    print(f"{part:<12} {'ok   ' if ok else 'WRONG'} {detail}")
    return ok


async def _database(url: str) -> tuple[bool, str]:
    db = Database(url, size=2)
    try:
        async with db.connection() as conn:
            version = await conn.fetchval("select version_num from alembic_version")
    except AWAY as error:
        return False, f"cannot be reached ({type(error).__name__}): look at DATABASE_URL, or start it with `make run`"
    except Exception as error:  # noqa: BLE001 - whatever else it says, the person has to read
        return False, f"{error}: run `python -m app migrate`"
    finally:
        await db.close()
    return True, f"schema {version}"


async def _redis(url: str | None) -> tuple[bool, str]:
    if url is None:
        return False, "REDIS_URL is not set: everything works, more slowly, and only with one process"
    client = redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        return False, f"cannot be reached ({type(error).__name__}): look at REDIS_URL"
    finally:
        await client.aclose()
    return True, ""


async def _rasa(wanted: settings.Settings) -> tuple[bool, str]:
    if wanted.rasa_url is None:
        return False, "PARLEY_RASA_URL is not set: the hub answers from the knowledge base alone"
    client = RasaClient(wanted.rasa_url, wanted.rasa_token)
    await client.start()
    try:
        return await client.ready()
    finally:
        await client.stop()


def _model(name: str) -> tuple[bool, str]:
    try:
        loaded = embedder.load(name)
    except (OSError, ValueError) as error:
        return False, f"knowledge_base.embedding_model: {error}"
    return True, f"{loaded.name}, {loaded.dimension} dimensions"
