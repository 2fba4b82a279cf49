"""What was measured, for people (a terminal, a README) and for machines (JSON)."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from benchmarks.dialogues import ROOT
from benchmarks.figures import Figures, Results, Target
from benchmarks.intake import Intakes
from benchmarks.rounds import Rehearsal
from benchmarks.watch import Memory
from benchmarks.webhooks import Webhooks

SYSTEMS = {"stock": "stock Rasa bot", "bare": "our Rasa, bare", "hub": "hub, everything on"}


QUIET = 0.25
"""The share of a core that everything else may take before the figures are called rough."""


class Resources(Struct, frozen=True):
    """What a system takes: seconds to its first answer, memory then and after all rounds, and CPU at rest.

    `idle_cpu` is a share of one core.
    """

    start_up: float
    at_rest: Memory
    at_end: Memory
    idle_cpu: float


class Machine(Struct, frozen=True):
    """Where it was measured."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str


class Report(Struct, frozen=True):
    """All of one run."""

    at: datetime
    commit: str
    machine: Machine
    quick: bool
    seed: int
    took: float
    first_start: float | None
    resources: dict[str, Resources]
    rehearsals: dict[str, Rehearsal]
    left_out: list[str]
    results: Results
    intake: list[Intakes]
    webhooks: list[Webhooks]
    targets: list[Target]

    @property
    def wrong(self) -> int:
        """Replies that spoil the run."""
        return sum(figures.wrong for cells in self.results.values() for figures in cells.values())


def machine() -> Machine:
    """This machine."""
    return Machine(
        cpu=_cpu_model(),
        cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
    )


def commit() -> str:
    """The commit that is checked out, marked where files differ from it; empty outside a repository."""
    words = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def now() -> datetime:
    """When a report was made."""
    return datetime.now(UTC).replace(microsecond=0)


def save(report: Report, folder: Path) -> Path:
    """Writes the JSON; answers its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.at:%Y-%m-%d-%H%M%S}{'-quick' if report.quick else ''}.json"
    content = msgspec.to_builtins(report)
    content["results"] = [
        {"system": system, "length": length, "clients": clients, **msgspec.to_builtins(figures)}
        for system, cells in report.results.items()
        for (length, clients), figures in cells.items()
    ]
    content["targets"] = [{**msgspec.to_builtins(t), "reached": t.reached} for t in report.targets]
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    return path


def text(report: Report, *, markdown: bool) -> str:
    """The tables."""
    parts = [
        table(_load_rows(report.results), markdown=markdown),
        table(_resource_rows(report), markdown=markdown),
        table(_target_rows(report.targets), markdown=markdown),
    ]
    if report.intake:
        parts.append(table(_intake_rows(report.intake), markdown=markdown))
    if report.webhooks:
        parts.append(table(_webhook_rows(report.webhooks), markdown=markdown))
    return "\n\n".join([*parts, _notes(report)])


def _load_rows(results: Results) -> list[list[str]]:
    rows = [["dialogues", "clients", "system", "messages/s", "p50 ms", "p99 ms", "last : first ten", "CPU ms/message"]]
    cells = sorted({cell for found in results.values() for cell in found})
    for length, clients in cells:
        for system, found in results.items():
            figures = found[length, clients]
            where = [f"{length} messages", str(clients), SYSTEMS[system]]
            rows.append([*where, *(["no result", "", "", "", ""] if figures.wrong else _figures(figures))])
    return rows


def _figures(found: Figures) -> list[str]:
    rate = f"{found.rate:.1f}"
    if found.rounds > 1:
        rate += f" ({found.rate_low:.1f}–{found.rate_high:.1f})"
    ratio = "" if found.last_first is None else f"{found.last_first:.2f}"
    return [rate, f"{found.p50:.1f}", f"{found.p99:.1f}", ratio, f"{found.cpu_ms:.1f}"]


def _resource_rows(report: Report) -> list[list[str]]:
    rows = [["system", "first answer after", "memory at rest", "memory after the load", "processes", "CPU at rest"]]
    for system, taken in report.resources.items():
        rows.append(
            [
                SYSTEMS[system],
                f"{taken.start_up:.1f} s",
                _memory(taken.at_rest),
                _memory(taken.at_end),
                str(taken.at_end.processes),
                f"{100 * taken.idle_cpu:.1f} %",
            ]
        )
    return rows


def _memory(taken: Memory) -> str:
    rss = f"RSS {taken.rss:,.0f} MiB"
    return rss if taken.pss is None else f"{taken.pss:,.0f} MiB ({rss})"


def _target_rows(targets: Sequence[Target]) -> list[list[str]]:
    rows = [["at 8 clients", "measured", "to reach", ""]]
    for target in targets:
        limit = f"{'≥' if target.at_least else '≤'} {target.limit:g}"
        if target.value is None:
            rows.append([target.what, "no result", limit, ""])
        else:
            rows.append([target.what, f"{target.value:.2f}", limit, "reached" if target.reached else "MISSED"])
    return rows


def _intake_rows(intakes: Sequence[Intakes]) -> list[list[str]]:
    rows = [["callers", "messages stored/s", "bare transactions/s", "ratio"]]
    return rows + [[str(i.callers), f"{i.messages:,.0f}", f"{i.bare:,.0f}", f"{i.ratio:.2f}"] for i in intakes]


def _webhook_rows(found: Sequence[Webhooks]) -> list[list[str]]:
    rows = [["channel", "webhooks stored/s", "bare transactions/s", "ratio"]]
    return rows + [[w.channel, f"{w.deliveries:,.0f}", f"{w.bare:,.0f}", f"{w.ratio:.2f}"] for w in found]


def _notes(report: Report) -> str:
    everything = [figures for cells in report.results.values() for figures in cells.values()]
    lines = [f"{SYSTEMS[system]}: {_kinds(cells.values())}" for system, cells in report.results.items()]
    if report.left_out:
        lines.append(f"{len(report.left_out)} questions were left out for all systems after the rehearsal")
    if report.first_start is not None:
        lines.append(f"the hub's very first start, with an empty data folder: {report.first_start:.1f} s")
    if everything:
        other = max(f.other_share for f in everything)
        lines.append(
            f"the client took at most {100 * max(f.client_share for f in everything):.1f} % of a core, everything else "
            f"on the machine at most {100 * other:.0f} % (the other two systems at rest included)"
        )
        if other > QUIET:
            lines.append("THE MACHINE WAS BUSY with something else: these figures are rough")
    lines.append("memory is each process's proportional share (PSS); RSS counts shared pages once for each process")
    where = report.machine
    lines.append(
        f"{where.cores} cores ({where.cpu}), {where.memory_gib:g} GiB, kernel {where.kernel}, Python {where.python}; "
        f"commit {report.commit}, seed {report.seed}, {report.took / 60:.1f} minutes"
    )
    return "\n".join(f"- {line}" for line in lines)


def _kinds(cells: Iterable[Figures]) -> str:
    total: dict[str, int] = {}
    for figures in cells:
        for kind, count in figures.kinds.items():
            total[kind] = total.get(kind, 0) + count
    return listed(total)


def listed(kinds: Mapping[str, int]) -> str:
    """How many replies of each kind."""
    return ", ".join(f"{count:,} × {kind}" for kind, count in sorted(kinds.items()))


def table(rows: Sequence[Sequence[str]], markdown: bool) -> str:
    """Rows of cells, the first of them the head."""
    if markdown:
        head, *body = rows
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:]])


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
