"""Plays the dialogues: first a rehearsal of every question, then the rounds, system after system in each of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from benchmarks.dialogues import ROOT, Question, dialogue
from benchmarks.figures import Cell, Figures, Results, Round, last_to_first, summary
from benchmarks.load import Dialogue, Job, Played, Sample
from benchmarks.replies import WRONG, Kind
from benchmarks.systems import System
from benchmarks.watch import cpu, machine_cpu

OPENING = ("hello", "你好")
"""Said on every connection before the clock starts."""

REHEARSAL_CLIENTS = 8


class Rehearsal(Struct, frozen=True):
    """What a system made of each question in a fresh dialogue: how many of each kind, and how fast it went."""

    kinds: dict[str, int]
    left_out: list[str]
    rate: float


async def run(job: Job) -> Played:
    """Runs the client in a process of its own; RuntimeError where it fails."""
    # Not the loop's own subprocesses: under uvloop a long output has come back cut off.
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=msgspec.msgpack.encode(job),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the client ended with status {done.returncode}")
    return msgspec.msgpack.decode(done.stdout, type=Played)


async def rehearse(system: System, pool: Sequence[Question]) -> Rehearsal:
    """Asks every question once, each as a customer of its own. Warms the system up, too.

    Left out is what gets a wrong reply, what is taken for something else than a question (it would open a form, which
    the stock bot has none of), and an article's own question for which its article is not found: that one would let a
    dialogue end with a human.
    """
    run_id = time.time_ns()
    dialogues = [Dialogue(f"rehearsal-{run_id}-{i}", (q.text,)) for i, q in enumerate(pool)]
    played = await run(_job(system, [dialogues[i::REHEARSAL_CLIENTS] for i in range(REHEARSAL_CLIENTS)]))
    kinds = {sample.text: system.kinds.of_sample(sample) for sample in played.samples}
    ours = system.name != "stock"
    found = (Kind.ANSWER, Kind.SEARCH)
    left_out = [
        q.text
        for q in pool
        if kinds[q.text] in (WRONG | {Kind.SAID} if ours else WRONG)
        or (ours and q.origin == "own" and kinds[q.text] not in found)
    ]
    return Rehearsal(
        dict(Counter(kind.value for kind in kinds.values())), left_out, len(played.samples) / played.seconds
    )


class Plan(Struct, frozen=True):
    """What is played: the loads, the questions, and the seconds that a round takes at least, roughly."""

    cells: tuple[Cell, ...]
    pool: list[Question]
    seconds: float
    seed: int


async def measure(systems: Sequence[System], plan: Plan, pace: dict[str, float], say: Callable[[str], None]) -> Results:
    """All rounds of all loads. `pace` is a system's rough number of messages a second.

    In a round each client plays whole dialogues, at least one; a faster system gets further in the same list of them.
    """
    results: Results = {system.name: {} for system in systems}
    for cell in plan.cells:
        rounds: dict[str, list[Round]] = {system.name: [] for system in systems}
        latencies: dict[str, list[float]] = {system.name: [] for system in systems}
        for number in range(cell.rounds):
            turn = number % len(systems)
            for system in [*systems[turn:], *systems[:turn]]:
                each = max(1, round(pace[system.name] * plan.seconds / (cell.length * cell.clients)))
                played, figures = await _one_round(system, _dialogues(cell, each, plan, number))
                rounds[system.name].append(figures)
                latencies[system.name] += [sample.seconds for sample in played.samples]
                _complain(system, played, say)
        for system in systems:
            found = summary(rounds[system.name], latencies[system.name])
            results[system.name][cell.length, cell.clients] = found
            say(_line(system, cell, found))
    return results


def _dialogues(cell: Cell, each: int, plan: Plan, number: int) -> list[list[Dialogue]]:
    """For each client its dialogues. Names are new in each run: no system has seen these customers."""
    run_id = time.time_ns()

    def one(client: int, turn: int) -> Dialogue:
        place = (number * 1001 + turn) * cell.clients + client
        return Dialogue(f"customer-{run_id}-{place}", dialogue(plan.pool, cell.length, plan.seed, place))

    return [[one(client, turn) for turn in range(each)] for client in range(cell.clients)]


async def _one_round(system: System, dialogues: list[list[Dialogue]]) -> tuple[Played, Round]:
    began, busy, own, ours = time.perf_counter(), machine_cpu(), cpu(system.pid), _our_cpu()
    played = await run(_job(system, dialogues))
    busy, own, ours = machine_cpu() - busy, cpu(system.pid) - own, _our_cpu() - ours
    kinds = Counter(system.kinds.of_sample(sample) for sample in played.samples)
    length = len(dialogues[0][0].texts)
    return played, Round(
        messages=len(played.samples),
        seconds=played.seconds,
        client_cpu=played.client_cpu,
        asked=len(played.samples) + len(OPENING) * len(dialogues),
        watched=time.perf_counter() - began,
        cpu=own,
        other_cpu=max(0.0, busy - own - ours),
        ratio_last_first=last_to_first(played.samples, length),
        kinds={kind.value: count for kind, count in kinds.items()},
        wrong=sum(kinds[kind] for kind in WRONG),
    )


def _our_cpu() -> float:
    """Seconds of CPU of this process and of the clients that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _job(system: System, clients: Sequence[Sequence[Dialogue]]) -> Job:
    run_id = time.time_ns()
    opening = tuple(Dialogue(f"opening-{run_id}-{client}", OPENING) for client in range(len(clients)))
    return Job(system.port, tuple(tuple(dialogues) for dialogues in clients), opening)


def _complain(system: System, played: Played, say: Callable[[str], None]) -> None:
    wrong = [(system.kinds.of_sample(s), s) for s in played.samples if system.kinds.of_sample(s) in WRONG]
    for kind, sample in wrong[:3]:
        say(f"  !! {system.title}: {kind} after {sample.text!r}: {sample.status} {_short(sample)}")
    if len(wrong) > 3:
        say(f"  !! {system.title}: and {len(wrong) - 3} more")


def _short(sample: Sample) -> str:
    return sample.body.decode("utf-8", "replace")[:160]


def _line(system: System, cell: Cell, found: Figures) -> str:
    return (
        f"  {cell.length:>2} messages, {cell.clients:>2} clients   {system.title:<20} {found.rate:7.1f}/s"
        f"   p50 {found.p50:7.1f} ms   p99 {found.p99:7.1f} ms"
    )
