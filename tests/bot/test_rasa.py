"""The bot in Rasa itself: its data is sound, it understands what it never saw, and it takes a turn twice unharmed."""

import re
from collections import defaultdict
from pathlib import Path

import aiohttp
import pytest
import yaml

from bot.client import RasaClient
from hub.errors import BotUnavailable
from hub.types import BotTurn, Dialogue, Handoff, Language, Say, Search, TakeBack
from tests.bot import served

pytestmark = [pytest.mark.xdist_group("rasa"), pytest.mark.slow]


def question(text: str, *, turn: str = "t1", language: Language = "en", **more: object) -> BotTurn:
    return BotTurn(id=turn, text=text, language=language, **more)  # type: ignore[arg-type]


def test_the_data_is_sound(folder: Path) -> None:
    data = ("--config", "config.yml", "--domain", "bot/domain", "--data", "training_data")
    printed = served.run(folder, "-m", "rasa", "data", "validate", "--fail-on-warnings", *data)
    assert "No story structure conflicts found" in printed
    # What only forms and actions say, no rule names.
    unused = re.findall(r"UserWarning: The utterance '(\w+)' is not used in any story or rule", printed)
    assert printed.count("UserWarning") == len(unused), printed
    said = "".join(path.read_text(encoding="utf-8") for path in (served.ROOT / "bot" / "actions").glob("*.py"))
    asked = re.compile(r"utter_ask_(\w+_form_)?(order_number|contact|complaint_account|complaint_wish)")
    computed = re.compile(r"utter_(order|lookup)_[a-z_]+")  # by status and by error; each is said in test_forms
    assert [
        name for name in unused if name not in said and not asked.fullmatch(name) and not computed.fullmatch(name)
    ] == []


def test_the_stories_hold(folder: Path, model: Path) -> None:
    out = ("--out", str(folder / "results"), "--no-plot", "--no-errors", "--fail-on-prediction-errors")
    printed = served.run(
        folder, "-m", "rasa", "test", "core", "--model", str(model), "--stories", "tests/bot/stories", *out
    )
    assert "Accuracy:         1.000" in printed


def test_what_runs_inside_rasa(folder: Path) -> None:
    assert "all held" in served.run(folder, "-m", "tests.bot.inside_rasa")


async def test_unseen_phrasings_are_understood(client: RasaClient) -> None:
    right: dict[str, int] = defaultdict(int)
    phrasings = held_out()
    wrong: list[str] = []
    for intent, texts in phrasings.items():
        for n, text in enumerate(texts):
            reply = await client.respond(question(text, turn=f"{intent}.{n}"))
            # What is not understood is searched for, as a question is.
            understood = "question" if reply.intent == "nlu_fallback" else reply.intent
            right[intent] += understood == intent
            if understood != intent:
                wrong.append(f"{text} ({intent}) -> {reply.intent}")
    shares = {intent: right[intent] / len(texts) for intent, texts in phrasings.items()}
    assert min(shares.values()) >= 0.8, (shares, wrong)
    assert min(shares[intent] for intent in ("question", "ask_human", "complaint", "danger", "distress")) >= 0.9, wrong
    assert sum(right.values()) >= 0.93 * sum(map(len, phrasings.values())), wrong


async def test_effects_in_the_customers_language(client: RasaClient) -> None:
    async def effects(text: str, language: Language) -> tuple[object, ...]:
        return (await client.respond(question(text, language=language))).effects

    assert await effects("转人工", "zh") == (Handoff("asked"),)
    assert await effects("不用转人工了", "zh") == (TakeBack(),)
    assert await effects("hello, how do I return a phone?", "en") == (Search(),)
    assert await effects("那耳机呢", "zh") == (Search(follow_up=True),)
    (greeting,) = await effects("你好", "zh")
    assert isinstance(greeting, Say)
    assert greeting.text.startswith("您好")
    first_aid, handoff = await effects("hello\nI bought a charger\nit is smoking", "en")
    assert isinstance(first_aid, Say)
    assert first_aid.text.startswith("Please get safe first")
    assert handoff == Handoff("safety", priority=2)


async def test_commands_of_rasa_are_only_words(client: RasaClient) -> None:
    for text in ("/restart", " / /session_start", '/question{"contact": "x"}', "///"):
        reply = await client.respond(question(text))
        assert reply.dialogue == Dialogue()
        assert reply.intent not in {"restart", "session_start"}


async def test_what_the_hub_knows_and_the_bot_does_not(client: RasaClient) -> None:
    known = Dialogue("form_of_an_older_model", "x", {"order_number": "PL20418801", "unheard_of": "x"})
    reply = await client.respond(question("hello", dialogue=known))
    assert reply.intent == "greet"
    assert reply.dialogue == Dialogue(slots={"order_number": "PL20418801"})


async def test_nothing_is_left_of_a_turn(client: RasaClient) -> None:
    await client.respond(question("I want to complain", turn="t"))
    reply = await client.respond(question("hello", turn="t"))
    assert reply.dialogue == Dialogue()


async def test_only_who_knows_the_token(url: str) -> None:
    stranger = RasaClient(url, "a guess")
    await stranger.start()
    assert (await stranger.ready())[0] is False
    with pytest.raises(BotUnavailable, match="401"):
        await stranger.respond(question("hello"))
    await stranger.stop()


@pytest.mark.parametrize("body", [b"[]", b"{}", b"nothing", b'{"sender": "a", "message": "b", "metadata": []}'])
async def test_what_is_no_question_is_refused(url: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {served.TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/webhooks/hub/webhook", data=body, headers=headers) as response,
    ):
        assert response.status == 400


async def test_it_is_ready(client: RasaClient) -> None:
    assert await client.ready() == (True, "")


def held_out() -> dict[str, list[str]]:
    """Phrasings by intent; they are none of the training data's."""
    unseen = _examples(served.HERE / "held_out.yml")
    seen = {text for path in (served.ROOT / "training_data").rglob("*.yml") for _, text in _examples(path)}
    by_intent: dict[str, list[str]] = defaultdict(list)
    for intent, text in unseen:
        assert text not in seen, f"{text} is in the training data"
        by_intent[intent].append(text)
    return by_intent


def _examples(path: Path) -> list[tuple[str, str]]:
    return [
        (entry["intent"], line.removeprefix("- "))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu", [])
        if "intent" in entry
        for line in entry["examples"].splitlines()
    ]
