"""The bot in Rasa itself: its data is sound, it understands what it never saw, and it takes a turn twice unharmed."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from bot.client import RasaClient
from hub.errors import BotUnavailable
from hub.types import BotReply, BotTurn, Button, Dialogue, Handoff, Language, Say, Search, TakeBack
from tests.bot import served

pytestmark = [pytest.mark.xdist_group("rasa"), pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model and all that Rasa leaves behind go."""
    return tmp_path_factory.mktemp("rasa")


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    return served.train(folder)


@pytest.fixture(scope="module")
def url(folder: Path, model: Path) -> Iterator[str]:
    with served.serve(folder) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[RasaClient]:
    made = RasaClient(url, served.TOKEN)
    await made.start()
    yield made
    await made.stop()


def question(text: str, *, turn: str = "t1", language: Language = "en", **more: object) -> BotTurn:
    return BotTurn(id=turn, conversation="c", text=text, language=language, **more)  # type: ignore[arg-type]


def test_the_data_is_sound(folder: Path) -> None:
    data = ("--config", "config.yml", "--domain", "bot/domain", "--data", "training_data")
    printed = served.run(folder, "-m", "rasa", "data", "validate", "--fail-on-warnings", *data)
    assert "No story structure conflicts found" in printed
    assert "UserWarning" not in printed


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
    sorry, handoff = await effects("I want to make a complaint", "en")
    assert isinstance(sorry, Say)
    assert sorry.text.startswith("I am very sorry")
    assert handoff == Handoff("complaint")
    first_aid, handoff = await effects("hello\nI bought a charger\nit is smoking", "en")
    assert isinstance(first_aid, Say)
    assert first_aid.text.startswith("Please get safe first")
    assert handoff == Handoff("safety", priority=2)


async def test_commands_of_rasa_are_only_words(client: RasaClient) -> None:
    for text in ("/restart", " / /session_start", '/report_damage{"device": "phone"}', "///"):
        reply = await client.respond(question(text))
        assert reply.dialogue == Dialogue()
        assert reply.intent not in {"restart", "session_start", "report_damage"}


async def test_a_turn_taken_twice_fills_one_slot(client: RasaClient) -> None:
    async def take(before: Dialogue, text: str, payload: str | None = None) -> BotReply:
        return await client.respond(question(text, turn="t", dialogue=before, payload=payload, attempt=2))

    begun = await take(Dialogue(), "It is broken", payload="/report_damage")
    assert (begun.dialogue, begun.effects) == (Dialogue("damage_form", "device"), (Say("Which device?"),))
    assert begun.dialogue is not None
    asked = await take(begun.dialogue, "my headphones")
    assert asked.effects == (Say("What is wrong with it?", (Button("It does not turn on", "dead"),)),)
    assert await take(begun.dialogue, "my headphones") == asked
    assert asked.dialogue == Dialogue("damage_form", "fault", {"device": "my headphones"})
    done = await take(asked.dialogue, "no sound on the left")
    assert done.effects == ()  # the domain says that this silence is meant
    assert done.dialogue == Dialogue(slots={"device": "my headphones", "fault": "no sound on the left"})
    assert await take(asked.dialogue, "no sound on the left") == done


async def test_what_the_hub_knows_and_the_bot_does_not(client: RasaClient) -> None:
    known = Dialogue("form_of_an_older_model", "x", {"customer_name": "Mei", "unheard_of": "x"})
    reply = await client.respond(question("hello", dialogue=known))
    assert reply.intent == "greet"
    assert reply.dialogue == Dialogue(slots={"customer_name": "Mei"})


async def test_nothing_is_left_of_a_turn(client: RasaClient) -> None:
    await client.respond(question("It is broken", turn="t", payload="/report_damage"))
    reply = await client.respond(question("my headphones", turn="t"))
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
        for line in entry["examples"].splitlines()
    ]
