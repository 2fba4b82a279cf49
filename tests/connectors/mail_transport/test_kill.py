"""kill -9 again and again while mails come in: none is lost, none is answered twice."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter

import asyncpg
import pytest

from tests.kill.stack import ROOT, free_port
from tests.simulators.mail import MailSimulator

KILLS, MAILS = 4, 40


async def start(database_url: str, settings: dict[str, object]) -> asyncio.subprocess.Process:
    """A process of the product, once it runs."""
    module = "tests.connectors.mail_transport.process"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, database_url, json.dumps(settings), str(free_port()),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"runs\n"
    return process


async def until(conn: asyncpg.Connection, query: str, wanted: object, longest: float = 60.0) -> None:
    found = None
    async with asyncio.timeout(longest):
        while (found := await conn.fetchval(query)) != wanted:
            await asyncio.sleep(0.1)
    assert found == wanted


@pytest.mark.slow
async def test_nothing_is_lost_and_nothing_is_answered_twice(database_url: str) -> None:
    chance = random.Random(5)
    conn = await asyncpg.connect(database_url)
    async with MailSimulator(hurry=20) as mail:
        process = await start(database_url, mail.channel())
        try:
            await until(conn, "select count(*) from channel_state where key like 'place %'", 1)
            for number in range(KILLS):
                for each in range(MAILS // KILLS):
                    who = f"c{number}x{each}"
                    await mail.imap.deliver(mail.write(who, f"Can I return number {who}?"))
                    await asyncio.sleep(chance.uniform(0, 0.1))
                process.kill()
                await process.wait()
                process = await start(database_url, mail.channel())
            await until(conn, "select count(*) from messages where author = 'customer'", MAILS)
            await until(conn, "select count(*) from messages where author = 'bot'", MAILS)
            await until(conn, "select count(*) from messages where delivery in ('queued', 'sending')", 0)
        finally:
            process.kill()
            await process.wait()
        rows = await conn.fetch(
            """select i.external_id as who, m.delivery from messages m join identities i on i.id = m.identity
                where m.author = 'bot'"""
        )
        await conn.close()
        got = Counter(who for posted in mail.smtp.posted for who in posted.recipients)
        assert len(rows) == MAILS
        assert set(got.values()) <= {1}, "answered twice"
        lost = [row["who"] for row in rows if row["delivery"] == "sent" and not got[row["who"]]]
        assert not lost, "said to be sent, and never was"
        assert all(row["delivery"] in ("sent", "unknown") for row in rows)
