"""More text out of the text there is: words left out, words cut smaller, English words replaced by Chinese ones."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
from tokenizers import Tokenizer

from knowledge_base.text import HAN, fold
from knowledge_base.training.student import Ids
from knowledge_base.training.teacher import Vectors

CHOICES = 6  # Chinese words considered for an English one
_CONTEXT = 8.0  # how much the sentence decides between them
_ENDINGS = (("ies", "y"), ("ing", "e"), ("ing", ""), ("ed", "e"), ("ed", ""), ("es", ""), ("s", ""))
_ARTICLE = re.compile(r"^(to be|to|a|an|the|be) ")


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

    def _cut(self, ids: Ids, chosen: np.typing.NDArray[np.bool_]) -> Ids:
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


class Translator:
    """Replaces English words by Chinese words of that meaning: the one that suits the sentence, as far as known."""

    def __init__(self, tokenizer: Tokenizer, glosses: dict[str, list[str]], counts: Ids) -> None:
        vocabulary = tokenizer.get_vocab()
        weights: defaultdict[int, dict[int, float]] = defaultdict(dict)
        for word, meanings in glosses.items():
            if (chinese := vocabulary.get(word)) is None:
                continue
            for rank, meaning in enumerate(meanings):
                plain = _ARTICLE.sub("", fold(meaning).strip(" ?!.,"))
                if (english := vocabulary.get(plain)) is not None:
                    weight = float(np.log(2 + counts[chinese])) / (1 + rank)
                    weights[english][chinese] = max(weight, weights[english].get(chinese, 0))
        for word, token in vocabulary.items():
            stem = _stem(word, vocabulary)
            if token not in weights and stem is not None and stem in weights:
                weights[token] = weights[stem]
        self._known = np.zeros(len(vocabulary), dtype=bool)
        self._words = np.zeros((len(vocabulary), CHOICES), dtype=np.int64)
        self._weights = np.full((len(vocabulary), CHOICES), -1e9, dtype=np.float32)
        for english, found in weights.items():
            best = sorted(found.items(), key=lambda item: -item[1])[:CHOICES]
            self._known[english] = True
            self._words[english, : len(best)] = [chinese for chinese, _ in best]
            self._weights[english, : len(best)] = np.log([weight for _, weight in best])

    def translate(
        self, sentences: list[Ids], targets: Vectors, rows: Vectors, share: float, random: np.random.Generator
    ) -> list[Ids]:
        """Each word that has translations is replaced with the probability `share`; `targets` are what is meant."""
        ids = np.concatenate(sentences)
        owner = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
        places = np.flatnonzero(self._known[ids] & (random.random(len(ids)) < share))
        choices = self._words[ids[places]]
        candidates = rows[choices]
        fit = np.einsum("wcd,wd->wc", candidates, targets[owner[places]])
        fit /= np.linalg.norm(candidates, axis=2) + 1e-6
        chance = _CONTEXT * fit + self._weights[ids[places]] + random.gumbel(size=fit.shape)
        ids[places] = choices[np.arange(len(places)), chance.argmax(axis=1)]
        return np.split(ids, np.cumsum([len(sentence) for sentence in sentences])[:-1])


def _stem(word: str, vocabulary: dict[str, int]) -> int | None:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and (token := vocabulary.get(word[: -len(ending)] + instead)) is not None:
            return token
    return None
