"""The way to the shop's system: what the sample shop answers is what is promised, and each trouble is told apart."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml
from aiohttp import web
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from bot import shop
from bot.guesses import ALLOWED, Guesses
from bot.lookups import MAX_ANSWER, LookupFailed, Lookups, Order, Refused, TooManyGuesses, TooSlow
from tests.bot import desk, served

NUMBER, CONTACT = "PL20418801", "13900000101"
HEALTHY = [number for number, sample in shop.SAMPLES.items() if sample.trouble is None]


@pytest.fixture(scope="module")
def promised() -> dict[str, Any]:
    """`docs/lookups.openapi.yaml`."""
    text = (served.ROOT / "docs" / "lookups.openapi.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def check(promised: dict[str, Any], schema: str, value: object) -> None:
    """Fails unless `value` is what the document says of `schema`."""
    registry = Registry().with_resource("doc:", DRAFT202012.create_resource(promised))
    wanted = {"$ref": f"doc:#/components/schemas/{schema}"}
    Draft202012Validator(wanted, registry=registry, format_checker=FormatChecker()).validate(value)


async def ask(url: str, path: str, body: object, token: str = desk.SHOP_TOKEN) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.post(url + path, json=body, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("number", HEALTHY)
async def test_the_sample_shop_keeps_the_promise(promised: dict[str, Any], number: str) -> None:
    question = {"order_number": number, "contact": shop.SAMPLES[number].contacts[0]}
    check(promised, "Question", question)
    async with desk.shop() as url:
        for path, schema in (("/orders/lookup", "Order"), ("/warranties/lookup", "Warranty")):
            assert path in promised["paths"]
            status, answer = await ask(url, path, question)
            assert status == 200
            check(promised, schema, answer)
            assert answer["number"] == number


async def test_nobody_learns_whether_an_order_exists(promised: dict[str, Any]) -> None:
    async with desk.shop() as url:
        unknown = await ask(url, "/orders/lookup", {"order_number": "PL99999999", "contact": CONTACT})
        foreign = await ask(url, "/orders/lookup", {"order_number": NUMBER, "contact": "13900000102"})
        stranger = await ask(url, "/orders/lookup", {"order_number": NUMBER, "contact": CONTACT}, token="guessed")
    assert unknown == foreign == (404, {"error": "no_match"})
    check(promised, "NoMatch", foreign[1])
    assert stranger[0] == 401
    check(promised, "Error", stranger[1])


def test_the_samples_show_every_status() -> None:
    today = datetime.now(UTC).date()
    statuses = {shop.SAMPLES[number].order(today).status for number in HEALTHY}
    assert statuses == {"processing", "shipped", "delivered", "cancelled", "returned"}


def test_the_samples_stand_where_people_look() -> None:
    page = (served.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `PL")]
    for number in HEALTHY:
        (row,) = (line for line in rows if f"`{number}`" in line)
        assert all(f"`{contact}`" in row for contact in shop.SAMPLES[number].contacts), number


async def test_an_order_and_its_warranty(lookups: Lookups) -> None:
    order = await lookups.order("PL20418802", "13900000102")
    assert order is not None
    assert (order.status, order.tracking_number) == ("shipped", "SF1400000001802")
    warranty = await lookups.warranty("PL20418806", "13900000106")
    assert warranty is not None
    assert [item.extended for item in warranty.items] == [True]
    assert await lookups.order(NUMBER, "13900000102") is None
    assert await lookups.warranty("PL99999999", CONTACT) is None


@pytest.mark.parametrize(
    ("number", "error"), [("PL20418811", TooSlow), ("PL20418812", LookupFailed), ("PL20418813", LookupFailed)]
)
async def test_each_trouble_is_told_apart(lookups: Lookups, number: str, error: type[LookupFailed]) -> None:
    with pytest.raises(LookupFailed) as raised:
        await lookups.order(number, f"139000001{number[-2:]}")
    assert type(raised.value) is error


async def test_a_wrong_token_is_told_apart() -> None:
    async with desk.shop() as url, desk.looking_up(url, token="wrong") as lookups:
        with pytest.raises(Refused, match=r"lookups\.token"):
            await lookups.order(NUMBER, CONTACT)


@pytest.mark.parametrize("where", ["away", "elsewhere", "redirect", "another order"])
async def test_what_is_no_answer_is_never_taken_for_one(where: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        match where:
            case "elsewhere":  # a mistaken address also answers 404
                return web.Response(status=404, text="<h1>not found</h1>", content_type="text/html")
            case "redirect":
                raise web.HTTPTemporaryRedirect("http://127.0.0.1:9/")
            case _:
                other = {"number": "PL20418802", "status": "processing", "items": [], "ordered_on": "2026-01-01"}
                return web.json_response(other)

    app = web.Application()
    app.router.add_post("/orders/lookup", answer)
    async with desk.listening(app) as url:
        address = "http://127.0.0.1:9" if where == "away" else url
        async with desk.looking_up(address) as lookups:
            with pytest.raises(LookupFailed) as raised:
                await lookups.order(NUMBER, CONTACT)
    assert type(raised.value) is LookupFailed


async def answered_in_pieces(*pieces: bytes) -> Order | None:
    """What is made of an answer that comes so, with a moment between the pieces."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # who has heard enough hangs up
            for piece in pieces:
                await response.write(piece)
                await asyncio.sleep(0.02)
        return response

    app = web.Application()
    app.router.add_post("/orders/lookup", answer)
    async with desk.listening(app) as url, desk.looking_up(url, timeout=5) as lookups:
        return await lookups.order(NUMBER, CONTACT)


