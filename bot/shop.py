"""A shop's system for the first day: what `docs/lookups.openapi.yaml` describes, with a dozen sample orders.

The hub mounts it while no `lookups:` is set, and asks it over HTTP as it will ask the real one. Dates are relative to
today, so that nothing in it grows old.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.client import Words
from bot.lookups import Covered, Order, Refund, Warranty

PATH: Final = "/demo/shop"
SLOWNESS: Final = 20.0
"""Seconds that the slow order takes: longer than anybody waits."""


class Asked(Struct, frozen=True):
    """A question to the shop."""

    order_number: str
    contact: str


class Sample(Struct, frozen=True):
    """A sample order: `order` makes it from today's date. `trouble`: what goes wrong when it is asked for."""

    contacts: tuple[str, ...]
    order: Callable[[date], Order]
    extended: bool = False
    trouble: Literal["slow", "error", "nonsense"] | None = None


PHONE = Words("智能手机（256 GB）", "smartphone (256 GB)")
BUDS = Words("无线耳机", "wireless earphones")
LAPTOP = Words("14 英寸笔记本电脑", "14-inch laptop")
TABLET = Words("11 英寸平板", "11-inch tablet")
WATCH = Words("智能手表", "smartwatch")
SPEAKER = Words("蓝牙音箱", "Bluetooth speaker")
CASE = Words("手机保护壳", "phone case")
CHARGER = Words("65 W 充电器", "65 W charger")
MONTHS: Final = {PHONE: 24, TABLET: 24, LAPTOP: 24, BUDS: 12, SPEAKER: 12, WATCH: 12, CASE: 6, CHARGER: 6}
SF, JD, POST = Words("顺丰", "SF Express"), Words("京东快递", "JD Logistics"), Words("中国邮政", "China Post")


def _processing(number: str, days: int, *items: Words) -> Callable[[date], Order]:
    return lambda today: Order(number=number, status="processing", items=items, ordered_on=today - timedelta(days))


def _shipped(number: str, courier: Words, tracking: str, left: int | None, *items: Words) -> Callable[[date], Order]:
    return lambda today: Order(
        number=number,
        status="shipped",
        items=items,
        ordered_on=today - timedelta(3),
        courier=courier,
        tracking_number=tracking,
        expected_on=None if left is None else today + timedelta(left),
    )


def _delivered(number: str, days: int, *items: Words) -> Callable[[date], Order]:
    return lambda today: Order(
        number=number,
        status="delivered",
        items=items,
        ordered_on=today - timedelta(days + 3),
        courier=JD,
        tracking_number=f"JD00{number[2:]}",
        delivered_on=today - timedelta(days),
    )


def _cancelled(number: str, refund: Refund | None, *items: Words) -> Callable[[date], Order]:
    return lambda today: Order(
        number=number,
        status="cancelled",
        items=items,
        ordered_on=today - timedelta(4),
        cancelled_on=today - timedelta(2),
        refund=msgspec.structs.replace(refund, paid_on=today - timedelta(1)) if refund else None,
    )


def _returned(number: str, amount: str, paid: int | None, *items: Words) -> Callable[[date], Order]:
    return lambda today: Order(
        number=number,
        status="returned",
        items=items,
        ordered_on=today - timedelta(25),
        delivered_on=today - timedelta(21),
        returned_on=today - timedelta(4),
        refund=Refund(amount, None if paid is None else today - timedelta(paid)),
    )


SAMPLES: Final = {
    "PL20418801": Sample(("13900000101", "buyer01@example.com"), _processing("PL20418801", 0, PHONE, CASE)),
    "PL20418802": Sample(("13900000102",), _shipped("PL20418802", SF, "SF1400000001802", 1, BUDS)),
    "PL20418803": Sample(("buyer03@example.com",), _shipped("PL20418803", POST, "9800000001803", None, WATCH)),
    "PL20418804": Sample(("13900000104", "buyer04@example.com"), _delivered("PL20418804", 5, LAPTOP, CHARGER)),
    "PL20418805": Sample(("13900000105",), _delivered("PL20418805", 400, BUDS)),
    "PL20418806": Sample(("13900000106",), _delivered("PL20418806", 800, TABLET), extended=True),
    "PL20418807": Sample(("13900000107",), _cancelled("PL20418807", Refund("¥299"), SPEAKER)),
    "PL20418808": Sample(("buyer08@example.com",), _cancelled("PL20418808", None, CHARGER)),
    "PL20418809": Sample(("13900000109",), _returned("PL20418809", "¥499", 2, BUDS)),
    "PL20418810": Sample(("13900000110",), _returned("PL20418810", "¥3,299", None, TABLET)),
    "PL20418811": Sample(("13900000111",), _processing("PL20418811", 1, WATCH), trouble="slow"),
    "PL20418812": Sample(("13900000112",), _processing("PL20418812", 1, WATCH), trouble="error"),
    "PL20418813": Sample(("13900000113",), _processing("PL20418813", 1, WATCH), trouble="nonsense"),
}


class Shop:
    """Answers whoever knows the token."""

    def __init__(self, token: str, slowness: float = SLOWNESS) -> None:
        self._token = token.encode()
        self._slowness = slowness

    def routes(self) -> Iterable[web.RouteDef]:
        """The two questions."""
        yield web.post(PATH + "/orders/lookup", self._order)
        yield web.post(PATH + "/warranties/lookup", self._warranty)

    async def _order(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda sample, today: sample.order(today))

    async def _warranty(self, request: web.Request) -> web.Response:
        return await self._answer(request, _warranty_of)

    async def _answer(self, request: web.Request, made: Callable[[Sample, date], Order | Warranty]) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, self._token):
            return _json({"error": "wrong_token"}, 401)
        try:
            asked = msgspec.json.decode(await request.read(), type=Asked)
        except msgspec.MsgspecError:
            return _json({"error": "bad_request"}, 400)
        sample = SAMPLES.get(asked.order_number)
        if sample is None or asked.contact.lower() not in sample.contacts:
            return _json({"error": "no_match"}, 404)
        match sample.trouble:
            case "slow":
                await asyncio.sleep(self._slowness)
            case "error":
                return _json({"error": "internal"}, 500)
            case "nonsense":
                return web.Response(text="<html>maintenance</html>", content_type="text/html")
        return _json(made(sample, datetime.now(UTC).astimezone().date()), 200)


def _warranty_of(sample: Sample, today: date) -> Warranty:
    order = sample.order(today)
    if order.status in ("cancelled", "returned"):
        return Warranty(order.number, ())
    more = 12 if sample.extended else 0
    items = (Covered(name, _end(order.delivered_on, MONTHS[name] + more), sample.extended) for name in order.items)
    return Warranty(order.number, tuple(items))


def _end(since: date | None, months: int) -> date | None:
    return since + timedelta(days=365 * months // 12) if since else None


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
