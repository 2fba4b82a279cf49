"""What a process answers over HTTP beside its channels and the API: pages, health, metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from aiohttp import web
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hub import http, metrics
from hub.connector import Channels
from hub.store.db import AWAY, Database

Probe = Callable[[], Awaitable[tuple[bool, str]]]


class Part(Struct, frozen=True):
    """How a part is."""

    ok: bool
    detail: str


class Readiness(Struct, frozen=True):
    """Whether the process can serve, and how each part is."""

    ready: bool
    parts: dict[str, Part]


class Site:
    """Health and metrics. `needed` parts make the process unready; the others only show."""

    def __init__(self, db: Database, channels: Channels, probes: dict[str, Probe], needed: frozenset[str]) -> None:
        self._db = db
        self._channels = channels
        self._probes = probes
        self._needed = needed
        self._rasa_was_up = "rasa" not in probes

    def routes(self) -> Iterable[web.RouteDef]:
        """The routes that every process has."""
        yield web.get("/health", self._health)
        yield web.get("/ready", self._ready)
        yield web.get("/metrics", self._metrics)

    async def readiness(self) -> Readiness:
        """How all parts are."""
        parts = {name: await _probed(probe) for name, probe in self._probes.items()}
        for connector in self._channels:
            health = await connector.health()
            parts[connector.channel.name] = Part(health.ok, health.detail)
        self._rasa_was_up = self._rasa_was_up or parts["rasa"].ok
        ready = self._rasa_was_up and all(parts[name].ok for name in self._needed)
        return Readiness(ready, parts)

    async def _health(self, request: web.Request) -> web.Response:
        return http.answer({"ok": True})

    async def _ready(self, request: web.Request) -> web.Response:
        readiness = await self.readiness()
        return http.answer(readiness, 200 if readiness.ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            async with self._db.connection() as conn:
                waiting = await conn.fetchval("select count(*) from conversations where status = 'waiting'")
                metrics.WAITING.set(waiting)
        except AWAY:
            pass  # what the process itself counted is told all the same
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _probed(probe: Probe) -> Part:
    try:
        return Part(*await probe())
    except AWAY as error:
        return Part(False, type(error).__name__)


def pages(dist: Path) -> Iterable[web.AbstractRouteDef]:
    """The browser side, as `npm run build` left it in `dist`."""

    def file(path: Path, cache: str) -> http.Handler:
        async def send(request: web.Request) -> web.StreamResponse:
            if not path.is_file():
                raise http.Problem(
                    503, "Not built", "the browser side is not built; run `make run`, or npm run build in web/"
                )
            return web.FileResponse(path, headers={"Cache-Control": cache})

        return send

    async def console(request: web.Request) -> web.StreamResponse:
        return await file(dist / "console" / "index.html", "no-cache")(request)

    yield web.get("/", file(dist / "demo" / "index.html", "no-cache"))
    yield web.get("/widget.js", file(dist / "widget.js", "no-cache"))
    yield web.get("/console", console)
    for name in ("demo", "console"):
        assets = dist / name / "assets"
        if assets.is_dir():
            yield web.static(f"/{name}/assets", assets)
    yield web.get("/console/{page:.*}", console)
