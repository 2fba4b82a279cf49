"""The scripts themselves: new to the bot, and read with errors that say where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.dialogues.script import ScriptError, read, read_all
from tests.kill.stack import ROOT

HAN, WORD = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[a-z']+")
ENOUGH_HAN, ENOUGH_WORDS = 6, 5
"""A text of this size can be said in another way; a shorter one (转人工, talk to a human) often cannot."""


def plain(text: str) -> str:
    """A text without case, spaces and punctuation, so that near-copies count as the same."""
    return re.sub(r"[\W_]+", "", text.casefold())


def is_sentence(text: str) -> bool:
    return len(HAN.findall(text)) >= ENOUGH_HAN or len(WORD.findall(text.casefold())) >= ENOUGH_WORDS


def known_to_the_bot() -> Iterator[str]:
    for path in (ROOT / "training_data").rglob("*.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu", []):
            for line in entry["examples"].splitlines():
                yield re.sub(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})", r"\1", line.removeprefix("- "))
    for path in (ROOT / "knowledge_base" / "sample" / "articles").glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            for translation in json.loads(line)["translations"].values():
                yield from translation["questions"]
    for path in (ROOT / "benchmarks" / "questions").rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]


def test_what_customers_say_is_new_to_the_bot() -> None:
    known = {plain(text) for text in known_to_the_bot()}
    assert len(known) > 1000
    copies = [
        f"{script.theme}, {dialogue.name}: {text}"
        for script in read_all()
        for dialogue in script.dialogues
        for turn in dialogue.turns
        if turn.presses is None
        for text in turn.texts
        if is_sentence(text) and plain(text) in known
    ]
    assert copies == []


def test_both_languages_have_their_share() -> None:
    languages = [dialogue.language for script in read_all() for dialogue in script.dialogues]
    assert min(languages.count("zh"), languages.count("en")) >= 0.4 * len(languages)


def test_few_dialogues_are_known_to_fail() -> None:
    dialogues = [dialogue for script in read_all() for dialogue in script.dialogues]
    assert sum(dialogue.known_failure is not None for dialogue in dialogues) <= 0.05 * len(dialogues)


@pytest.mark.parametrize(
    ("turn", "complaint"),
    [
        ("{custmer: hello, bot: silent}", "unknown field `custmer`"),
        ("{customer: hello, bot: {say: Hello}}", "unknown field `say`"),
        ("{customer: hello, bot: {}}", "expects nothing"),
        ("{customer: hello, bot: {status: bott}}", "Invalid enum value 'bott'"),
        ("{customer: hello, presses: None of these, bot: silent}", "a turn is one of"),
        ("{customer: 12, bot: silent}", "got `int`"),
        ("{customer: hello, customer: again, bot: silent}", "stands twice: customer"),
    ],
)
def test_a_typing_error_is_named_with_its_place(tmp_path: Path, turn: str, complaint: str) -> None:
    file = tmp_path / "shop.yml"
    file.write_text(f"theme: t\ndialogues:\n- name: one\n  language: en\n  turns:\n  - customer: hi\n  - {turn}\n")
    with pytest.raises(ScriptError, match=re.escape(complaint)) as raised:
        read(file)
    assert "shop.yml" in str(raised.value)
    assert "one, turn 2" in str(raised.value) or "line 7" in str(raised.value)
