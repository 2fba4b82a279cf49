"""What stands in while Rasa is away, measured on the phrasings that the bot is trained and tested with."""

from pathlib import Path

import pytest
import yaml

from bot.fallback import OfflineBot, SteadyBot
from hub.errors import BotUnavailable
from hub.types import BotReply, BotTurn, Effect, Handoff, Language, Say, Search, TakeBack

ROOT = Path(__file__).resolve().parents[2]


def turn(text: str, language: Language = "en") -> BotTurn:
    return BotTurn(id="t", conversation="c", text=text, language=language)


async def effect(text: str, language: Language = "en") -> Effect:
    (only,) = (await OfflineBot().respond(turn(text, language))).effects
    return only


def phrasings(intent: str) -> list[str]:
    """All that we have for an intent, seen and unseen."""
    files = [*(ROOT / "training_data" / "nlu").rglob("*.yml"), ROOT / "tests" / "bot" / "held_out.yml"]
    return [
        line.removeprefix("- ")
        for file in files
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
        if entry["intent"] == intent
        for line in entry["examples"].splitlines()
    ]


async def test_a_human_is_recognised() -> None:
    asked = phrasings("ask_human")
    missed = [text for text in asked if await effect(text) != Handoff("asked")]
    assert len(missed) <= 0.15 * len(asked), missed


async def test_questions_are_searched() -> None:
    asked = phrasings("question")
    taken = [text for text in asked if await effect(text) != Search()]
    assert len(taken) <= 0.01 * len(asked), taken


async def test_nobody_is_handed_over_who_does_not_want_it() -> None:
    for intent in ("greet", "goodbye", "thanks", "affirm", "deny"):
        assert not [text for text in phrasings(intent) if isinstance(await effect(text), Handoff)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("转人工", "zh", Handoff("asked")),
        ("能不能转人工", "zh", Handoff("asked")),
        ("I'd like to talk to a person, please", "en", Handoff("asked")),
        ("不用转人工了", "zh", TakeBack()),
        ("I no longer need an agent", "en", TakeBack()),
        ("人工费怎么算", "zh", Search()),
        ("where is my order", "en", Search()),
        ("hello, where is my order", "en", Search()),
        ("", "en", Search()),
    ],
)
async def test_effects(text: str, language: Language, expected: Effect) -> None:
    assert await effect(text, language) == expected


@pytest.mark.parametrize("text", ["你好", "谢谢你", "你是机器人吗"])
async def test_words_in_the_customers_language(text: str) -> None:
    chinese, english = await effect(text, "zh"), await effect(text, "en")
    assert isinstance(chinese, Say)
    assert isinstance(english, Say)
    assert not chinese.text.isascii()
    assert "。" not in english.text


class Flaky:
    """A bot that is away while it is told to be."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    async def respond(self, turn: BotTurn) -> BotReply:
        self.asked += 1
        if self.away:
            raise BotUnavailable("away")
        return BotReply(effects=(Say("first"),))

    async def ready(self) -> tuple[bool, str]:
        return not self.away, "flaky"


async def test_the_second_bot_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Flaky()
    steady = SteadyBot(first, OfflineBot())
    assert (await steady.respond(turn("转人工"))).effects == (Say("first"),)
    first.away = True
    assert (await steady.respond(turn("转人工"))).effects == (Handoff("asked"),)
    assert await steady.ready() == (False, "flaky")
    asked = first.asked
    assert (await steady.respond(turn("where is it"))).effects == (Search(),)
    assert first.asked == asked  # a bot that hangs is left alone for a moment
    first.away = False
    monkeypatch.setattr("bot.fallback.PAUSE", 0.0)
    steady = SteadyBot(first, OfflineBot())
    first.away = True
    await steady.respond(turn("where is it"))
    first.away = False
    assert (await steady.respond(turn("where is it"))).effects == (Say("first"),)
