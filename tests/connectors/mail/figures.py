"""The figures of the mail corpus, by mail program and group of faults, for the end of a test run."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

PROPERTY = "mail"
_COLUMNS = ("mails", "zh", "en", "right", "wrong")


def note(expected: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What a test's report has to carry, through xdist too, so that its mail can be counted."""
    return {"group": expected["group"], "language": expected.get("language", "en"), "seconds": seconds}


def show(terminal: pytest.TerminalReporter) -> None:
    """Prints a line for each group, and how long the parsing took."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: list[float] = []
    for outcome in ("passed", "failed", "error"):
        for report in terminal.stats.get(outcome, ()):
            noted = dict(getattr(report, "user_properties", ())).get(PROPERTY)
            if noted is not None:
                right = "right" if outcome == "passed" else "wrong"
                groups[noted["group"]].update(("mails", noted["language"], right))
                seconds.append(noted["seconds"])
    if groups:
        terminal.section("mails")
        widest = max(map(len, groups))
        terminal.write_line(" " * widest + "".join(f"{name:>8}" for name in _COLUMNS))
        for group, count in [*sorted(groups.items()), ("all", sum(groups.values(), Counter()))]:
            terminal.write_line(f"{group:<{widest}}" + "".join(f"{count[name]:>8}" for name in _COLUMNS))
        seconds.sort()
        p50, p99 = (1000 * seconds[min(len(seconds) - 1, int(len(seconds) * share))] for share in (0.5, 0.99))
        terminal.write_line(f"parsed in {p50:.1f} ms (p50), {p99:.1f} ms (p99)")
