"""Where each token starts: at the teacher's vector of the word, or of what the word means in English."""

from __future__ import annotations

import numpy as np
from tokenizers import Tokenizer

from knowledge_base.text import HAN
from knowledge_base.training.teacher import Teacher, Vectors

DIMENSION = 256
COMMON = 1e-3  # a token this frequent weighs half


def projection(vectors: Vectors) -> Vectors:
    """The 384 x 256 matrix that keeps most of the teacher's similarities (its main directions, not centred)."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSION], dtype=np.float32)


def project(vectors: Vectors, matrix: Vectors) -> Vectors:
    """`vectors` in 256 dimensions, of length one again."""
    short = vectors @ matrix
    return np.asarray(short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def start(tokenizer: Tokenizer, glosses: dict[str, list[str]], teacher: Teacher, matrix: Vectors) -> Vectors:
    """Directions of all tokens, unit length, before they are weighted by rarity."""
    tokens = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    english = [token for token in tokens if not HAN.match(token)]
    known = dict(zip(english, project(teacher.encode("words", english), matrix), strict=True))
    meanings = sorted({meaning for found in glosses.values() for meaning in found})
    meant = dict(zip(meanings, project(teacher.encode("meanings", meanings), matrix), strict=True))
    rows = np.zeros((len(tokens), DIMENSION), dtype=np.float32)
    for index, token in enumerate(tokens):
        if token in known:
            rows[index] = known[token]
        elif token in glosses:
            rows[index] = sum(meant[meaning] / (1 + rank) for rank, meaning in enumerate(glosses[token]))
    place = {token: index for index, token in enumerate(tokens)}
    for index, token in enumerate(tokens):
        if HAN.match(token) and not rows[index].any():
            rows[index] = sum(rows[place[character]] for character in token if character in place)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def rarity(counts: Vectors) -> Vectors:
    """How much each token weighs in a sentence, from how often it occurs: one for rare ones, little for "the"."""
    return np.asarray(COMMON / (COMMON + counts / counts.sum()), dtype=np.float32)
