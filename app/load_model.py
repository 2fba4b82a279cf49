"""The command ``load-model``: the Rasa that runs takes the model that lies in ``var/models``, without a pause."""

import asyncio
import os

import aiohttp
from msgspec import DecodeError, Struct
from msgspec import json as msgjson

from app.supervisor import state

_LOADING = aiohttp.ClientTimeout(total=120, connect=2)
_PATIENCE = 60.0  # seconds for a Rasa that is just starting


class Answer(Struct):
    """What Rasa's channel says: the id of the model that serves now, or why none was taken."""

    model: str | None = None
    error: str = ""


class NotTaken(Exception):
    """The model that served before still does."""


async def load(url: str, token: str, patience: float = _PATIENCE) -> bool:
    """Whether Rasa has taken the model; False where nobody answered for ``patience`` seconds. Raises NotTaken."""
    deadline = asyncio.get_running_loop().time() + patience
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=_LOADING, headers=headers) as session:
        while asyncio.get_running_loop().time() < deadline:
            try:
                async with session.post(url.rstrip("/") + "/webhooks/hub/model") as response:
                    content = await response.read()
                if response.status == 200:
                    return True
                if response.status != 503:  # that is a Rasa that has not loaded its first model yet
                    raise NotTaken(_reason(content) or f"Rasa answered {response.status}")
            except aiohttp.ClientConnectorError:
                pass
            except (aiohttp.ClientError, TimeoutError) as error:
                raise NotTaken(f"Rasa broke off ({type(error).__name__})") from error
            await asyncio.sleep(0.5)
    return False


def _reason(content: bytes) -> str:
    try:
        return msgjson.decode(content, type=Answer).error
    except DecodeError:
        return ""


def main(arguments: list[str]) -> int:
    """The command; the exit status is 1 where the model was not taken."""
    if arguments:
        raise SystemExit("load-model takes no arguments")
    state.adopt_environment()
    url = os.environ.get("PARLEY_RASA_URL")
    if not url:
        print("nothing runs here, so it is used from the next start on")
        return 0
    try:
        taken = asyncio.run(load(url, os.environ.get("PARLEY_RASA_TOKEN", "")))
    except NotTaken as error:
        print(error)
        return 1
    print("the bot that runs has taken it" if taken else "Rasa is away, and will use it when it is back")
    return 0
