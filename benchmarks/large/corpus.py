"""A large knowledge base to measure with: the sample's and the benchmark's articles, told again for many products.

The wording is that of people, so words repeat as they do in a real knowledge base: some in every third phrasing, most
in a handful. The products are made up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.dialogues import ROOT
from hub.types import Language
from knowledge_base import importer
from knowledge_base.embedder import Embedder, Vectors, normalised
from knowledge_base.evaluation import ArticleLine, QueryLine, merged, read
from knowledge_base.index import Article, Translation

PHRASINGS = 10
"""Of an article, its titles among them."""

RETRIEVAL = ROOT / "benchmarks" / "retrieval"
_SYLLABLES = ("bel", "cor", "dan", "fin", "gar", "hal", "jun", "kel", "lor", "mar", "nol", "pir", "ros", "sul", "tam")
_FORMS: dict[Language, Sequence[str]] = {
    "zh": ("{name}：{said}", "{said}（{name}）", "我的 {name}，{said}", "{said}，是 {name}"),
    "en": ("{name}: {said}", "{said} ({name})", "About my {name}. {said}", "{said} It's the {name}"),
}


def topics() -> list[Article]:
    """What the products are told of."""
    sample = [Article(id, 1, draft.translations) for id, draft in importer.read(importer.SAMPLE)]
    files = sorted(RETRIEVAL.glob("*/articles.jsonl"))
    return sample + [article for file in files for article in merged(list(read(file, ArticleLine)))]


def articles(count: int, seed: int = 1) -> Iterator[Article]:
    """`count` articles of ten phrasings, half of them Chinese; the same ones for the same seed."""
    dice, told, product = random.Random(seed), topics(), ""
    for number in range(count):
        if number % len(told) == 0:
            product = f"{dice.choice(_SYLLABLES)}{dice.choice(_SYLLABLES)}".title()
        model = f"{product} {dice.choice('ACEGKMSTX')}{dice.randrange(100, 1000)}"
        yield about(told[number % len(told)], f"a{number:06d}", model, dice)


def about(topic: Article, id: str, product: str, dice: random.Random, revision: int = 1) -> Article:
    """An article like `topic`, but of this product."""
    share = PHRASINGS // len(topic.translations)
    return Article(
        id,
        revision,
        {language: _told(text, language, product, share, dice) for language, text in topic.translations.items()},
    )


def _told(text: Translation, language: Language, product: str, count: int, dice: random.Random) -> Translation:
    said = dice.sample(text.questions, min(count - 1, len(text.questions)))
    title, *questions = (dice.choice(_FORMS[language]).format(name=product, said=one) for one in (text.title, *said))
    return Translation(title, tuple(questions), text.answer)


def questions() -> list[str]:
    """What customers ask, in no order: the benchmark's held-out questions."""
    files = sorted(RETRIEVAL.glob("*/questions.jsonl"))
    found = [query.text for file in files for query in read(file, QueryLine)]
    random.Random(1).shuffle(found)
    return found


class Widened:
    """An embedder turned into a space of more dimensions, where all texts are as near to each other as before.

    For the speed of wider models without the time that they take to encode a hundred thousand texts.
    """

    def __init__(self, embedder: Embedder, dimension: int) -> None:
        self.name, self.fingerprint, self.dimension = f"{embedder.name}, {dimension}", embedder.fingerprint, dimension
        self._embedder = embedder
        frame, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((dimension, embedder.dimension)))
        self._frame = frame.T.astype(np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`."""
        return normalised(self._embedder.encode(texts) @ self._frame)
