"""From scores to a decision: answer, offer a choice, or say nothing.

A score means little by itself: a knowledge base of many phrasings gives everything a high one. So the limits are those
of this knowledge base and this language: what a bank of everyday utterances, none of them about anybody's business,
scores against it. A question has to beat 95 % of them to be answered, and 90 % to be asked back about. Where two
articles are about equally close, the customer is asked which one is meant: a wrong answer costs more than a click.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

import numpy as np
from msgspec import Struct

from hub.types import Decision, Hit, Language
from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.everyday import bank
from knowledge_base.index import Article, Index, Match, Tops

ANSWER_QUANTILE = 0.95
CLARIFY_QUANTILE = 0.90
CHOICES = 3
MARGIN = 0.05
"""How far the best article has to be ahead of the next one. On the development sets this raised the share of right
answers (shop .63 to .78, HWU64 .86 to .92) and the share of customers who find theirs, at once or among the choices
(shop .53 to .64, HWU64 .54 to .57)."""
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Limits(Struct, frozen=True):
    """The scores from which a question is answered, or asked back about."""

    answer: float
    clarify: float


class Background:
    """The everyday utterances of both languages, encoded once for an embedder."""

    def __init__(self, embedder: Embedder, utterances: Mapping[Language, list[str]] | None = None) -> None:
        self._utterances = utterances or {language: bank(language) for language in LANGUAGES}
        self._vectors: dict[Language, Vectors] = {
            language: embedder.encode(lines) for language, lines in self._utterances.items()
        }

    def tops(self, index: Index, language: Language, known: Tops | None = None) -> Tops:
        """The best articles of `index` for the utterances; `known` are those of the index before."""
        return index.tops(self._utterances[language], self._vectors[language], language, known)


def limits(tops: Tops) -> Limits:
    """The limits where the utterances' best articles are these."""
    clarify, answer = np.quantile(tops.scores, [CLARIFY_QUANTILE, ANSWER_QUANTILE])
    return Limits(answer=float(answer), clarify=float(clarify))


class Ranking:
    """One state of the knowledge base, ready for questions. Never changes; safe in any thread.

    `known` is the ranking over the index that `index` was made from.
    """

    def __init__(self, index: Index, background: Background, known: Ranking | None = None) -> None:
        self.index = index
        self.tops: dict[Language, Tops] = {
            language: background.tops(index, language, known.tops[language] if known else None)
            for language in LANGUAGES
        }
        self.limits = {language: limits(tops) for language, tops in self.tops.items()}

    def find(self, question: str, language: Language, count: int = CHOICES) -> list[Match]:
        """The best articles, whether or not they are good enough."""
        vector = self.index.embedder.encode([question])[0]
        return self.index.search(question, vector, language, count)

    def decide(self, question: str, language: Language) -> Decision:
        """What to do with a question. An abstention has hits too: near misses, for agents and not for customers."""
        return self.judge(self.find(question, language), language)

    def judge(self, matches: list[Match], language: Language) -> Decision:
        """The decision over matches already found."""
        limits, score = self.limits[language], matches[0].score if matches else -1.0
        ahead = score - matches[1].score if len(matches) > 1 else 1.0
        hits = tuple(_hit(match, language) for match in matches)
        if score > limits.answer and ahead >= MARGIN:
            return Decision("answer", hits, language)
        return Decision("clarify" if score > limits.clarify else "abstain", hits, language)


def build(articles: Iterable[Article], embedder: Embedder) -> Ranking:
    """A ranking over `articles` with the bundled background."""
    return Ranking(Index(articles, embedder), Background(embedder))


def _hit(match: Match, language: Language) -> Hit:
    """The match as the customer sees it: in their language where the article has it, else in the other."""
    article = match.article
    spoken = language if language in article.translations else next(iter(article.translations))
    text = article.translations[spoken]
    return Hit(
        article=article.id,
        revision=article.revision,
        language=spoken,
        score=round(match.score, 4),
        title=text.title,
        question=match.question,
        answer=text.answer,
    )
