"""From scores to a decision: answer, offer a choice, or say nothing.

A score means little by itself: a knowledge base of many phrasings gives everything a high one. So it is compared with
what a bank of everyday utterances, none of them about anybody's business, scores against this knowledge base in this
language, and with the next articles' scores: `knowledge_base.confidence` makes a probability of it. A question is
answered where that is high and it beats 95 % of the everyday utterances, and asked back about where it beats 90 %: a
wrong answer costs more than a click.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import numpy as np
from msgspec import Struct

from hub.language import detect
from hub.types import Decision, Hit, Language
from knowledge_base.confidence import Everyday, odds, probability
from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.everyday import bank
from knowledge_base.index import Article, Index, Match, Tops
from knowledge_base.outcomes import Lessons
from knowledge_base.text import HAN, fold

SURE = 0.7
"""From this probability on a question is answered."""
ANSWER_QUANTILE = 0.95
CLARIFY_QUANTILE = 0.90
DOUBTFUL = 0.5
"""As sure as one may be of what scores no more than everyday talk does, or names a topic and asks nothing about it,
however far it is ahead."""
CHOICES = 3
LANGUAGES: tuple[Language, ...] = get_args(Language)

_SIGNS = re.compile(r"^[\W_]+|[\W_]+$")
_WORD = re.compile(r"[a-z]+|[\u3400-\u9fff]{1,2}")


class Limits(Struct, frozen=True):
    """What everyday utterances score, and the scores from which a question may be answered, or is asked back about."""

    everyday: Everyday
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
    return Limits(Everyday.of(tops.scores), answer=float(answer), clarify=float(clarify))


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
        self.lessons: Lessons = known.lessons if known else Lessons()

    def taught(self, lessons: Lessons) -> Ranking:
        """The same with what outcomes have taught."""
        other = copy.copy(self)
        other.lessons = lessons
        return other

    def read(self, question: str, language: Language) -> tuple[str, Language]:
        """What is searched for a question: what was meant to be typed. And in which language: pinyin is Chinese."""
        meant = self.index.speller.corrected(question)
        if meant == fold(question):
            return question, language
        # Only pinyin makes characters out of none; the title in front of what leans on it may have some already.
        is_pinyin = len(HAN.findall(meant)) > len(HAN.findall(question)) and detect(meant) == "zh"
        return meant, "zh" if is_pinyin else language

    def find(self, question: str, language: Language, count: int = CHOICES) -> list[Match]:
        """The best articles, whether or not they are good enough."""
        text, language = self.read(question, language)
        return self.index.search(text, self.index.embedder.encode([text])[0], language, count)

    def decide(self, question: str, language: Language) -> Decision:
        """What to do with a question. An abstention has hits too: near misses, for agents and not for customers."""
        return self.decide_all([(question, language)])[0]

    def decide_all(self, questions: Sequence[tuple[str, Language]]) -> list[Decision]:
        """What to do with each of some questions; they are encoded together."""
        read = [self.read(*question) for question in questions]
        vectors = self.index.embedder.encode([text for text, _ in read])
        return [
            self.judge(self.index.search(text, vector, language, CHOICES), language, vector, text)
            for (text, language), vector in zip(read, vectors, strict=True)
        ]

    def judge(
        self, matches: list[Match], language: Language, vector: Vectors | None = None, question: str = ""
    ) -> Decision:
        """The decision over matches already found for a question, whose `vector` tells what it was confused with."""
        limits, scores = self.limits[language], [match.score for match in matches]
        best = max(scores, default=-1.0)
        given = odds(limits.everyday, scores)
        if matches and vector is not None:
            given = min(given, self._contested(matches, vector, limits.everyday))
        sure = probability(self.lessons.recalibration(given))
        if best <= limits.answer or (matches and _names_a_topic(question, matches[0].question)):
            sure = min(sure, DOUBTFUL)
        hits = tuple(_hit(match, language) for match in matches)
        if sure >= SURE:
            return Decision("answer", hits, language, sure, given)
        return Decision("clarify" if best > limits.clarify else "abstain", hits, language, sure, given)

    def _contested(self, matches: list[Match], vector: Vectors, everyday: Everyday) -> float:
        """The odds where the questions that the best article does not answer compete with it, like another article."""
        best, *others = matches
        rival = self.lessons.rival((best.article.id, best.article.revision), best.score, best.nearness, vector)
        if rival is None:
            return math.inf
        scores = [best.score, *sorted([rival, *(match.score for match in others)], reverse=True)]
        # As close to what was answered wrongly as to what it answers: as likely as not, however far off the others are.
        return min(odds(everyday, scores), 0.0 if rival >= best.score else math.inf)


def build(articles: Iterable[Article], embedder: Embedder) -> Ranking:
    """A ranking over `articles` with the bundled background."""
    return Ranking(Index(articles, embedder), Background(embedder))


def _names_a_topic(question: str, phrasing: str) -> bool:
    """Whether it is a single word, and not one that an editor wrote down as a way to ask."""
    asked, known = (_SIGNS.sub("", fold(text)) for text in (question, phrasing))
    return bool(_WORD.fullmatch(asked)) and asked != known


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
