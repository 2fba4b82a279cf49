"""What channels have in common that platforms call: what is refused is logged, without a word of it."""

from __future__ import annotations

import logging
import time

from aiohttp import web

from hub import metrics
from hub.errors import HubError
from hub.http import Handler

log = logging.getLogger(__name__)

_EVERY = 1.0
"""Seconds between two lines about refusals: a stranger who knocks all day fills no disk."""


def guarded(channel: str, handler: Handler) -> Handler:
    """The handler of a webhook, with a line in the log for what it refuses."""
    quiet_until, unsaid = 0.0, 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal quiet_until, unsaid
        try:
            return await handler(request)
        except (HubError, web.HTTPException) as error:
            metrics.REFUSED.labels(channel).inc()
            now = time.monotonic()
            if now >= quiet_until:
                more = f" (and {unsaid} before it)" if unsaid else ""
                reason = error.reason if isinstance(error, web.HTTPException) else error
                log.warning("%s: a delivery was refused%s: %s", channel, more, reason)
                quiet_until, unsaid = now + _EVERY, 0
            else:
                unsaid += 1
            raise

    return handle
