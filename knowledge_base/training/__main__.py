"""Trains the bundled model: `python -m knowledge_base.training --data DIR --out DIR [--seed N] [--steps N] [--runs N]`.

The model is the mean of several runs that differ only in their batches. It ranks better than any of them, and better
than one run of as many steps, which only learns its text by heart.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from knowledge_base.training import corpus, initialisation, quantise, vocabulary
from knowledge_base.training.diet import Diet, prepare
from knowledge_base.training.loop import train
from knowledge_base.training.student import Student
from knowledge_base.training.teacher import Teacher, Vectors, word_pieces

ENGLISH = 60_000  # lines of English that are drawn: more of the same dialogues made nothing better


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge_base.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training text")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"), help="what the teacher said, kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=2000, help="of each run")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    teacher = Teacher(options.cache)
    text = corpus.load(options.data)
    text = replace(text, english=[text.english[i] for i in random.permutation(len(text.english))[:ENGLISH]])
    tokenizer = vocabulary.build(text, word_pieces())
    print(f"{len(text.english)} lines, {len(text.pairs)} pairs, {tokenizer.get_vocab_size()} tokens", flush=True)
    matrix = initialisation.projection(teacher.encode("english", text.english))
    diet = prepare(text, tokenizer, teacher, matrix)
    directions = initialisation.start(tokenizer, text.glosses, teacher, matrix)
    start = directions * _weights(tokenizer, diet)[:, None]
    rows = np.zeros_like(start)
    for run in range(options.runs):
        print(f"run {run + 1} of {options.runs}", flush=True)
        student = Student(start.copy())
        train(student, diet, options.steps, random)
        rows += student.rows / options.runs
    quantise.write(rows, tokenizer, options.out)
    print(f"written to {options.out}", flush=True)


def _weights(tokenizer: Tokenizer, diet: Diet) -> Vectors:
    """Rarity, counted within each language: the two share no tokens but have unlike amounts of text."""
    size = tokenizer.get_vocab_size()
    english = (diet.english.lines.counts(size) + diet.english_sides.counts(size)).astype(np.float32)
    chinese = (diet.chinese.lines.counts(size) + diet.paraphrases[0].counts(size)).astype(np.float32)
    return np.asarray(np.minimum(initialisation.rarity(english), initialisation.rarity(chinese)), dtype=np.float32)


if __name__ == "__main__":
    main()
