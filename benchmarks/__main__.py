"""`make bench`: the stock Rasa bot, our Rasa bare, and the hub with everything on, side by side.

All three are up at the same time and asked in turn, round by round, so that what disturbs the machine disturbs all of
them; only one is asked at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from app.supervisor.process import StartError
from app.supervisor.state import var_folder
from benchmarks import intake, report, rounds, systems, webhooks
from benchmarks.dialogues import ROOT, articles, questions, sample
from benchmarks.figures import Cell, Results, targets
from benchmarks.retrieval import command as retrieval
from benchmarks.watch import cpu, memory

CELLS = (Cell(8, 1, 3), Cell(8, 8, 5), Cell(8, 32, 3), Cell(60, 1, 3), Cell(60, 8, 3), Cell(60, 32, 1))
QUICK = (Cell(8, 1, 1), Cell(8, 8, 3), Cell(60, 8, 1))
AT_REST = 5.0
"""Seconds over which a system's CPU at rest is taken."""


def main(words: list[str]) -> int:
    """The command's entry. 0 unless replies were wrong; with `--check` also 1 where a target is missed."""
    wanted = _arguments(words)
    try:
        made = uvloop.run(bench(wanted))
    except StartError as error:
        print(error, error.remedy, sep="\n", file=sys.stderr)
        return 1
    path = report.save(made, ROOT / "benchmarks" / "results")
    print("\n" + report.text(made, markdown=wanted.markdown) + "\n")
    print(f"as JSON: {path.relative_to(ROOT)}")
    failed = 0 if wanted.no_retrieval else _retrieval(wanted)
    if made.wrong:
        print(f"!! {made.wrong} replies were wrong: the figures of those loads are no result")
        return 1
    return failed or int(wanted.check and not all(target.reached for target in made.targets))


def _retrieval(wanted: argparse.Namespace) -> int:
    """The quality of what is found; a quick run does without Rasa's selector, which would have to be trained first."""
    say("\nretrieval: who finds the right article")
    words = ["--brief", *(["--markdown"] if wanted.markdown else [])]
    return retrieval.main([*words, *(["--systems", "ours,bm25,tfidf,minilm,hybrid"] if wanted.quick else [])])


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer loads and rounds, three minutes instead of twelve")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--systems", default="stock,bare,hub", help="which of stock, bare and hub; default all")
    parser.add_argument("--no-intake", action="store_true", help="leave out the durable intake and the webhooks")
    parser.add_argument("--no-retrieval", action="store_true", help="leave out who finds the right article")
    parser.add_argument("--seed", type=int, default=1, help="of the dialogues")
    wanted = parser.parse_args(words)
    wanted.systems = wanted.systems.split(",")
    if unknown := set(wanted.systems) - set(report.SYSTEMS):
        parser.error(f"unknown systems: {', '.join(sorted(unknown))}")
    return wanted


async def bench(wanted: argparse.Namespace) -> report.Report:
    """The whole run."""
    began = time.perf_counter()
    folder = var_folder() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    async with contextlib.AsyncExitStack() as stack:
        made, first_start = await _made(wanted.systems, folder)
        for system in made:
            stack.push_async_callback(system.stop)
            await system.start()
            say(f"{system.title} answers after {system.start_up:.1f} s")
        idle = await _idle(made)
        results, rehearsals, left_out = await _played(made, wanted)
        resources = {
            system.name: report.Resources(
                system.start_up, system.resting or memory(system.pid), memory(system.pid), idle[system.name]
            )
            for system in made
        }
    stored, delivered = ([], []) if wanted.no_intake else await _intake(folder, wanted.quick)
    return report.Report(
        at=report.now(),
        commit=report.commit(),
        machine=report.machine(),
        quick=wanted.quick,
        seed=wanted.seed,
        took=time.perf_counter() - began,
        first_start=first_start,
        resources=resources,
        rehearsals=rehearsals,
        left_out=left_out,
        results=results,
        intake=stored,
        webhooks=delivered,
        targets=targets(results),
    )


async def _made(names: Sequence[str], folder: Path) -> tuple[list[systems.System], float | None]:
    """The systems, ready to be started; the stock bot trained, the hub's data folder filled."""
    model = var_folder() / "models" / "bot.tar.gz"
    made = []
    first_start = None
    for name in names:
        if name == "stock":
            say("the stock bot: is trained, which takes minutes, unless that was done before")
            made.append(await asyncio.to_thread(systems.stock_bot, folder))
        elif name == "bare":
            made.append(systems.bare_bot(folder, model))
        else:
            say("the hub: a first start on an empty data folder")
            system, first_start = await systems.whole_hub(folder, model)
            made.append(system)
    return made, first_start


async def _idle(made: Sequence[systems.System]) -> dict[str, float]:
    """Each system's CPU while nobody asks anything, as a share of one core."""
    before = {system.name: cpu(system.pid) for system in made}
    await asyncio.sleep(AT_REST)
    return {system.name: (cpu(system.pid) - before[system.name]) / AT_REST for system in made}


async def _played(
    made: Sequence[systems.System], wanted: argparse.Namespace
) -> tuple[Results, dict[str, rounds.Rehearsal], list[str]]:
    pool = sample(questions(articles()), 20 if wanted.quick else 50, wanted.seed)
    say(f"rehearsal: {len(pool)} questions")
    rehearsals = {system.name: await rounds.rehearse(system, pool) for system in made}
    left_out = sorted({text for rehearsal in rehearsals.values() for text in rehearsal.left_out})
    for system in made:
        say(f"  {system.title}: {report.listed(rehearsals[system.name].kinds)}")
    plan = rounds.Plan(
        cells=QUICK if wanted.quick else CELLS,
        pool=[question for question in pool if question.text not in left_out],
        seconds=2.0 if wanted.quick else 4.0,
        seed=wanted.seed,
    )
    pace = {name: rehearsal.rate for name, rehearsal in rehearsals.items()}
    return await rounds.measure(made, plan, pace, say), rehearsals, left_out


async def _intake(folder: Path, quick: bool) -> tuple[list[intake.Intakes], list[webhooks.Webhooks]]:
    async with intake.database(folder) as url:
        say("durable intake")
        stored = await intake.measure(url, *((1.0, 1) if quick else (2.0, 3)))
        say("webhooks")
        return stored, await webhooks.measure(url, *((0.7, 1) if quick else (1.0, 3)))


def say(text: str) -> None:
    """A line for whoever waits."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
