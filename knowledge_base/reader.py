"""Text to token ids for the contextual model: English as MiniLM's own tokenizer cuts it, Chinese into our words."""

from __future__ import annotations

import re
from pathlib import Path

from tokenizers import Tokenizer

from knowledge_base.text import fold

LONGEST = 128  # tokens; what is longer is cut off
ENGLISH = 30_522
"""Tokens of MiniLM; ours are numbered from here on."""

_BEGIN, _END, _UNKNOWN = 101, 102, 100
_RUNS = re.compile(r"([\u3400-\u9fff]+)|[^\u3400-\u9fff]+")


class Reader:
    """Cuts text into tokens. Spelling does not matter: text is folded first."""

    def __init__(self, pieces: Path, words: Path) -> None:
        """`pieces` is MiniLM's `tokenizer.json`, `words` that of the Chinese words."""
        self._pieces = Tokenizer.from_file(str(pieces))
        self._pieces.no_truncation()
        self._pieces.no_padding()
        self._words = Tokenizer.from_file(str(words))
        self.size = ENGLISH + self._words.get_vocab_size()

    def __call__(self, text: str, longest: int = LONGEST) -> list[int]:
        """The token ids of `text`, at most `longest`; empty where no token of it is known."""
        found: list[int] = []
        for run in _RUNS.finditer(fold(text)):
            if run[1]:
                found.extend(ENGLISH + token for token in self._words.encode(run[1]).ids if token)
            else:
                found.extend(self.pieces(run[0]))
        if all(token == _UNKNOWN for token in found):
            return []
        return [_BEGIN, *found[: longest - 2], _END]

    def pieces(self, english: str) -> list[int]:
        """MiniLM's tokens of a text in which there is no Chinese, without those that begin and end it."""
        ids: list[int] = self._pieces.encode(english, add_special_tokens=False).ids
        return ids
