"""The database: one pool of connections, and transactions that are whole or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg


class Connection(Protocol):
    """What the statements of this product use of asyncpg's connection, which comes without types."""

    async def execute(self, query: str, *args: object) -> str: ...

    async def fetch(self, query: str, *args: object) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: object) -> Any: ...

    async def fetchval(self, query: str, *args: object) -> Any: ...


AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it is being stopped, or has just been killed
    asyncpg.InsufficientResourcesError,  # no connection left, or no disk
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection was lost in the middle of something
)
"""What is raised while the database cannot be reached. Nothing has been committed, or nobody knows."""


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot hold (NUL, half of a surrogate pair); nobody's words are lost with that."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


async def _bounded(connection: asyncpg.Connection) -> None:
    """No transaction of ours lasts long; one that did would hold back the agents' feed."""
    await connection.execute("set idle_in_transaction_session_timeout = '30s'")
    if connection.get_server_version().major >= 17:
        await connection.execute("set transaction_timeout = '60s'")


async def _as_it_is(_: asyncpg.Connection) -> None:
    """Our statements leave nothing in a session (no locks, listeners or settings), so there is nothing to reset."""


class Database:
    """PostgreSQL, the only truth. Opened lazily, so that a process can start before its database does."""

    def __init__(self, url: str, size: int = 16) -> None:
        self._url = url
        self._size = size
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def open(self) -> None:
        """Connects; raises one of `AWAY` while the server is not there."""
        if self._pool is None:
            async with self._opening:
                await self._connect()

    async def _connect(self) -> None:
        if self._closed:
            raise asyncpg.InterfaceError("the process is stopping")
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=2,
                max_size=self._size,
                init=_bounded,
                reset=_as_it_is,
                command_timeout=15,
                timeout=5,
                # A statement plan made for an empty table is bad for a full one, and JIT costs more than it saves here.
                server_settings={"jit": "off", "application_name": "parley"},
            )

    async def close(self) -> None:
        """Waits for what is under way, then disconnects for good."""
        self._closed = True
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reading; each statement stands for itself."""
        await self.open()
        assert self._pool is not None
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction, committed when the block ends and rolled back when it raises.

        Read committed: each statement sees what was committed before it. What must not change under a statement is
        locked first, the stream's row (`identities`) before the conversation's, everywhere.
        """
        await self.open()
        assert self._pool is not None
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection

    async def ping(self) -> None:
        """Raises one of `AWAY` unless the server answers."""
        async with self.connection() as connection:
            await connection.fetchval("select 1")
