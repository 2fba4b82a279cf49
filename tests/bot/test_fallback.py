"""What stands in while Rasa is away: the trained bot's understanding and words, without Rasa."""

import io
import tarfile
from pathlib import Path

import pytest
import yaml

from bot.fallback import SteadyBot
from bot.standin import StandIn
from hub.errors import BotFailed, BotUnavailable
from hub.types import BotReply, BotTurn, Dialogue, Effect, Handoff, Language, Miss, Say, Search, TakeBack

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "var" / "models" / "bot.tar.gz"
RULES = ROOT / "training_data" / "rules.yml"


@pytest.fixture(scope="module")
def stand_in() -> StandIn:
    """With the model that the set-up has trained from this checkout."""
    return StandIn(MODEL, RULES)


def turn(text: str, language: Language = "en", form: str | None = None) -> BotTurn:
    return BotTurn(id="t", text=text, language=language, dialogue=Dialogue(form))


def held_out(intent: str) -> list[str]:
    """Phrasings that the bot was not trained with."""
    entries = yaml.safe_load((ROOT / "tests" / "bot" / "held_out.yml").read_text(encoding="utf-8"))["nlu"]
    return [
        line.removeprefix("- ")
        for entry in entries
        if entry["intent"] == intent
        for line in entry["examples"].splitlines()
    ]


@pytest.mark.parametrize(("intent", "effect"), [("ask_human", Handoff("asked")), ("take_back", TakeBack())])
async def test_wishes_are_recognised(stand_in: StandIn, intent: str, effect: Effect) -> None:
    asked = held_out(intent)
    missed = [text for text in asked if (await stand_in.respond(turn(text))).effects != (effect,)]
    assert len(missed) <= 0.1 * len(asked), missed


@pytest.mark.parametrize("intent", ["danger", "distress"])
async def test_safety_comes_first_without_rasa_too(stand_in: StandIn, intent: str) -> None:
    asked = held_out(intent)
    missed = []
    for text in asked:
        match (await stand_in.respond(turn(text))).effects:
            case (Say(), Handoff("safety", None, 2)):
                pass
            case _:
                missed.append(text)
    assert len(missed) <= 0.1 * len(asked), missed


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("能不能转人工", "zh", Handoff("asked")),
        ("where is my order", "en", Search()),
        ("how long does a refund take", "en", Search()),
        ("那耳机呢", "zh", Search(follow_up=True)),
        ("我要投诉", "zh", Handoff("complaint")),
        ("答非所问", "zh", Miss()),
        ("flumph grzbl", "en", Search()),
    ],
)
async def test_effects(stand_in: StandIn, text: str, language: Language, expected: Effect) -> None:
    assert (await stand_in.respond(turn(text, language))).effects == (expected,)


@pytest.mark.parametrize("text", ["你好", "谢谢你", "你是机器人吗"])
async def test_words_in_the_customers_language(stand_in: StandIn, text: str) -> None:
    (chinese,), (english,) = [(await stand_in.respond(turn(text, language))).effects for language in ("zh", "en")]
    assert isinstance(chinese, Say)
    assert isinstance(english, Say)
    assert not chinese.text.isascii()
    assert "。" not in english.text


async def test_without_a_model_everything_is_searched(tmp_path: Path) -> None:
    broken = tmp_path / "bot.tar.gz"
    stand_in = StandIn(broken, RULES)
    assert (await stand_in.respond(turn("转人工"))).effects == (Search(),)
    broken.write_bytes(b"no archive")
    assert (await stand_in.respond(turn("转人工"))).effects == (Search(),)
    broken.write_bytes(MODEL.read_bytes())
    assert (await stand_in.respond(turn("转人工"))).effects == (Handoff("asked"),), "a new model is read"


async def test_of_several_ways_of_saying_it_one_is_said(tmp_path: Path) -> None:
    varied = tmp_path / "bot.tar.gz"
    with tarfile.open(MODEL) as old, tarfile.open(varied, "w:gz") as new:
        for member in old:
            file = old.extractfile(member)
            content = file.read() if file is not None else b""
            if Path(member.name).name == "domain.yml":
                domain = yaml.safe_load(content)
                domain["responses"]["utter_greet"] *= 2
                content = yaml.safe_dump(domain, allow_unicode=True).encode()
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    assert len((await StandIn(varied, RULES).respond(turn("你好", "zh"))).effects) == 1


class Flaky:
    """A bot that is away while it is told to be."""

    def __init__(self) -> None:
        self.away = False
        self.fails = False
        self.asked = 0

    async def respond(self, turn: BotTurn) -> BotReply:
        self.asked += 1
        if self.away:
            raise BotUnavailable("away")
        if self.fails:
            raise BotFailed("Rasa said nothing")
        return BotReply(effects=(Say("first"),))

    async def ready(self) -> tuple[bool, str]:
        return not self.away, "flaky"


async def test_the_second_bot_stands_in(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Flaky()
    steady = SteadyBot(first, stand_in)
    assert (await steady.respond(turn("转人工"))).effects == (Say("first"),)
    first.away = True
    assert (await steady.respond(turn("转人工"))).effects == (Handoff("asked"),)
    assert await steady.ready() == (False, "flaky")
    asked = first.asked
    assert (await steady.respond(turn("how long does a refund take"))).effects == (Search(),)
    assert first.asked == asked  # a bot that hangs is left alone for a moment
    first.away = False
    monkeypatch.setattr("bot.fallback.PAUSE", 0.0)
    steady = SteadyBot(first, stand_in)
    first.away = True
    await steady.respond(turn("how long does a refund take"))
    first.away = False
    assert (await steady.respond(turn("how long does a refund take"))).effects == (Say("first"),)


async def test_a_form_waits_for_the_first_bot(stand_in: StandIn) -> None:
    first = Flaky()
    first.away = True
    steady = SteadyBot(first, stand_in)
    with pytest.raises(BotUnavailable, match="complaint_form"):
        await steady.respond(turn("PL20418835", form="complaint_form"))


async def test_a_turn_that_fails_says_nothing_about_the_others(stand_in: StandIn) -> None:
    first = Flaky()
    steady = SteadyBot(first, stand_in)
    first.fails = True
    assert (await steady.respond(turn("转人工"))).effects == (Handoff("asked"),)
    with pytest.raises(BotFailed):
        await steady.respond(turn("PL20418835", form="complaint_form"))
    first.fails = False
    assert (await steady.respond(turn("转人工"))).effects == (Say("first"),), "it was asked at once"
