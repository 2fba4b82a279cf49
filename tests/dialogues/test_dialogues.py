"""Each dialogue of the scripts beside this file is a test; all are played by the time the first one is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from app.setup.step import StepFailed
from tests.dialogues import figures
from tests.dialogues.play import play_all
from tests.dialogues.script import read_all

pytestmark = [pytest.mark.xdist_group("dialogues"), pytest.mark.slow]

DIALOGUES = {
    f"{script.theme}/{dialogue.name}": (script.theme, dialogue)
    for script in read_all()
    for dialogue in script.dialogues
}


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """What went wrong in each of the dialogues that were asked for."""
    calls = [item.callspec for item in request.session.items if hasattr(item, "callspec")]
    keys = [key for call in calls if (key := call.params.get("key")) in DIALOGUES]
    try:
        return asyncio.run(play_all([(key, DIALOGUES[key][1]) for key in keys], tmp_path_factory.mktemp("dialogues")))
    except (StepFailed, RuntimeError, TimeoutError) as error:
        pytest.fail(f"the product cannot be started: {error!r}", pytrace=False)


@pytest.mark.parametrize("key", DIALOGUES, ids=str)
def test_a_dialogue(key: str, played: dict[str, str | None], record_property: Callable[[str, object], None]) -> None:
    record_property(figures.PROPERTY, figures.note(*DIALOGUES[key]))
    wrong, known = played[key], DIALOGUES[key][1].known_failure
    if wrong is None and known is not None:
        pytest.fail("it goes well now: take its known_failure away", pytrace=False)
    if wrong is not None:
        pytest.fail(wrong, pytrace=False) if known is None else pytest.xfail(known)
