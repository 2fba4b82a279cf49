"""How sure one may be: what each number that decides about it adds, on sets that it was not fitted for.

Of each set a quarter of the articles is withheld, each quarter in turn, so that there are neighbouring questions that
no article answers; only how rare words are is still counted in all of them. The confidence is fitted anew on the
other sets, by the logistic regression that made the product's weights, with the evidence that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct
from sklearn.linear_model import LogisticRegression

from benchmarks.retrieval.data import LANGUAGES
from benchmarks.retrieval.development import Measured
from benchmarks.retrieval.measures import PRECISION, Flags, Numbers
from hub.types import Language
from knowledge_base.confidence import WEIGHTS, Everyday
from knowledge_base.embedder import Vectors
from knowledge_base.index import LEXICAL_WEIGHT
from knowledge_base.ranking import ANSWER_QUANTILE

QUARTERS = 4
EVERYDAY_SHARE = 0.3
"""What a set's everyday utterances, none of which is to be answered, weigh beside its questions."""


class Judged(Struct, frozen=True, eq=False):
    """Texts and what is known of each: the evidence, the best score, and whether that is above the everyday's limit.

    `right`: the best article answers; `labelled`: one that is there does; `asked`: a question, not everyday talk.
    """

    evidence: Numbers
    best: Numbers
    above: Flags
    right: Flags
    labelled: Flags
    asked: Flags

    def only(self, kept: Flags) -> Judged:
        """Some of them."""
        return Judged(*(getattr(self, name)[kept] for name in self.__struct_fields__))


def joined(several: Iterable[Judged]) -> Judged:
    """All of them."""
    found = list(several)
    return Judged(*(np.concatenate([getattr(one, name) for one in found]) for name in Judged.__struct_fields__))


def judged(found: Measured, language: Language) -> Judged:
    """The questions and the everyday utterances of one language, against each three quarters of the articles."""
    spoken = found.languages == language
    weight = LEXICAL_WEIGHT[language]
    questions = found.questions.scores(weight)[spoken]
    talk = found.everyday[language].scores(weight)
    return joined(_quarter(questions, talk, found.places[spoken], quarter) for quarter in range(QUARTERS))


def _quarter(questions: Vectors, talk: Vectors, places: Sequence[int], quarter: int) -> Judged:
    """With every fourth article withheld."""
    withheld = np.arange(questions.shape[1]) % QUARTERS == quarter
    scores = np.where(withheld, -np.inf, np.concatenate([questions, talk])).astype(np.float32)
    tops = -np.sort(-scores, axis=1)[:, :3]
    everyday = Everyday.of(tops[len(questions) :, 0])
    labels = np.concatenate([places, np.full(len(talk), -1)])
    asked = np.arange(len(scores)) < len(questions)
    return Judged(
        evidence=np.array([everyday.evidence([s for s in row if s > -np.inf]) for row in tops.tolist()]),
        best=tops[:, 0].astype(np.float64),
        above=tops[:, 0] > np.quantile(tops[len(questions) :, 0], ANSWER_QUANTILE),
        right=scores.argmax(axis=1) == labels,
        labelled=(labels >= 0) & ~withheld[labels],
        asked=asked,
    )


def families(sets: Iterable[Measured]) -> dict[str, list[Judged]]:
    """What is known of each family's sets, both languages together."""
    found: dict[str, list[Judged]] = {}
    for one in sets:
        there = [language for language in LANGUAGES if (one.languages == language).any()]
        found.setdefault(one.family, []).append(joined(judged(one, language) for language in there))
    return found


def shipped(found: Judged) -> Numbers:
    """The probabilities that the product gives, without its limit for what scores like everyday talk."""
    return _probability(found.evidence @ np.array(WEIGHTS[1:]) + WEIGHTS[0])


def refitted(known: Sequence[Judged], terms: Sequence[int]) -> LogisticRegression:
    """A confidence of these terms of the evidence; each set counts the same."""
    weights = []
    for one in known:
        talk = ~one.asked
        weights.append(np.where(talk, EVERYDAY_SHARE / max(1, talk.sum()), 1 / max(1, one.asked.sum())))
    everything, weight = joined(known), np.concatenate(weights)
    model = LogisticRegression(C=100, max_iter=1000)
    return model.fit(everything.evidence[:, list(terms)], everything.right, weight * (len(weight) / weight.sum()))


def probability(model: LogisticRegression, found: Judged, terms: Sequence[int]) -> Numbers:
    """What a refitted confidence says."""
    return np.asarray(model.predict_proba(found.evidence[:, list(terms)])[:, 1], dtype=np.float64)


def limit(scores: Numbers, right: Flags) -> float:
    """The lowest score from which on answers are right often enough; infinite where there is none."""
    order = np.argsort(-scores, kind="stable")
    good = np.flatnonzero(right[order].cumsum() >= PRECISION * np.arange(1, len(order) + 1))
    return float(scores[order][good[-1]]) if len(good) else float("inf")


def _probability(odds: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), dtype=np.float64)
