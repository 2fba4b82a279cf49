"""The training itself: every step takes a batch of each kind of text and moves the rows a little."""

from __future__ import annotations

import time
from collections import defaultdict

import numpy as np
import torch
from torch import Tensor
from torch.optim import SparseAdam

from knowledge_base.training.augmentation import thin
from knowledge_base.training.diet import Diet, Taught
from knowledge_base.training.objectives import SAME, agree, distil
from knowledge_base.training.student import Ids, Lines, Student

RATE = 4e-3  # at the first step; falls to nothing
LEFT_OUT = 0.15  # of the words of Chinese sentences
CUT = 0.1  # of the Chinese words
WISHES = 0.25  # how much it counts that what wants the same is close
ALIKE = 0.6  # wishes of two domains that the model takes for one from here on


def train(student: Student, diet: Diet, steps: int, random: np.random.Generator) -> None:
    """Trains in place and prints its progress."""
    optimiser = SparseAdam(list(student.parameters()), lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    lessons = Lessons(student, diet, random)
    shown, began = defaultdict[str, float](float), time.monotonic()
    for step in range(1, steps + 1):
        losses = lessons.losses()
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()  # type: ignore[no-untyped-call]
        schedule.step()
        for name, loss in losses.items():
            shown[name] += 0.02 * (float(loss.detach()) - shown[name])
        if step % 200 == 0 or step == steps:
            figures = "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
            print(f"step {step}/{steps}  {time.monotonic() - began:.0f} s  {figures}", flush=True)


class Lessons:
    """What there is to learn from each kind of text."""

    def __init__(self, student: Student, diet: Diet, random: np.random.Generator) -> None:
        self._student = student
        self._diet = diet
        self._random = random

    def losses(self) -> dict[str, Tensor]:
        """The losses of one step, each over a batch of its kind."""
        return {
            "english": self._english(384),
            "meanings": self._meanings(192),
            "pairs": self._pairs(320),
            "words": self._words(256),
            "paraphrases": self._paraphrases(96),
            "intents": self._intents(64),
            "wishes": self._wishes(48),
        }

    def _english(self, count: int) -> Tensor:
        """English sentences lie where the teacher puts them."""
        return self._taught(self._diet.english, count)

    def _meanings(self, count: int) -> Tensor:
        """So do the words and phrases by which the dictionary explains: more of the language than any dialogue has."""
        return 0.5 * self._taught(self._diet.meanings, count)

    def _pairs(self, count: int) -> Tensor:
        """A Chinese sentence lies where the teacher puts its translation, and finds it among others."""
        chosen = self._chosen(self._diet.chinese.lines, count)
        targets = self._diet.chinese.targets[chosen]
        chinese = self._student(self._varied(self._diet.chinese.lines.take(chosen)))
        english = self._student(self._diet.english_sides.take(chosen))
        return distil(chinese, targets) + 0.1 * agree(chinese, english, targets @ targets.T > SAME)

    def _words(self, count: int) -> Tensor:
        """A Chinese word lies where the teacher puts its meanings."""
        words, targets = self._pick(self._diet.words, count)
        return 0.5 * distil(self._student(self._diet.cutter.cut(words, CUT, self._random)), targets)

    def _paraphrases(self, count: int) -> Tensor:
        """Chinese sentences that say the same find each other."""
        one, other = self._diet.paraphrases
        chosen = self._chosen(one, count)
        return self._same(self._varied(one.take(chosen)), self._varied(other.take(chosen)), 0.1, SAME)

    def _intents(self, count: int) -> Tensor:
        """Utterances that want the same find each other; intents that the model takes for one are no rivals."""
        intents = self._random.choice(len(self._diet.intents), count, replace=False)
        drawn = np.array([self._random.choice(self._diet.intents[intent], 2) for intent in intents])
        one, other = (self._diet.utterances.take(column) for column in drawn.T)
        return self._same(one, other, 0.05, 0.8)

    def _wishes(self, count: int) -> Tensor:
        """What is said in other words, or in the other language, but wants the same finds each other.

        Half of the wishes are of one domain: neighbours teach the most.
        """
        domain = self._diet.domains[self._random.integers(len(self._diet.domains))]
        near = self._random.choice(domain, min(count // 2, len(domain)), replace=False)
        far = self._random.choice(len(self._diet.wishes), count // 2, replace=False)
        wishes = np.unique(np.concatenate([near, far]))
        drawn = np.array([self._random.choice(self._diet.wishes[wish], 2, replace=False) for wish in wishes])
        one, other = (self._student(self._varied(self._diet.said.take(column))) for column in drawn.T)
        # "How do I change my password" is asked in every trade.
        elsewhere = torch.from_numpy(~np.isin(wishes, domain))
        foreign = elsewhere[:, None] | elsewhere[None, :]
        return WISHES * agree(one, other, foreign & ((other @ other.T).detach() > ALIKE))

    def _taught(self, taught: Taught, count: int) -> Tensor:
        sentences, targets = self._pick(taught, count)
        return distil(self._student(sentences), targets)

    def _same(self, one: list[Ids], other: list[Ids], weight: float, alike: float) -> Tensor:
        left, right = self._student(one), self._student(other)
        return weight * agree(left, right, (right @ right.T).detach() > alike)

    def _pick(self, taught: Taught, count: int) -> tuple[list[Ids], Tensor]:
        chosen = self._chosen(taught.lines, count)
        return taught.lines.take(chosen), taught.targets[chosen]

    def _chosen(self, lines: Lines, count: int) -> Ids:
        return self._random.integers(0, len(lines), count)

    def _varied(self, chinese: list[Ids]) -> list[Ids]:
        return thin(self._diet.cutter.cut(chinese, CUT, self._random), LEFT_OUT, self._random)
