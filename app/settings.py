"""Settings: `hub.yml` and the environment, checked before anything starts.

A wrong setting is one line that names the file, the key and the remedy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, get_args

import msgspec
import yaml
from msgspec import Meta, Struct, field

from connectors.mail.settings import MailSettings
from connectors.slack.settings import SlackSettings
from connectors.telegram.settings import TelegramSettings
from connectors.webhook.settings import WebhookSettings
from connectors.wechat.settings import WeChatSettings
from connectors.wecom.settings import WeComSettings

_NAMED = re.compile(r"\$\{(\w+)\}")
_HELD = re.compile("\ue000(\\w+)\ue001")
"""A name between signs that nobody writes, while YAML is read: to YAML a brace inside of braces begins a map."""


class WrongSetting(Exception):
    """Stops the start; the message is for whoever wrote the setting."""


class WebChatSettings(Struct, frozen=True, tag="webchat", tag_field="kind", forbid_unknown_fields=True):
    """A web chat channel. `allowed_origins`: the sites whose pages may carry the widget, beside our own."""

    name: str
    allowed_origins: tuple[str, ...] = ()


ChannelSettings = (
    WebChatSettings | TelegramSettings | WeChatSettings | WeComSettings | SlackSettings | MailSettings | WebhookSettings
)
"""All kinds of channels that this version knows."""


class KnowledgeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`embedding_model`: `bundled`, `bundled-fast`, `bundled-better`, or any sentence-transformers name or path."""

    embedding_model: str = "bundled"


class LookupSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The shop's own system, which knows orders and warranties: `docs/lookups.openapi.yaml`."""

    url: Annotated[str, Meta(pattern="^https?://.")]
    token: Annotated[str, Meta(min_length=1)]
    timeout_seconds: Annotated[float, Meta(gt=0, le=4)] = 3


class ConversationSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Spans of a conversation's life, in minutes."""

    reopen_within_minutes: float = 72 * 60
    close_after_minutes: float = 24 * 60
    agent_vanished_after_minutes: float = 15

    @property
    def reopen_within(self) -> timedelta:
        """How long after its end a new message reopens a conversation."""
        return timedelta(minutes=self.reopen_within_minutes)

    @property
    def close_after(self) -> timedelta:
        """The silence after which a conversation is closed."""
        return timedelta(minutes=self.close_after_minutes)

    @property
    def agent_vanished_after(self) -> timedelta:
        """How long an agent may be gone before their conversations go back to the queue."""
        return timedelta(minutes=self.agent_vanished_after_minutes)


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand in `hub.yml`."""

    channels: tuple[ChannelSettings, ...] = (WebChatSettings("web"),)
    knowledge_base: KnowledgeSettings = KnowledgeSettings()
    conversation: ConversationSettings = ConversationSettings()
    lookups: LookupSettings | None = None
    public_url: str | None = None
    rest_token: str | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """All that a process is told from outside."""

    file: File
    var: Path
    host: str
    port: int
    database_url: str
    redis_url: str | None
    rasa_url: str | None
    rasa_token: str | None
    internal_token: str | None
    demo: bool = True
    root: Path = field(default_factory=lambda: Path(__file__).resolve().parent.parent)


def load(env: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises `WrongSetting`."""
    env = os.environ if env is None else env
    root = Path(__file__).resolve().parent.parent
    named = env.get("PARLEY_CONFIG")
    path = Path(named) if named else root / "hub.yml"
    if named and not path.is_file():
        raise WrongSetting(f"PARLEY_CONFIG: there is no file {path}; name one or unset it")
    host, port = address(env.get("PARLEY_HTTP", "127.0.0.1:8080"))
    if not env.get("DATABASE_URL"):
        raise WrongSetting("DATABASE_URL: not set; name a PostgreSQL database, or let `make run` bring one")
    return Settings(
        file=read(path, env) if path.is_file() else File(),
        var=Path(env.get("PARLEY_VAR", root / "var")),
        host=host,
        port=port,
        database_url=env["DATABASE_URL"],
        redis_url=env.get("REDIS_URL") or None,
        rasa_url=env.get("PARLEY_RASA_URL") or None,
        rasa_token=env.get("PARLEY_RASA_TOKEN") or None,
        internal_token=env.get("PARLEY_INTERNAL_TOKEN") or None,
        demo=env.get("PARLEY_DEMO", "1") != "0",
        root=root,
    )


def address(text: str) -> tuple[str, int]:
    """`host:port` as a pair."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise WrongSetting(f"PARLEY_HTTP: {text!r} is not host:port; for example 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def read(path: Path, env: Mapping[str, str]) -> File:
    """The settings file with `${NAME}` filled in."""
    try:
        content = yaml.safe_load(_NAMED.sub("\ue000\\1\ue001", path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise WrongSetting(f"{path}{where}: not YAML; {getattr(error, 'problem', None) or error}") from error
    if content is None:
        return File()
    try:
        settings = msgspec.convert(_filled(content, env, path, "$"), File)
    except msgspec.ValidationError as error:
        raise WrongSetting(_explained(path, str(error))) from error
    names = [channel.name for channel in settings.channels]
    for name in names:
        if not re.fullmatch(r"[a-z0-9_-]{1,40}", name) or name == "rest":
            raise WrongSetting(f"{path}, channels: the name {name!r} must be of a-z, 0-9, _ and -, and not rest")
        if names.count(name) > 1:
            raise WrongSetting(f"{path}, channels: two are called {name!r}; give each a name of its own")
    return settings


def _filled(value: object, env: Mapping[str, str], path: Path, key: str) -> object:
    if isinstance(value, dict):
        return {name: _filled(part, env, path, f"{key}.{name}") for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, env, path, f"{key}[{number}]") for number, part in enumerate(value)]
    if not isinstance(value, str):
        return value

    def fill(found: re.Match[str]) -> str:
        if found[1] not in env:
            raise WrongSetting(f"{path}, {key[2:]}: ${{{found[1]}}} is not in the environment; set {found[1]}")
        return env[found[1]]

    return _HELD.sub(fill, value)


def _explained(path: Path, error: str) -> str:
    what, _, where = error.partition(" - at `")
    what = what.replace("`str` matching regex '^https?://.'", "an address that begins with https:// or http://")
    key = where.rstrip("`").removeprefix("$.") or "the top level"
    if what.startswith("Object contains unknown field"):
        return f"{path}, {key}: {what.split('`')[1]!r} is no setting of this version; remove it or mend its spelling"
    if what.startswith("Invalid value") and key.endswith("kind"):
        known = ", ".join(str(kind.__struct_config__.tag) for kind in get_args(ChannelSettings))
        return f"{path}, {key}: {what.split(chr(39))[1]!r} is no kind of channel that this version knows: {known}"
    return f"{path}, {key}: {what[0].lower()}{what[1:]}"
