"""What the intent classifier has learnt, as files and in memory. Needs no Rasa: the hub reads it while Rasa is away."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bot.components.ngrams import ngrams
from bot.components.readings import Ranking

WORDS, WEIGHTS = "words.json", "weights.npz"
"""The two files of a model."""

RANKED = 5
"""Intents that a ranking names."""


class Features:
    """What a text is made of: its n-grams, and the names of the regular expressions (`signs`) that find something."""

    def __init__(self, signs: Mapping[str, str]) -> None:
        self.signs = dict(signs)
        # ASCII: an English word ends (`\\b`) where a Chinese character begins.
        self._patterns = [(f"[{name}]", re.compile(pattern, re.ASCII)) for name, pattern in signs.items()]

    def __call__(self, text: str) -> list[str]:
        return [*ngrams(text), *(name for name, pattern in self._patterns if pattern.search(text))]


class NgramModel:
    """A multinomial logistic regression over weighted features, kept so that a message is one sum of rows.

    `intents` in the order of `bias`; `idf` has one weight for each of `terms`, `coefficients` a row for each of them.
    """

    def __init__(
        self, features: Features, intents: Sequence[str], terms: Sequence[str], idf: Any, coefficients: Any, bias: Any
    ) -> None:
        self._features = features
        self._intents = list(intents)
        self._terms = {term: row for row, term in enumerate(terms)}
        self._weights = {"idf": idf, "coefficients": coefficients, "bias": bias}
        self._rows = np.ascontiguousarray(coefficients * idf[:, None], np.float32)
        self._squares = np.square(idf).astype(np.float32)
        self._bias = np.asarray(bias, np.float32)

    @classmethod
    def of(cls, words: bytes, weights: bytes) -> NgramModel:
        """The model of the two files' contents; raises `ValueError` or `KeyError` where they are none."""
        known = json.loads(words)
        arrays = np.load(io.BytesIO(weights), allow_pickle=False)
        return cls(
            Features(known["signs"]),
            known["intents"],
            known["terms"],
            arrays["idf"],
            arrays["coefficients"],
            arrays["bias"],
        )

    def files(self) -> dict[str, bytes]:
        """The contents of the two files by their names."""
        arrays = io.BytesIO()
        np.savez(arrays, **self._weights)
        words = {"intents": self._intents, "terms": list(self._terms), "signs": self._features.signs}
        return {WORDS: json.dumps(words, ensure_ascii=False).encode(), WEIGHTS: arrays.getvalue()}

    def rank(self, text: str) -> Ranking:
        """The likeliest intents of `text`."""
        known = [row for term in self._features(text) if (row := self._terms.get(term)) is not None]
        scores = self._bias
        if known:
            scores = scores + self._rows[known].sum(axis=0) / np.sqrt(self._squares[known].sum())
        odds = np.exp(scores - scores.max())
        confidences = (odds / odds.sum()).tolist()
        ranking = sorted(zip(confidences, self._intents, strict=True), reverse=True)
        return [{"name": intent, "confidence": confidence} for confidence, intent in ranking[:RANKED]]
