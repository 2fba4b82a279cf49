"""The embedded servers, as the tests of everything else use them."""

import asyncpg
from redis.asyncio import Redis as Client

from app.supervisor.postgres import Postgres


async def test_each_test_gets_a_migrated_database_in_unicode(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        assert await connection.fetchval("SELECT current_setting('server_encoding')") == "UTF8"
        assert await connection.fetchval("SELECT lower('ÄÖ 保修')") == "äö 保修"
    finally:
        await connection.close()


async def test_postgres_wants_the_password_and_has_no_port(postgres: Postgres) -> None:
    url = postgres.url_of("postgres")
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW transaction_timeout") == "1min"
    finally:
        await connection.close()
    wrong = url.replace("parley:", "parley:x", 1)
    try:
        await asyncpg.connect(wrong)
    except asyncpg.InvalidPasswordError:
        return
    raise AssertionError("a wrong password was taken")


async def test_redis_answers(redis_url: str) -> None:
    client = Client.from_url(redis_url)
    try:
        assert await client.set("colour", "blue")
        assert await client.get("colour") == b"blue"
    finally:
        await client.aclose()
