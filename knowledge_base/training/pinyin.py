"""Makes `knowledge_base/pinyin.tsv`: `python -m knowledge_base.training.pinyin --data DIR`.

Three kinds of lines: `p`, the most frequent word of a pinyin and how rare it is; `e`, an English word that can be read
as pinyin, and how rare it is; `c`, a syllable and the characters that sound like it. Rarity is minus ten times the
natural log of the share.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import Counter, defaultdict
from pathlib import Path

import rjieba

from knowledge_base import pinyin
from knowledge_base.text import fold
from knowledge_base.training import corpus

OUT = Path(pinyin.__file__).with_name("pinyin.tsv")
LEAST = 2  # times a word has to occur
OWN_COUNTS = 5  # how often each line of our own counts: it is of the trade
ALONE = 0.02  # of the times a character occurs within words, it could have stood alone
SECOND = 0.2  # what a word counts for its rarer readings
LONGEST = 4  # syllables
HEADER = "# Made by knowledge_base.training.pinyin; readings from CC-CEDICT (MDBG, CC BY-SA 3.0)."
_ENTRY = re.compile(r"^\S+ (\S+) \[([a-zA-Z0-9: ]*)\] /")
_HAN, _LATIN = re.compile(r"[\u3400-\u9fff]+"), re.compile(r"[a-z]+")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge_base.training.pinyin", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training text")
    options = parser.parse_args()
    text = corpus.load(options.data)
    counts = _chinese(text)
    readings = _by_use(_readings(options.data / "cedict.txt.gz"), counts)
    chosen = _chosen(readings, counts)
    syllables = {syllable for key in chosen for syllable in key.split("'")}
    lines = [HEADER]
    lines += [f"p\t{key}\t{word}\t{rarity}" for key, (word, rarity) in sorted(chosen.items())]
    lines += [f"e\t{word}\t{rarity}" for word, rarity in sorted(_english(text, syllables).items())]
    lines += [f"c\t{key}\t{found}" for key, found in sorted(_sounds(readings).items())]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(chosen)} words written to {OUT}")


def _readings(path: Path) -> dict[str, list[str]]:
    """Words of Simplified characters and their readings, without tones."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        if match := _ENTRY.match(line):
            word, reading = fold(match[1]), re.sub(r"[0-9]", "", match[2].replace("u:", "v"))
            # A capital is a name's: 王 the surname, not 王 the king.
            if _HAN.fullmatch(word) and reading.islower() and len(reading.split()) == len(word) <= LONGEST:
                found[word].append(reading)
    return {word: list(dict.fromkeys(found[word])) for word in found}


def _by_use(readings: dict[str, list[str]], counts: Counter[str]) -> dict[str, list[str]]:
    """The readings of each character, those first with which it occurs in more text."""
    uses: Counter[tuple[str, str]] = Counter()
    for word, found in readings.items():
        if len(word) > 1 and len(found) == 1:
            for character, syllable in zip(word, found[0].split(), strict=True):
                uses[character, syllable] += counts[word] + 1
    return {word: sorted(found, key=lambda reading: -uses[word, reading]) for word, found in readings.items()}


def _chinese(text: corpus.Corpus) -> Counter[str]:
    counts: Counter[str] = Counter()
    own = [chinese for _, chinese in text.own] + [line for wish in text.phrasings for line in wish.chinese]
    for line in [*text.chinese, *(chinese for _, chinese in text.pairs), *own * OWN_COUNTS]:
        for run in _HAN.findall(fold(line)):
            counts.update(rjieba.cut(run))
    return counts


def _chosen(readings: dict[str, list[str]], counts: Counter[str]) -> dict[str, tuple[str, int]]:
    """For each pinyin its most frequent word."""
    within: Counter[str] = Counter()
    for word, count in counts.items():
        within.update(dict.fromkeys(word, count))
    best: dict[str, tuple[str, float]] = {}
    for word, found in readings.items():
        uses = counts[word] + (ALONE * within[word] if len(word) == 1 else 0.0)
        for place, reading in enumerate(found):
            weight, key = uses * (SECOND if place else 1.0), reading.replace(" ", "'")
            if uses >= LEAST and weight > best.get(key, ("", 0.0))[1]:
                best[key] = word, weight
    total = counts.total()
    return {key: (word, pinyin.score(count, total)) for key, (word, count) in best.items()}


def _english(text: corpus.Corpus, syllables: set[str]) -> dict[str, int]:
    """English words that look like pinyin."""
    counts: Counter[str] = Counter()
    own = [line for wish in text.phrasings for line in wish.english] * OWN_COUNTS
    for line in [*text.english, *(english for english, _ in text.pairs), *own]:
        counts.update(_LATIN.findall(fold(line)))
    total = counts.total()
    like = re.compile("(?:" + "|".join(sorted(syllables, key=len, reverse=True)) + ")+")
    return {
        word: pinyin.score(count, total)
        for word, count in counts.items()
        if count >= LEAST and len(word) > 1 and like.fullmatch(word)
    }


def _sounds(readings: dict[str, list[str]]) -> dict[str, str]:
    """Syllables and the characters that are mostly read so."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word, ways in readings.items():
        if len(word) == 1:
            found[ways[0]].append(word)
    return {key: "".join(characters) for key, characters in found.items()}


if __name__ == "__main__":
    main()
