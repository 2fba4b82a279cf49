"""Slack's answers in our words; our token goes to Slack only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from connectors.slack.api import SlackApi, User
from connectors.slack.errors import classified
from hub.errors import AuthFailed, DeliveryError, Rejected, Transient, Unreachable
from tests.kill.stack import free_port
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_files import BOT_TOKEN
from tests.simulators.slack_workspace import BOT, BOT_ID, TEAM


@pytest.fixture
async def slack() -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator(hurry=30) as made:
        yield made


@pytest.fixture
async def api(slack: SlackSimulator) -> AsyncIterator[SlackApi]:
    made = SlackApi(BOT_TOKEN, f"{slack.url}/api")  # without a slash at its end, as people write it
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("invalid_auth", 200, AuthFailed),
        ("token_revoked", 200, AuthFailed),
        ("account_inactive", 200, AuthFailed),
        ("missing_scope", 200, AuthFailed),
        ("channel_not_found", 200, Unreachable),
        ("not_in_channel", 200, Unreachable),
        ("is_archived", 200, Unreachable),
        ("msg_too_long", 200, Rejected),
        ("invalid_blocks", 200, Rejected),
        ("of_tomorrow", 200, Rejected),
        ("ratelimited", 429, Transient),
        ("ratelimited", 200, Transient),
        ("internal_error", 200, Transient),
        ("fatal_error", 200, Transient),
        ("service_unavailable", 503, Transient),
        ("", 500, Transient),
        ("", 200, Transient),
        ("", 404, Transient),
    ],
)
def test_every_refusal_has_a_kind(code: str, status: int, kind: type[DeliveryError]) -> None:
    assert type(classified(code, status, {})) is kind


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("0", 0.1), ("-5", 0.1), ("99999999", 3600.0), ("soon", 1.0), (None, 1.0)]
)
def test_slack_says_when_to_come_back(header: str | None, seconds: float) -> None:
    error = classified("ratelimited", 429, {"Retry-After": header} if header is not None else {})

    assert isinstance(error, Transient)
    assert error.retry_after == seconds


def test_the_missing_permission_is_named() -> None:
    assert "im:history" in str(classified("missing_scope", 200, {}, "im:history"))


def test_what_slack_says_is_no_way_into_the_log() -> None:
    assert "\n" not in str(classified("x\nINFO forged", 200, {}))


async def test_who_is_who(slack: SlackSimulator, api: SlackApi) -> None:
    own = await api.auth_test()
    ann = slack.workspace.user("ann")

    assert (own.team, own.user, own.bot) == (TEAM, BOT, BOT_ID)
    assert await api.user(ann) == User(ann, "ann", "ann@example.com", teams=(TEAM,))
    with pytest.raises(Unreachable):
        await api.user("U0NOBODY00")


async def test_it_is_known_which_permissions_are_missing(slack: SlackSimulator, api: SlackApi) -> None:
    await api.auth_test()
    assert api.missing == frozenset()

    slack.api.scopes = "chat:write, app_mentions:read,users:read,files:read,files:write,channels:history"
    await api.auth_test()
    assert api.missing == {"im:history"}


async def test_a_channel_by_its_name(slack: SlackSimulator, api: SlackApi) -> None:
    room = slack.workspace.room("support")

    assert [await api.channel_id(name) for name in ("support", "#support")] == [room, room]
    with pytest.raises(Rejected, match="no channel returns"):
        await api.channel_id("returns")


async def test_our_own_message_is_found_by_its_key(slack: SlackSimulator, api: SlackApi) -> None:
    room = slack.workspace.room("support")
    root = await api.post(room, "one", key="a.0")
    reply = await api.post(room, "two", thread=root.ts, key="b.0")

    assert await api.find(room, None, "a.0", 0) == root.ts
    assert await api.find(room, root.ts, "b.0", 0) == reply.ts
    assert await api.find(room, None, "b.0", 0) is None
    assert await api.find(room, None, "a.0", float(root.ts) + 1) is None


async def test_nothing_of_a_failed_call_names_the_token(slack: SlackSimulator) -> None:
    for token, address, kind in (
        ("xoxb-wrong-secret", f"{slack.url}/api/", AuthFailed),
        ("xoxb-wrong-secret", f"http://127.0.0.1:{free_port()}/api/", Transient),
        ("xoxb-wrong\nsecret", f"{slack.url}/api/", Exception),
    ):
        api = SlackApi(token, address)
        await api.start()
        with pytest.raises(kind) as raised:
            await api.auth_test()
        await api.stop()
        assert "secret" not in str(raised.value)
        assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/files-pri/T1-F1/download",
        "https://slack.com.evil.example/x",
        "https://evilslack.com/x",
        "https://files.slack.com:8443/x",
        "https://files.slack.com@evil.example/x",
        "http://files.slack.com/x",
        "ftp://files.slack.com/x",
        "//evil.example/x",
        "https://[::1/x",
        "",
    ],
)
async def test_the_token_is_shown_to_slack_only(api: SlackApi, url: str) -> None:
    with pytest.raises(Rejected, match="not kept by Slack"):
        await api.download(url, "a", "text/plain")


async def test_a_file_comes_with_the_token_and_no_redirect_is_followed(slack: SlackSimulator, api: SlackApi) -> None:
    kept = slack.keep("label.png", "image/png", b"the label")

    assert (await api.download(kept["url_private_download"], "label.png", "image/png")).data == b"the label"
    with pytest.raises(Rejected):
        await api.download(f"{slack.url}/files-pri/{TEAM}-F0NONE/download", "a", "image/png")
    stranger = SlackApi("xoxb-another", f"{slack.url}/api/")
    await stranger.start()
    with pytest.raises(AuthFailed, match="files:read"):
        await stranger.download(kept["url_private_download"], "label.png", "image/png")
    await stranger.stop()


async def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(text="got you")

    app = web.Application()
    app.add_routes([web.get("/file", redirect), web.get("/elsewhere", elsewhere)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := free_port())
    await site.start()
    api = SlackApi(BOT_TOKEN, f"http://127.0.0.1:{port}/api/")
    await api.start()
    with pytest.raises(DeliveryError):
        await api.download(f"http://127.0.0.1:{port}/file", "a", "text/plain")
    await api.stop()
    await runner.cleanup()

    assert seen == []


async def test_a_file_beyond_all_measure_is_not_read_to_its_end(
    slack: SlackSimulator, api: SlackApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.slack.downloads.MAX_FILE", 1000)
    kept = slack.keep("big.bin", "application/octet-stream", b"x" * 100_000)

    with pytest.raises(Rejected, match="larger than"):
        await api.download(kept["url_private_download"], "big.bin", "application/octet-stream")


async def test_slack_that_never_answers_is_given_up(slack: SlackSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.slack.api.TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    api = SlackApi(BOT_TOKEN, f"{slack.url}/api/")
    await api.start()
    slack.faults.append("never")
    with pytest.raises(Transient, match="in time"):
        await api.auth_test()
    await api.stop()
