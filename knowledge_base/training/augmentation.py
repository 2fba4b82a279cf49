"""More text out of the text there is: words left out, words cut smaller."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from knowledge_base.text import HAN
from knowledge_base.training.student import Ids


def thin(sentences: list[Ids], share: float, random: np.random.Generator) -> list[Ids]:
    """Each token is left out with the probability `share`; no sentence becomes empty."""
    thinned = []
    for ids in sentences:
        kept = ids[random.random(len(ids)) >= share]
        thinned.append(kept if len(kept) else ids)
    return thinned


class Cutter:
    """Cuts Chinese words into smaller ones, so that these too learn what they mean in a sentence."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        vocabulary = tokenizer.get_vocab()
        parts = {token: _parts(word, vocabulary) for word, token in vocabulary.items() if HAN.match(word)}
        self._parts = {token: found for token, found in parts.items() if found}

    def cut(self, sentences: list[Ids], share: float, random: np.random.Generator) -> list[Ids]:
        """Each word is cut with the probability `share`."""
        return [self._cut(ids, random.random(len(ids)) < share) for ids in sentences]

    def _cut(self, ids: Ids, chosen: NDArray[np.bool_]) -> Ids:
        if not chosen.any():
            return ids
        found: list[int] = []
        for token, cut in zip(ids.tolist(), chosen, strict=True):
            found.extend(self._parts.get(token, (token,)) if cut else (token,))
        return np.array(found, dtype=np.int64)


def _parts(word: str, vocabulary: dict[str, int]) -> tuple[int, ...]:
    for middle in sorted(range(1, len(word)), key=lambda place: abs(place - len(word) / 2)):
        if word[:middle] in vocabulary and word[middle:] in vocabulary:
            return vocabulary[word[:middle]], vocabulary[word[middle:]]
    return ()
