"""Takes a newly trained model while Rasa serves."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rasa.core.agent import Agent
from rasa.core.lock_store import LockStore
from rasa.core.tracker_store import TrackerStore
from rasa.core.utils import AvailableEndpoints

from bot.components import acceptance, runner

ENDPOINTS = "endpoints.yml"
"""Rasa's own default; relative to the checkout, in which Rasa runs."""

_TURN_ABOUT = 0.0005  # seconds for which one thread may keep the others waiting


class Refused(Exception):
    """The model may not serve; the message says why."""


def load(old: Agent) -> Agent:
    """An agent with what stands now in the file that `old` came from. Takes a second or a few; for a thread of its own.

    It shares nothing with `old` that either of them changes, so turns under way end as they began. Raises Refused.
    """
    interval = sys.getswitchinterval()
    # Unpacking is thousands of short reads, and after each one this thread waits that long for a busy event loop.
    sys.setswitchinterval(_TURN_ABOUT)
    try:
        return _load(old)
    finally:
        sys.setswitchinterval(interval)


def _load(old: Agent) -> Agent:
    endpoints = AvailableEndpoints.read_endpoints(ENDPOINTS)
    new = Agent(
        tracker_store=TrackerStore.create(endpoints.tracker_store, event_broker=old.tracker_store.event_broker),
        lock_store=LockStore.create(endpoints.lock_store),
        generator=endpoints.nlg,
        action_endpoint=endpoints.action,
    )
    path: Path = old.processor.model_path
    try:
        new.load_model(path)
    except Exception as error:  # a damaged file fails in many ways
        raise Refused(f"{path.name} cannot be loaded ({type(error).__name__}: {error})") from error
    if problems := asyncio.run(acceptance.problems(new)):
        raise Refused("\n".join(problems))
    runner.quicken(new.domain)
    return new
