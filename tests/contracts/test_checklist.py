"""The table in `docs/connectors.md` says what the code does."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from app.settings import ChannelSettings
from connectors.mail import imap
from connectors.mail.connector import Mail
from connectors.rest import Rest
from connectors.slack import markup
from connectors.slack.connector import Slack
from connectors.telegram import client as telegram_client
from connectors.telegram import sending as telegram_sending
from connectors.telegram.connector import Telegram
from connectors.webchat.connector import WebChat
from connectors.webhook import connector as webhook_connector
from connectors.webhook import signing
from connectors.wechat import envelope
from connectors.wechat.connector import WeChat
from connectors.wechat.messages import AFTER_MESSAGE
from connectors.wecom import messages as wecom_messages
from connectors.wecom import sending as wecom_sending
from connectors.wecom.connector import WeCom
from hub import fetching, files, render
from hub.connector import Limits
from tests.contracts.kinds import KINDS
from tests.simulators.base import Simulator

ROOT = Path(__file__).parent.parent.parent
CONNECTORS: Mapping[str, Any] = {
    "webchat": WebChat,
    "rest": Rest,
    "wechat": WeChat,
    "wecom": WeCom,
    "slack": Slack,
    "telegram": Telegram,
    "webhook": webhook_connector.Webhook,
    "mail": Mail,
}
UNITS: Mapping[Callable[[str], int], str] = {
    len: "characters",
    render.utf8: "bytes",
    render.utf16: "units",
    markup.size: "units",
}


def table() -> dict[str, dict[str, str]]:
    """The checklist: what each kind says in each of its rows."""
    lines = [line for line in (ROOT / "docs" / "connectors.md").read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    kinds = rows[0][1:]
    assert all(len(row) == len(kinds) + 1 for row in rows)
    return {row[0]: dict(zip(kinds, row[1:], strict=True)) for row in rows[2:]}


CHECKLIST = table()
MEGABYTE = 2**20


def test_every_kind_has_its_column() -> None:
    settings = {struct.__struct_config__.tag for struct in get_args(ChannelSettings)}
    assert set(CHECKLIST["simulator"]) == settings | {"rest"} == set(CONNECTORS)


@pytest.mark.parametrize("kind", CONNECTORS)
def test_limits_are_those_of_the_connector(kind: str) -> None:
    limits: Limits = CONNECTORS[kind].limits
    assert CHECKLIST["longest text"][kind] == f"{limits.text} {UNITS[limits.measure]}"
    said = CHECKLIST["buttons"][kind]
    if CONNECTORS[kind].delivery == "pull" or limits.buttons >= 1000:
        assert said == "any"
    else:
        assert said == (f"{limits.buttons} of {limits.button_title} characters" if limits.buttons else "numbers")
    assert CHECKLIST["sending again is harmless"][kind] == ("yes" if CONNECTORS[kind].idempotent else "no")


def test_old_deliveries_are_refused_when_it_says_so() -> None:
    ages = {kind: int(said.split()[0]) * 60 for kind, said in CHECKLIST["refused when older than"].items() if said}
    assert ages.pop("slack") == 300  # its own library's
    assert ages == {"wechat": envelope.SKEW, "wecom": envelope.SKEW, "webhook": signing.TOLERANCE}
    assert {kind.id.partition("-")[0] for kind in KINDS if kind.signs_time} == {*ages, "slack"}


def test_files_and_windows_are_those_of_the_code() -> None:
    into, out, window = CHECKLIST["files in"], CHECKLIST["files out"], CHECKLIST["may write for"]
    assert into["webchat"] == f"{files.MAX_FILE // MEGABYTE} MB"
    assert into["slack"] == f"{fetching.MAX_FILE // MEGABYTE} MB"
    assert into["telegram"] == f"{telegram_client.MAX_DOWNLOAD // MEGABYTE} MB"
    assert into["mail"] == f"{fetching.MAX_FILE // MEGABYTE} MB; a mail {imap.MOST // MEGABYTE} MB"
    assert into["webhook"] == f"{webhook_connector.MAX_DOWNLOAD // MEGABYTE} MB"
    assert out["telegram"] == f"{telegram_sending._MAX_FILE // MEGABYTE} MB"
    assert out["webhook"] == f"{webhook_connector.MAX_FILES // MEGABYTE} MB"
    assert out["wecom"] == f"{wecom_sending._MAX_FILE // MEGABYTE} MB"
    hours, number = AFTER_MESSAGE.seconds / 3600, AFTER_MESSAGE.messages
    assert window["wechat"] == f"{hours:.0f} hours and {number} messages"
    assert window["wecom"] == f"{wecom_messages.WINDOW / 3600:.0f} hours and {wecom_messages.ALLOWED} messages"
    for name in ("files in", "files out"):
        unable = {kind.id.partition("-")[0] for kind in KINDS if not getattr(kind, name.replace("files ", "files_"))}
        assert {kind for kind, said in CHECKLIST[name].items() if said == "no"} == unable


@pytest.mark.parametrize("kind", [kind for kind, named in CHECKLIST["simulator"].items() if named])
def test_the_simulator_and_the_fixtures_are_there(kind: str) -> None:
    module = importlib.import_module(CHECKLIST["simulator"][kind].removesuffix(".py").replace("/", "."))
    simulators = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Simulator)]
    assert kind in [one.kind for one in simulators if one is not Simulator]
    folder = ROOT / "tests" / "connectors" / kind
    files = [path for name in ("fixtures", "corpus") for path in (folder / name).rglob("*") if path.is_file()]
    payloads = [path for path in files if "expected" not in path.name]
    assert len(payloads) >= int(CHECKLIST["fixtures, at least"][kind]) > 10


def test_every_kind_keeps_the_contract() -> None:
    named = [id for said in CHECKLIST["contract tests as"].values() for id in said.split(", ") if id]
    assert sorted(named) == sorted(kind.id for kind in KINDS)
    asked = ("posts", "signs_body", "signs_time", "says_when", "acknowledges", "calls", "presses", "files_in")
    spared = {kind.id.partition("-")[0] for kind in KINDS if not all(getattr(kind, name) for name in asked)}
    assert {kind for kind, why in CHECKLIST["without those of"].items() if why} == spared
