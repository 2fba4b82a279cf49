"""What the model is fed: all text tokenised once, with the teacher's vectors of its English beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from knowledge_base.training.augmentation import Cutter
from knowledge_base.training.corpus import Corpus
from knowledge_base.training.initialisation import project
from knowledge_base.training.student import Ids, Lines
from knowledge_base.training.teacher import Teacher, Vectors

OWN_REPEATED = 4  # our own pairs are few, but of the trade
GLOSSES = 3  # meanings of a word, the plainest first


@dataclass(frozen=True)
class Taught:
    """Lines, and for each where the teacher puts its meaning."""

    lines: Lines
    targets: Tensor


@dataclass(frozen=True)
class Diet:
    """The corpus, ready to be sampled from. Lines of the same number in `chinese` and `english_sides` are one pair.

    `wishes` are the numbers of lines in `said` that want the same, `domains` the numbers of the wishes of one domain.
    """

    english: Taught
    meanings: Taught
    chinese: Taught
    english_sides: Lines
    words: Taught
    paraphrases: tuple[Lines, Lines]
    utterances: Lines
    intents: list[Ids]
    said: Lines
    wishes: list[Ids]
    domains: list[Ids]
    cutter: Cutter


def prepare(corpus: Corpus, tokenizer: Tokenizer, teacher: Teacher, matrix: Vectors) -> Diet:
    """Tokenises everything and asks the teacher about all English in it."""

    def lines(texts: Sequence[str]) -> Lines:
        return Lines(tokenizer, list(texts))

    def taught(name: str, texts: Sequence[str], english: Sequence[str]) -> Taught:
        return Taught(lines(texts), torch.from_numpy(project(teacher.encode(name, list(english)), matrix)))

    english, chinese = zip(*(corpus.pairs + OWN_REPEATED * corpus.own), strict=True)
    glossed = [(word, meaning) for word, found in corpus.glosses.items() for meaning in found[:GLOSSES]]
    words, meanings = zip(*glossed, strict=True)
    every = sorted(set(meanings))
    bounds = np.cumsum([0] + [len(utterances) for utterances in corpus.intents])
    pairs = taught("pairs", chinese, english)
    said = [[*wish.english, *wish.chinese] for wish in corpus.phrasings]
    ends = np.cumsum([0] + [len(ways) for ways in said])
    names = np.array([wish.domain for wish in corpus.phrasings])
    return Diet(
        english=taught("english", corpus.english, corpus.english),
        meanings=taught("meanings", every, every),
        chinese=pairs,
        english_sides=lines(english),
        words=taught("meanings", words, meanings),
        paraphrases=(lines([one for one, _ in corpus.paraphrases]), lines([other for _, other in corpus.paraphrases])),
        utterances=lines([line for utterances in corpus.intents for line in utterances]),
        intents=[np.arange(start, end) for start, end in pairwise(bounds)],
        said=lines([way for ways in said for way in ways]),
        wishes=[np.arange(start, end) for start, end in pairwise(ends)],
        domains=[np.flatnonzero(names == name) for name in sorted(set(names))],
        cutter=Cutter(tokenizer),
    )
