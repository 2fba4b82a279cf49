"""The long runs (`make soak`): a crowd that writes for minutes, a storm of `kill -9`, deliveries over all channels.

`python -m benchmarks.soak --minutes 10`: a third of the time steady load with the memory's slope, the rest the storm.
`python -m benchmarks.soak --only channels --deliveries 2000`: mixed deliveries with repetitions and faults, alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time

import aiohttp
import psutil

from tests.kill.channels import Tally, deliver, faults, platforms, product
from tests.kill.stack import Stack, running_stack
from tests.kill.storm import Count, Visitor, settle_and_count, storm

SAMPLE_EVERY = 5.0


async def steady(stack: Stack, seconds: float, visitors: int, seed: int) -> tuple[Count, dict[str, list[float]]]:
    """Visitors write for so many seconds and nobody is killed; answers the count and each part's memory in MiB."""
    began = time.monotonic()
    memory: dict[str, list[float]] = {}
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        crowd = [Visitor(stack.url, http, random.Random(seed + n), by_socket=n % 2 == 0) for n in range(visitors)]
        writing = [asyncio.create_task(visitor.write(began + seconds)) for visitor in crowd]
        while time.monotonic() < began + seconds:
            for name, part in stack.state().parts.items():
                memory.setdefault(name, []).append(_memory(part.pid))
            await asyncio.sleep(SAMPLE_EVERY)
        await asyncio.gather(*writing)
        count = await settle_and_count(stack, http, crowd, Count())
    count.seconds = time.monotonic() - began
    return count, memory


def _memory(pid: int) -> float:
    """MiB of a part with its children; pages that they share count once."""
    try:
        process = psutil.Process(pid)
        return sum(float(one.memory_full_info().pss) for one in (process, *process.children(recursive=True))) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def slope(samples: list[float]) -> float:
    """MiB a minute over the second half, when all that is loaded once has been loaded (least squares)."""
    late = samples[len(samples) // 2 :]
    if len(late) < 3:
        return 0.0
    middle, mean = (len(late) - 1) / 2, sum(late) / len(late)
    above = sum((place - middle) * (value - mean) for place, value in enumerate(late))
    return above / sum((place - middle) ** 2 for place in range(len(late))) * 60 / SAMPLE_EVERY


async def over_channels(deliveries: int, customers: int, seed: int) -> Tally:
    """So many deliveries over all channels by so many customers of each, to the whole product with its real bot.

    What a customer writes while their turn is under way is answered by the next one, together. The simulated platforms
    wait a twentieth of what the real ones do, and fail one of our calls every second or so.
    """
    simulated = platforms(hurry=20)
    async with product(simulated) as stack:
        trouble = faults(simulated, seed, every=1.0)
        return await deliver(
            stack, simulated, deliveries, customers=customers, seed=seed, trouble=trouble, longest=600, said=_say
        )


def _say(text: str) -> None:
    print(text, flush=True)


async def main() -> int:
    """Runs what is wanted and prints the figures; the exit status is 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of steady load and storm together")
    parser.add_argument("--visitors", type=int, default=20, help="of the web chat, in these")
    parser.add_argument("--deliveries", type=int, default=100_000, help="over all channels")
    parser.add_argument("--customers", type=int, default=20, help="of each channel, in these")
    parser.add_argument("--only", choices=("steady", "storm", "channels"), help="leave the others out")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args()
    clean = True
    if wanted.only != "channels":
        print(f"seed {wanted.seed}, {wanted.visitors} visitors, {wanted.minutes} minutes", flush=True)
        async with running_stack() as stack:
            clean = await _visited(stack, wanted)
    if wanted.only in (None, "channels"):
        print(f"seed {wanted.seed}, {wanted.deliveries:,} deliveries, {wanted.customers} customers each", flush=True)
        tally = await over_channels(wanted.deliveries, wanted.customers, wanted.seed)
        print(f"channels: {tally}")
        clean = clean and tally.clean
    return 0 if clean else 1


async def _visited(stack: Stack, wanted: argparse.Namespace) -> bool:
    clean = True
    if wanted.only != "storm":
        calm, memory = await steady(stack, wanted.minutes * 20, wanted.visitors, wanted.seed)
        print(f"steady: {calm}", flush=True)
        for name, samples in memory.items():
            print(f"  {name:<9} {samples[-1]:7.0f} MiB at the end, {slope(samples):+6.2f} MiB a minute", flush=True)
        clean = calm.clean
    if wanted.only != "steady":
        wild = await storm(stack, wanted.minutes * 40, wanted.visitors, wanted.seed)
        print(f"storm:  {wild}", flush=True)
        clean = clean and wild.clean
    return clean


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
