"""What the contextual model learns from: all text tokenised once, and the losses of a step over batches of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from knowledge_base.reader import Reader
from knowledge_base.training.adapters import Contextual
from knowledge_base.training.corpus import Corpus
from knowledge_base.training.diet import GLOSSES, OWN_REPEATED
from knowledge_base.training.loop import ALIKE
from knowledge_base.training.objectives import SAME, agree, distil
from knowledge_base.training.student import Ids
from knowledge_base.training.teacher import Teacher

LONGEST = 64  # tokens; in training only
LEFT_OUT = 0.12  # of the tokens of a sentence
NEAR = 4  # times a batch is drawn, so that it can be made of lines of like length


class Lessons:
    """What there is to learn from each kind of text."""

    def __init__(
        self, text: Corpus, reader: Reader, teacher: Teacher, random: np.random.Generator, english_lines: int
    ) -> None:
        self._random = random

        def read(lines: Iterable[str]) -> list[Ids]:
            return [np.array(reader(line, LONGEST) or reader("?"), dtype=np.int64) for line in lines]

        def taught(name: str, lines: Sequence[str], english: Sequence[str]) -> tuple[list[Ids], Tensor]:
            return read(lines), torch.from_numpy(teacher.encode(name, list(english)))

        english, chinese = zip(*(text.pairs + OWN_REPEATED * text.own), strict=True)
        chosen = random.choice(len(text.english), min(english_lines, len(text.english)), replace=False)
        lines = [text.english[line] for line in chosen]
        glossed = [(word, meaning) for word, found in text.glosses.items() for meaning in found[:GLOSSES]]
        self._pairs = taught("pairs", chinese, english)
        self._words = taught("meanings", *zip(*glossed, strict=True))
        self._english = taught("english", lines, lines)
        self._paraphrases = read(one for one, _ in text.paraphrases), read(other for _, other in text.paraphrases)
        self._intents = [read(utterances) for utterances in text.intents]
        self._wishes = [read([*wish.english, *wish.chinese]) for wish in text.phrasings]
        names = np.array([wish.domain for wish in text.phrasings])
        self._domains = [np.flatnonzero(names == name) for name in sorted(set(names))]

    def losses(self, model: Contextual, step: int) -> dict[str, Tensor]:
        """The losses of one step; the kinds that teach less come in turn."""
        found = {
            "pairs": self._distilled(model, self._pairs, 80, LEFT_OUT),
            "words": 0.5 * self._distilled(model, self._words, 48),
            "english": self._distilled(model, self._english, 48),
            "wishes": 0.5 * self._wanted(model, 40),
        }
        if step % 3 == 0:
            found["paraphrases"] = 0.15 * self._paraphrased(model, 32)
        if step % 3 == 1:
            found["intents"] = 0.1 * self._intended(model, 32)
        return found

    def _distilled(self, model: Contextual, text: tuple[list[Ids], Tensor], count: int, left_out: float = 0) -> Tensor:
        """Sentences and words lie where the teacher puts them, or what they mean in English."""
        lines, targets = text
        drawn = self._of_like_length(lines, count)
        return distil(model([self._thinned(lines[line], left_out) for line in drawn]), targets[drawn])

    def _paraphrased(self, model: Contextual, count: int) -> Tensor:
        """Chinese sentences that say the same find each other."""
        one, other = self._paraphrases
        drawn = self._random.integers(0, len(one), count)
        left, right = (model([self._thinned(side[line], LEFT_OUT) for line in drawn]) for side in (one, other))
        return agree(left, right, (right @ right.T).detach() > SAME)

    def _intended(self, model: Contextual, count: int) -> Tensor:
        """Utterances that want the same find each other; intents that the model takes for one are no rivals."""
        drawn = self._random.choice(len(self._intents), min(count, len(self._intents)), replace=False)
        left, right = self._two_of_each(model, [self._intents[intent] for intent in drawn], 0)
        return agree(left, right, (right @ right.T).detach() > 0.8)

    def _wanted(self, model: Contextual, count: int) -> Tensor:
        """What is said in other words, or in the other language, but wants the same finds each other.

        Half of the wishes are of one domain: neighbours teach the most.
        """
        domain = self._domains[self._random.integers(len(self._domains))]
        near = self._random.choice(domain, min(count // 2, len(domain)), replace=False)
        far = self._random.choice(len(self._wishes), min(count // 2, len(self._wishes)), replace=False)
        wishes = np.unique(np.concatenate([near, far]))
        left, right = self._two_of_each(model, [self._wishes[wish] for wish in wishes], LEFT_OUT)
        # "How do I change my password" is asked in every trade.
        elsewhere = torch.from_numpy(~np.isin(wishes, domain))
        foreign = elsewhere[:, None] | elsewhere[None, :]
        return agree(left, right, foreign & ((right @ right.T).detach() > ALIKE))

    def _two_of_each(self, model: Contextual, groups: list[list[Ids]], left_out: float) -> tuple[Tensor, Tensor]:
        drawn = [self._random.choice(len(group), 2, replace=False) for group in groups]
        lines = [group[line] for group, two in zip(groups, drawn, strict=True) for line in two]
        vectors = model([self._thinned(line, left_out) for line in lines])
        return vectors[::2], vectors[1::2]

    def _of_like_length(self, lines: list[Ids], count: int) -> Ids:
        """A batch of lines of like length, so that little of it is filling."""
        drawn = self._random.integers(0, len(lines), count * NEAR)
        drawn = drawn[np.argsort([len(lines[line]) for line in drawn], kind="stable")]
        first = self._random.integers(NEAR) * count
        return drawn[first : first + count]

    def _thinned(self, ids: Ids, share: float) -> Ids:
        """Each token but the first and the last is left out with the probability `share`."""
        if not share:
            return ids
        kept = self._random.random(len(ids)) >= share
        kept[0] = kept[-1] = True
        return ids[kept]