async def test_an_answer_in_several_pieces_is_read_to_its_end() -> None:
    body = msgspec.json.encode(shop.SAMPLES[NUMBER].order(datetime.now(UTC).date()))
    order = await answered_in_pieces(body[:40], body[40:90], body[90:])
    assert order == msgspec.json.decode(body, type=Order)


async def test_an_answer_without_an_end_is_none() -> None:
    with pytest.raises(LookupFailed, match="more than"):
        await answered_in_pieces(*[b" " * (MAX_ANSWER // 4)] * 6)


async def test_guessing_contacts_ends(lookups: Lookups) -> None:
    for guess in range(ALLOWED):
        assert await lookups.order(NUMBER, f"1380000000{guess}") is None
    with pytest.raises(TooManyGuesses):
        await lookups.order(NUMBER, CONTACT)  # not even with the right one, or guessing would go on
    assert await lookups.order("PL20418802", "13900000102") is not None


async def test_guessing_orders_ends(lookups: Lookups) -> None:
    for guess in range(ALLOWED):
        assert await lookups.order(f"PL9999999{guess}", CONTACT) is None
    with pytest.raises(TooManyGuesses):
        await lookups.order(NUMBER, CONTACT)


async def test_right_ones_and_failures_are_no_guesses(lookups: Lookups) -> None:
    for _ in range(2 * ALLOWED):
        assert await lookups.order(NUMBER, CONTACT) is not None
        with pytest.raises(LookupFailed):
            await lookups.order("PL20418812", "13900000112")


async def test_guesses_are_counted_over_all_processes(redis_url: str) -> None:
    here, there = Guesses(redis_url), Guesses(redis_url)
    for turn in range(ALLOWED):
        assert await (here if turn % 2 else there).spend(["a key of this test"])
    assert not await here.spend(["a key of this test"])
    await here.give_back(["a key of this test"])
    await here.give_back(["a key of this test"])
    assert await there.spend(["a key of this test"])
    await here.stop()
    await there.stop()


async def test_a_key_that_is_used_up_locks_no_other() -> None:
    guesses = Guesses(None)
    for guess in range(ALLOWED):
        assert await guesses.spend((f"made up {guess}", "a telephone"))
    for _ in range(ALLOWED + 1):
        assert not await guesses.spend(("somebody's order", "a telephone"))
        assert not await guesses.spend(("a telephone", "somebody's mail"))
    assert await guesses.spend(("somebody's order", "somebody's mail"))


async def test_guesses_are_counted_without_redis() -> None:
    guesses = Guesses("redis://127.0.0.1:9")
    assert [await guesses.spend(["x"]) for _ in range(ALLOWED + 1)] == [True] * ALLOWED + [False]
    await guesses.stop()
