"""``python -m app serve --role all | web | worker``: one hub process.

`web` answers HTTP, `worker` takes turns and sends; `all` does both. Any number of either work over one PostgreSQL and
one Redis. Nothing is waited for at the start: `/ready` tells how far it is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import uvloop
from aiohttp import web

from app import login, openapi, settings, users
from app.auth import Auth, Passwords
from app.middlewares import authenticating, problems, security_headers
from app.site import Site, pages
from app.supervisor.keeper import WRONG_SETTING
from app.wiring import Parts, RoleName, parts, workers
from bot.actions.all import actions
from bot.endpoint import Actions
from handoff import api as handoff_api
from handoff.cases import Cases
from handoff.cases_api import CasesApi
from handoff.feed import Feed
from handoff.presence import Caretaker, Presence
from hub.http import PUBLIC_ORIGIN, Route
from hub.store.db import AWAY
from knowledge_base import importer
from knowledge_base.api import KnowledgeApi, views

log = logging.getLogger("app")

VERSION = "0.1.0"
MAX_BODY = 1024 * 1024
GRACE = 10.0
"""Seconds that requests and turns under way get when the process is told to stop."""


def main(words: list[str]) -> int:
    """The command's entry; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app serve", description=__doc__)
    parser.add_argument("--role", choices=("all", "web", "worker"), default="all")
    role: RoleName = parser.parse_args(words).role
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        wanted = settings.load()
    except settings.WrongSetting as error:
        print(error, file=sys.stderr)
        return WRONG_SETTING
    return uvloop.run(serve(wanted, role))


async def serve(wanted: settings.Settings, role: RoleName) -> int:
    """Runs until it is told to stop; the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with parts(wanted) as made, _site(made, role), _background(made, role, stop) as tasks:
            log.info("role %s, http://%s:%d", role, wanted.host, wanted.port)
            await stop.wait()
            log.info("stopping")
            failed = any(task.done() and task.exception() is not None for task in tasks)
    except OSError as error:
        if error.errno is None or "address" not in str(error):
            raise
        print(f"{wanted.host}:{wanted.port} is taken; set PARLEY_HTTP to another host:port", file=sys.stderr)
        return WRONG_SETTING
    return 1 if failed else 0


@contextlib.asynccontextmanager
async def _site(made: Parts, role: RoleName) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        app = await _application(made, role, stack)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=GRACE)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, made.settings.host, made.settings.port, backlog=1024).start()
        yield


async def _application(made: Parts, role: RoleName, stack: contextlib.AsyncExitStack) -> web.Application:
    site = Site(made.db, made.channels, _probes(made), frozenset({"database", "knowledge_base"}))
    if role == "worker":
        app = web.Application(middlewares=[problems])
        app.add_routes(site.routes())
        return app
    auth, presence = Auth(made.db, Passwords()), Presence(made.db, made.bus)
    feed = Feed(made.db, made.bus, auth.agent, presence, views)
    await feed.start()
    stack.push_async_callback(feed.stop)

    async def hang_up(_: web.Application) -> None:
        """Open sockets would otherwise be waited for."""
        await asyncio.gather(feed.stop(), *(connector.stop() for connector in made.channels))

    app = web.Application(
        middlewares=[security_headers, problems, authenticating(auth, presence)], client_max_size=MAX_BODY
    )
    if made.settings.file.public_url:
        split = urlsplit(made.settings.file.public_url)
        app[PUBLIC_ORIGIN] = f"{split.scheme}://{split.netloc}"
    app.on_shutdown.append(hang_up)
    app.add_routes(site.routes())
    for connector in made.channels:
        app.add_routes(connector.routes())
    routes: list[Route] = [
        *login.routes(auth, made.db),
        *handoff_api.routes(made.desk, made.db, made.bus, made.channels),
        *CasesApi(Cases(made.db, made.steps, made.channels), made.db, made.channels).routes(),
        *feed.routes(),
        *KnowledgeApi(made.db, made.articles, made.knowledge).routes(),
    ]
    app.add_routes(route.definition() for route in (*routes, openapi.route(routes, VERSION)))
    if made.settings.internal_token:
        app.add_routes(Actions(made.settings.internal_token, actions(made.knowledge, made.lookups)).routes())
    if made.shop is not None:
        app.add_routes(made.shop.routes())
    app.add_routes(pages(made.settings.root / "web" / "dist"))
    return app


def _probes(made: Parts) -> dict[str, Any]:
    async def database() -> tuple[bool, str]:
        await made.db.ping()
        return True, ""

    async def redis() -> tuple[bool, str]:
        return made.bus.connected, "" if made.bus.connected else "away; looking by timer"

    probes: dict[str, Any] = {"database": database, "redis": redis, "knowledge_base": made.knowledge.ready}
    if made.rasa is not None:
        probes["rasa"] = made.rasa.ready
    return probes


@contextlib.asynccontextmanager
async def _background(made: Parts, role: RoleName, stop: asyncio.Event) -> AsyncIterator[list[asyncio.Task[None]]]:
    """What runs beside HTTP. The sample and the demo's people are made once the database is there."""
    spans = made.settings.file.conversation
    caretaker = Caretaker(
        made.db,
        made.steps,
        vanish_after=spans.agent_vanished_after,
        close_after=spans.close_after,
        letters=[each.channel.name for each in made.channels if each.limits.letters],
    )
    running: list[Coroutine[Any, Any, None]] = [caretaker.run(), _first_start(made)]
    if role != "web":
        running += [runner.run() for runner in workers(made)]
    tasks = [asyncio.create_task(work) for work in running]
    for task in tasks:
        task.add_done_callback(lambda done: _report(done, stop))
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=GRACE)


def _report(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error(
            "a part of the background has ended; the process stops, to be started anew", exc_info=task.exception()
        )
        stop.set()


async def _first_start(made: Parts) -> None:
    """Fills an empty installation: the sample articles, and the demo's people unless they are not wanted."""
    if not made.settings.demo:
        return
    await _once_there(lambda: importer.import_sample(made.db, made.bus))
    try:
        made.settings.var.mkdir(parents=True, exist_ok=True)
        await _once_there(lambda: users.demo_users(made.db, Passwords(), made.settings.var))
    except PermissionError as error:
        log.error("the demo log-ins cannot be made: %s; set PARLEY_VAR to a folder of your own", error)


async def _once_there(work: Any) -> None:
    while True:
        try:
            done: Awaitable[object] = work()
            await done
        except PermissionError:
            raise
        except AWAY as error:
            log.warning("the first start waits for the database (%s)", type(error).__name__)
            await asyncio.sleep(0.5)
        else:
            return
