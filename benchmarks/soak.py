"""The long runs (`make soak`): a crowd that writes for minutes, then a storm of `kill -9`; figures at the end.

`python -m benchmarks.soak --minutes 10`: a third of the time steady load with the memory's slope, the rest the storm.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time

import aiohttp
import psutil

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


async def main() -> int:
    """Runs both and prints the figures; the exit status is 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}, {wanted.visitors} visitors, {wanted.minutes} minutes", flush=True)
    async with running_stack() as stack:
        calm, memory = await steady(stack, wanted.minutes * 20, wanted.visitors, wanted.seed)
        print(f"steady: {calm}", flush=True)
        for name, samples in memory.items():
            print(f"  {name:<9} {samples[-1]:7.0f} MiB at the end, {slope(samples):+6.2f} MiB a minute", flush=True)
        wild = await storm(stack, wanted.minutes * 40, wanted.visitors, wanted.seed)
        print(f"storm:  {wild}")
    return 0 if calm.clean and wild.clean else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
