"""How well intents are told apart, as a table for the end of a test run."""

from __future__ import annotations

from typing import Any

import pytest

PROPERTY = "confusion"
_SUMMARIES = frozenset({"accuracy", "macro avg", "weighted avg", "micro avg"})
_SHOWN = 20  # confusions: those that happen most


def table(report: dict[str, Any]) -> list[str]:
    """The lines for one of Rasa's intent reports: each intent, then what is taken for what."""
    intents = {name: row for name, row in sorted(report.items()) if name not in _SUMMARIES}
    widest = max(map(len, intents))
    lines = [f"{'intent':<{widest}}  precision  recall  phrasings  taken for"]
    for name, row in intents.items():
        taken_for = ", ".join(f"{other} {count}" for other, count in row["confused_with"].items())
        lines.append(
            f"{name:<{widest}}  {row['precision']:9.3f}  {row['recall']:6.3f}  {row['support']:9}  {taken_for}".rstrip()
        )
    overall = report["weighted avg"]
    lines.append(f"{'all':<{widest}}  {overall['precision']:9.3f}  {overall['recall']:6.3f}  {overall['support']:9}")
    confusions = sorted(
        ((count, name, other) for name, row in intents.items() for other, count in row["confused_with"].items()),
        reverse=True,
    )
    lines += ["", "most confused:"]
    lines += [f"{count:5}  {name} taken for {other}" for count, name, other in confusions[:_SHOWN]]
    return lines


def show(terminal: pytest.TerminalReporter) -> None:
    """Prints the tables that tests have recorded, through xdist too."""
    for outcome in ("passed", "failed"):
        for report in terminal.stats.get(outcome, ()):
            lines = dict(getattr(report, "user_properties", ())).get(PROPERTY)
            if lines is not None:
                terminal.section("intents, by cross-validation")
                for line in lines:
                    terminal.write_line(line)
