"""What a sentence is made of, for the intent classifier: Chinese, English and mixtures of both in one alphabet.

Chinese is read character by character and in pairs of characters, which does for short sentences what a segmenter
does, without its dictionary. Words in other scripts are kept whole, in pairs, and in pieces, so that typing errors
and pinyin still resemble what was meant. Which number or which address it is says nothing about what is wanted.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

MAX_LENGTH = 2000
"""Characters of a message that are read: all that the hub sends."""

_TOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[a-z0-9\u00c0-\u024f]+(?:['’][a-z]+)?|\S")
_ADDRESS = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]+")
_LONG_NUMBER = re.compile(r"(?:(?<![a-z])pl[ :._-]{0,2})?[0-9](?:[ -]?[0-9]){6,}")
_PIECES = (2, 3, 4)


def plain(text: str) -> str:
    """What is read of `text`, in small letters and with one width."""
    return unicodedata.normalize("NFKC", text[:MAX_LENGTH]).lower()


def ngrams(text: str) -> list[str]:
    """The distinct features of plain `text`: tokens, pairs of neighbours (`^`, `$` are its ends), pieces of words."""
    tokens = _TOKEN.findall(_LONG_NUMBER.sub(" # ", _ADDRESS.sub(" @ ", text) if "@" in text else text))
    framed = ["^", *tokens, "$"]
    found = dict.fromkeys(tokens)
    found.update(dict.fromkeys(map(" ".join, itertools.pairwise(framed))))
    for token in tokens:
        if len(token) > 1:
            word = f"<{token}>"
            found.update(dict.fromkeys(word[i : i + n] + "~" for n in _PIECES for i in range(len(word) - n + 1)))
    return list(found)
