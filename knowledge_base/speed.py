"""What a question's vector costs: `python -m knowledge_base.speed [MODEL ...]`; both bundled tiers if none is named."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from knowledge_base import embedder
from knowledge_base.embedder import Embedder

QUESTIONS = {
    "short, English": "Where is my parcel?",
    "short, Chinese": "我的快递到哪了？",
    "usual, English": "Can I still change the delivery address after I have paid?",
    "usual, Chinese": "付款之后还能不能修改收货地址？",
    "long, English": "I bought two pairs of shoes last week, one is too small, may I swap it for the next size?",
    "long, Chinese": "上周在你们店里买了两双鞋，其中一双太小了，能不能给我换成大一码的，运费是谁来出？",
    "very long, English": (
        "Hello, I have been a customer for years and never had a problem, but this time the box arrived open, the "
        "charger was missing and the manual is in a language I do not read. The courier said it is not his fault. I "
        "would rather not send everything back, so can you just send me the charger?"
    ),
    "very long, Chinese": (
        "你好，我是你们的老顾客了，以前从来没有出过问题，但是这次收到的时候箱子是开着的，充电器不见了，说明书我也看不懂。"
        "快递员说不是他的责任。我不想把东西全部退回去，能不能只给我补发一个充电器？"
    ),
}
TIMES = 100


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge_base.speed", description=__doc__)
    parser.add_argument("models", nargs="*", default=[embedder.FAST, embedder.BETTER])
    for name in parser.parse_args().models:
        before, began = _memory(), time.process_time()
        model = embedder.load(name)
        model.encode(list(QUESTIONS.values()))
        print(f"\n{name}: loaded in {time.process_time() - began:.1f} s of CPU, {_memory() - before:.0f} MB more")
        for kind, question in QUESTIONS.items():
            usual, slow = np.quantile(_costs(model, question), [0.5, 0.95])
            print(f"{kind:20} {usual:6.2f} ms of CPU, 95 % within {slow:.2f} ms")


def _costs(model: Embedder, question: str) -> list[float]:
    """Milliseconds of CPU, once for each of many times."""
    costs = []
    for _ in range(TIMES):
        began = time.process_time()
        model.encode([question])
        costs.append(1000 * (time.process_time() - began))
    return costs


def _memory() -> float:
    """Of this process, in MB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0)


if __name__ == "__main__":
    main()
