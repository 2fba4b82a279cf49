"""The tokenizer: a Unigram model over whole English words and their pieces, Chinese words and characters.

The probabilities are counted, not estimated: a Chinese run is then cut the way a word-frequency segmenter cuts it, and
an English word falls into pieces only where it is unknown.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

import rjieba
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from knowledge_base.text import fold
from knowledge_base.training.corpus import Corpus

UNKNOWN = "[UNK]"
ENGLISH_WORDS = 26_000
CHINESE_WORDS = 28_000
CHARACTERS = 7_500
OWN_COUNTS = 5  # how often each line of our own counts
WHOLE = 3  # characters: our own terms up to here are one token each, longer ones are cut like any text
_PIECE_SCORE, _LETTER_SCORE, _RARE_CHARACTER_SCORE = -16.0, -20.0, -15.0
_RUNS = r"[a-z]+|[0-9]+|[\u3400-\u9fff]+"
_ENGLISH, _NUMBER, _HAN = re.compile(r"[a-z]+"), re.compile(r"[0-9]+"), re.compile(r"[\u3400-\u9fff]+")


def build(corpus: Corpus, word_pieces: Iterable[str]) -> Tokenizer:
    """A tokenizer for folded text. `word_pieces` is the teacher's vocabulary, which lists everyday English."""
    scores = {UNKNOWN: -30.0} | _english(corpus, list(word_pieces)) | _chinese(corpus)
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    ranked.insert(0, ranked.pop(next(i for i, (token, _) in enumerate(ranked) if token == UNKNOWN)))
    tokenizer = Tokenizer(models.Unigram([(token, round(score, 2)) for token, score in ranked], 0, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_RUNS), "removed", invert=True)
    return tokenizer


def _english(corpus: Corpus, word_pieces: list[str]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    lines = [*corpus.english, *(pair[0] for pair in corpus.pairs + corpus.own * OWN_COUNTS)]
    lines.extend(line for wish in corpus.phrasings for line in wish.english)
    lines.extend(meaning for meanings in corpus.glosses.values() for meaning in meanings)
    for line in lines:
        folded = fold(line)
        counts.update(_ENGLISH.findall(folded))
        counts.update(number for number in _NUMBER.findall(folded) if len(number) <= 4)
    for word in word_pieces:
        if _ENGLISH.fullmatch(word):
            counts[word] += 2  # among everything that the teacher knows as one word, the rare words of our text too
    total = counts.total()
    scores = {piece[2:]: _PIECE_SCORE for piece in word_pieces if re.fullmatch(r"##[a-z]{2,}", piece)}
    scores |= dict.fromkeys("abcdefghijklmnopqrstuvwxyz0123456789", _LETTER_SCORE)
    numbers = {word for word, count in counts.items() if word.isdigit() and count < 30}
    kept = [(word, count) for word, count in counts.most_common() if word not in numbers]
    return scores | {word: math.log(count / total) for word, count in kept[:ENGLISH_WORDS]}


def _chinese(corpus: Corpus) -> dict[str, float]:
    counts: Counter[str] = Counter()
    lines = [*corpus.chinese, *(pair[1] for pair in corpus.pairs + corpus.own * OWN_COUNTS), *corpus.glosses]
    lines.extend(line for wish in corpus.phrasings for line in wish.chinese)
    for line in lines:
        for run in _HAN.findall(fold(line)):
            counts.update(rjieba.cut(run))
    counts.update(dict.fromkeys((word for _, word in corpus.own if len(word) <= WHOLE), 20))
    total = counts.total()
    words = Counter({word: count for word, count in counts.items() if 2 <= len(word) <= 6})
    for word in corpus.glosses:
        if word in words:
            words[word] += 1  # of two words equally rare, the one whose meaning is known
    characters: Counter[str] = Counter()
    for word, count in counts.items():
        characters.update(dict.fromkeys(word, count))
    scores = dict.fromkeys((character for character, _ in characters.most_common(CHARACTERS)), _RARE_CHARACTER_SCORE)
    scores |= {word: math.log(count / total) for word, count in counts.items() if word in scores}
    return scores | {word: math.log(words[word] / total) for word, _ in words.most_common(CHINESE_WORDS)}
