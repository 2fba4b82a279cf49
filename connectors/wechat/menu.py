"""The account's menu: what the settings say becomes what WeChat shows, once, by one process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import uuid
from collections.abc import Sequence

import msgspec

from connectors.wechat.api import Api
from connectors.wechat.settings import SAYS, MenuItem, WeChatSettings
from hub.errors import AuthFailed, DeliveryError, Transient
from hub.store import channel_state
from hub.store.db import AWAY, Database

log = logging.getLogger(__name__)

_KEY = "menu"
_LEASE = 30.0
_LONGEST_WAIT = 30.0


def buttons_of(menu: Sequence[MenuItem]) -> dict[str, object]:
    """The menu in WeChat's words."""
    return {"button": [_button(item) for item in menu]}


def _button(item: MenuItem) -> dict[str, object]:
    if item.items:
        return {"name": item.title, "sub_button": [_button(below) for below in item.items]}
    if item.url is not None:
        return {"type": "view", "name": item.title, "url": item.url}
    return {"type": "click", "name": item.title, "key": f"{SAYS}{item.says}"}


async def keep_menu(settings: WeChatSettings, db: Database, api: Api) -> None:
    """Sees to it that WeChat shows the menu of the settings; ends once it does, or refuses it. Tries until then."""
    menu = buttons_of(settings.menu)
    wanted = hashlib.sha256(msgspec.json.encode((settings.app_id, settings.api, menu))).hexdigest()
    holder, wait = uuid.uuid4().hex, 1.0
    while True:
        try:
            if await _is_there(db, settings.name, wanted):
                return
            if await _set_alone(db, settings.name, holder, api, menu, wanted):
                log.info("%s: the menu was set", settings.name)
                return
        except (Transient, AuthFailed) as error:
            log.warning("%s: the menu could not be set; tries again: %s", settings.name, error)
        except DeliveryError as error:
            log.error("%s: WeChat refuses the menu: %s", settings.name, error)
            return
        except AWAY as error:
            log.warning("%s: the menu waits for the database (%s)", settings.name, type(error).__name__)
        await asyncio.sleep(wait)
        wait = min(_LONGEST_WAIT, wait * 2)


async def _is_there(db: Database, channel: str, wanted: str) -> bool:
    async with db.connection() as conn:
        return await channel_state.get(conn, channel, _KEY) == wanted


async def _set_alone(db: Database, channel: str, holder: str, api: Api, menu: dict[str, object], wanted: str) -> bool:
    """Sets the menu, unless another process is about to."""
    async with db.connection() as conn:
        if not await channel_state.acquire(conn, channel, _KEY, holder, _LEASE):
            return False
    try:
        await api.call("/cgi-bin/menu/create", menu)
        async with db.connection() as conn:
            await channel_state.put(conn, channel, _KEY, wanted)
    finally:
        with contextlib.suppress(*AWAY):
            async with db.connection() as conn:
                await channel_state.give_up(conn, channel, _KEY, holder)
    return True
