"""The Chinese words of the contextual model: the most useful ones of the static model, and where each row starts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from knowledge_base.text import HAN, fold
from knowledge_base.training.corpus import Corpus
from knowledge_base.training.teacher import Vectors

TOKENS = 21_500  # what the repository has room for
CHARACTERS = 4_500  # of them, into which everything else falls
OWN_COUNTS = 30  # how often each line of our own counts: it is of the trade, most other text is not
UNKNOWN = "[UNK]"


def chinese(corpus: Corpus) -> list[str]:
    """All Chinese lines by which words are counted."""
    own = [line for _, line in corpus.own] + [line for wish in corpus.phrasings for line in wish.chinese]
    paraphrases = [line for pair in corpus.paraphrases for line in pair]
    return [*corpus.chinese, *(line for _, line in corpus.pairs), *paraphrases, *own * OWN_COUNTS, *corpus.glosses]


def choose(static: Path, lines: Iterable[str], tokens: int = TOKENS, characters: int = CHARACTERS) -> Tokenizer:
    """The static model's tokenizer with nothing but its most frequent Chinese characters and words; token 0 is none."""
    described = json.loads(static.read_text("utf-8"))
    scores = {word: score for word, score in described["model"]["vocab"] if HAN.match(word)}
    counts, letters = _counted(Tokenizer.from_file(str(static)), lines)
    singles = sorted((word for word in scores if len(word) == 1), key=lambda word: -letters[word])[:characters]
    words = sorted((word for word in scores if len(word) > 1), key=lambda word: -counts[word])[: tokens - len(singles)]
    kept = sorted([*singles, *words], key=lambda word: -scores[word])
    described["model"]["vocab"] = [[UNKNOWN, -30.0], *([word, scores[word]] for word in kept)]
    described["model"]["unk_id"] = 0
    return Tokenizer.from_str(json.dumps(described))


def start(
    tokenizer: Tokenizer, glosses: dict[str, list[str]], pieces: Callable[[str], list[int]], rows: Vectors
) -> Vectors:
    """Where the words' rows start: at the mean of the MiniLM tokens of what they mean in English.

    `pieces` gives the MiniLM tokens of an English text, `rows` are their rows.
    """
    words = [word for word, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    found = np.zeros((len(words), rows.shape[1]), dtype=np.float32)
    for place, word in enumerate(words):
        meanings = [rows[ids].mean(0) for meaning in glosses.get(word, ()) if (ids := pieces(meaning))]
        if meanings:
            found[place] = np.average(meanings, axis=0, weights=[1 / (1 + rank) for rank in range(len(meanings))])
    place_of = {word: place for place, word in enumerate(words)}
    known = np.abs(found).sum(axis=1) > 0
    middle = found[known].mean(0) if known.any() else rows.mean(0)
    for place, word in enumerate(words):
        if not known[place]:
            parts = [found[place_of[letter]] for letter in word if letter in place_of and known[place_of[letter]]]
            found[place] = np.mean(parts, axis=0) if parts else middle
    return found


def go_on(tokenizer: Tokenizer, rows: Vectors, folder: Path) -> None:
    """Puts the rows of an earlier model into `rows`, as far as it knows the words."""
    changes, known = load_file(folder / "model.safetensors"), Tokenizer.from_file(str(folder / "tokenizer.json"))
    earlier = changes["rows"].astype(np.float32) * changes["scales"][:, None]
    for word, place in tokenizer.get_vocab().items():
        if (token := known.token_to_id(word)) is not None:
            rows[place] = earlier[token]


def _counted(tokenizer: Tokenizer, lines: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each token occurs, and how often each character."""
    counts: Counter[str] = Counter()
    for encoding in tokenizer.encode_batch([fold(line) for line in lines]):
        counts.update(encoding.tokens)
    letters: Counter[str] = Counter()
    for token, count in counts.items():
        letters.update(dict.fromkeys(token, count))
    return counts, letters
