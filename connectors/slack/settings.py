"""What may be set for a Slack channel."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hub.types import Language


class SlackSettings(Struct, frozen=True, kw_only=True, tag="slack", tag_field="kind", forbid_unknown_fields=True):
    """A Slack app in one workspace. With `app_token` events come over Socket Mode, otherwise over HTTP.

    `agents_channel` is the channel, by id or name, in which agents answer; what they write there behind `note_prefix`
    stays among themselves. `language` is the one in which they are written to there.
    """

    name: str
    bot_token: Annotated[str, Meta(min_length=1)]
    signing_secret: str | None = None
    app_token: str | None = None
    api_base_url: Annotated[str, Meta(pattern="^https?://.")] = "https://slack.com/api/"
    agents_channel: str | None = None
    note_prefix: Annotated[str, Meta(min_length=1, max_length=20)] = "!"
    language: Language = "en"

    def __post_init__(self) -> None:
        if not self.app_token and not self.signing_secret:
            raise ValueError(
                "signing_secret: not set, and events over HTTP cannot be checked without it; "
                "copy it from the app's Basic Information, or set app_token for Socket Mode"
            )
        prefix = self.note_prefix
        if prefix.startswith(("/", "@", "#")) or prefix.strip() != prefix or not prefix.strip("*_~`>&<"):
            raise ValueError(
                f"note_prefix: {prefix!r} cannot be typed at the beginning of a message, since Slack takes it for a "
                "command, a mention or formatting; take a sign like ! or a word like note:"
            )
