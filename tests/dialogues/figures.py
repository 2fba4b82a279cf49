"""The figures of the dialogues, by theme, for the end of a test run."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.dialogues.script import Dialogue

PROPERTY = "dialogue"
_COLUMNS = ("dialogues", "zh", "en", "turns", "passed", "failed", "known")


def note(theme: str, dialogue: Dialogue) -> dict[str, Any]:
    """What a test's report has to carry, through xdist too, so that its dialogue can be counted."""
    return {"theme": theme, "language": dialogue.language, "turns": len(dialogue.turns)}


def show(terminal: pytest.TerminalReporter) -> None:
    """Prints a line for each theme; a known failure is a failure."""
    themes: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome, passed, known in (("passed", 1, 0), ("failed", 0, 0), ("error", 0, 0), ("xfailed", 0, 1)):
        for report in terminal.stats.get(outcome, ()):
            noted = dict(getattr(report, "user_properties", ())).get(PROPERTY)
            if noted is not None:
                counts = {"dialogues": 1, noted["language"]: 1, "turns": noted["turns"]}
                themes[noted["theme"]].update({**counts, "passed": passed, "failed": 1 - passed, "known": known})
    if themes:
        terminal.section("dialogues")
        widest = max(map(len, themes))
        terminal.write_line(" " * widest + "".join(f"{name:>11}" for name in _COLUMNS))
        for theme, count in [*sorted(themes.items()), ("all", sum(themes.values(), Counter()))]:
            terminal.write_line(f"{theme:<{widest}}" + "".join(f"{count[name]:>11}" for name in _COLUMNS))
