"""The training itself: every step takes a batch of each kind of text and moves the rows a little."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim import SparseAdam

from knowledge_base.training.corpus import Corpus
from knowledge_base.training.initialisation import meanings, project
from knowledge_base.training.objectives import SAME, agree, distil
from knowledge_base.training.student import Lines, Student
from knowledge_base.training.teacher import Teacher, Vectors

RATE = 4e-3
WORD_DROPOUT = 0.15
OWN_REPEATED = 4  # our own pairs are few, but of the trade


@dataclass(frozen=True)
class Diet:
    """The corpus, tokenised, with the teacher's vectors beside it."""

    english: Lines
    english_targets: Tensor
    pair_english: Lines
    pair_chinese: Lines
    pair_targets: Tensor
    words: Lines
    word_targets: Tensor
    first: Lines
    second: Lines
    utterances: Lines
    intents: list[NDArray[np.int64]]


def prepare(corpus: Corpus, tokenizer: Tokenizer, teacher: Teacher, matrix: Vectors) -> Diet:
    """Tokenises everything and asks the teacher about all English in it."""

    def targets(name: str, lines: list[str]) -> Tensor:
        return torch.from_numpy(project(teacher.encode(name, lines), matrix))

    glossed = [(word, meaning) for word, meanings in corpus.glosses.items() for meaning in meanings[:3]]
    pairs = corpus.pairs + OWN_REPEATED * corpus.own
    meant = meanings(corpus.glosses, teacher, matrix)
    bounds = np.cumsum([0] + [len(utterances) for utterances in corpus.intents])
    return Diet(
        english=Lines(tokenizer, corpus.english),
        english_targets=targets("english", corpus.english),
        pair_english=Lines(tokenizer, [pair[0] for pair in pairs]),
        pair_chinese=Lines(tokenizer, [pair[1] for pair in pairs]),
        pair_targets=targets("pairs", [pair[0] for pair in pairs]),
        words=Lines(tokenizer, [word for word, _ in glossed]),
        word_targets=torch.from_numpy(np.stack([meant[meaning] for _, meaning in glossed])),
        first=Lines(tokenizer, [pair[0] for pair in corpus.paraphrases]),
        second=Lines(tokenizer, [pair[1] for pair in corpus.paraphrases]),
        utterances=Lines(tokenizer, [line for utterances in corpus.intents for line in utterances]),
        intents=[np.arange(start, end) for start, end in pairwise(bounds)],
    )


def train(student: Student, diet: Diet, steps: int, random: np.random.Generator) -> None:
    """Trains in place and prints its progress."""
    optimiser = SparseAdam(list(student.parameters()), lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    tasks: dict[str, Callable[[], Tensor]] = {
        "english": lambda: _english(student, diet, random),
        "pairs": lambda: _pairs(student, diet, random),
        "glosses": lambda: _glosses(student, diet, random),
        "paraphrases": lambda: _paraphrases(student, diet, random),
        "intents": lambda: _intents(student, diet, random),
    }
    shown, began = dict.fromkeys(tasks, 0.0), time.monotonic()
    for step in range(1, steps + 1):
        losses = {name: task() for name, task in tasks.items()}
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()  # type: ignore[no-untyped-call]
        schedule.step()
        shown = {name: 0.98 * shown[name] + 0.02 * float(loss.detach()) for name, loss in losses.items()}
        if step % 200 == 0 or step == steps:
            figures = "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
            print(f"step {step}/{steps}  {time.monotonic() - began:.0f} s  {figures}", flush=True)


def _pick(random: np.random.Generator, lines: Lines, count: int) -> NDArray[np.int64]:
    return random.integers(0, len(lines), count)


def _english(student: Student, diet: Diet, random: np.random.Generator) -> Tensor:
    chosen = _pick(random, diet.english, 384)
    return distil(student.encode(diet.english, chosen), diet.english_targets[chosen])


def _pairs(student: Student, diet: Diet, random: np.random.Generator) -> Tensor:
    chosen = _pick(random, diet.pair_chinese, 320)
    targets = diet.pair_targets[chosen]
    chinese = student.encode(diet.pair_chinese, chosen, WORD_DROPOUT)
    english = student.encode(diet.pair_english, chosen)
    alike = targets @ targets.T > SAME
    return distil(chinese, targets) + 0.1 * agree(chinese, english, alike)


def _glosses(student: Student, diet: Diet, random: np.random.Generator) -> Tensor:
    chosen = _pick(random, diet.words, 256)
    return 0.5 * distil(student.encode(diet.words, chosen), diet.word_targets[chosen])


def _paraphrases(student: Student, diet: Diet, random: np.random.Generator) -> Tensor:
    chosen = _pick(random, diet.first, 96)
    first = student.encode(diet.first, chosen, WORD_DROPOUT)
    second = student.encode(diet.second, chosen, WORD_DROPOUT)
    return 0.1 * agree(first, second, (second @ second.T).detach() > SAME)


def _intents(student: Student, diet: Diet, random: np.random.Generator) -> Tensor:
    """Two utterances each of different intents; intents that the model takes for one are no rivals."""
    intents = random.choice(len(diet.intents), 64, replace=False)
    pairs = np.array([random.choice(diet.intents[i], 2) for i in intents])
    first, second = student.encode(diet.utterances, pairs[:, 0]), student.encode(diet.utterances, pairs[:, 1])
    return 0.05 * agree(first, second, (second @ second.T).detach() > 0.8)
