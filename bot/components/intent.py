"""The intent classifier of the lean pipeline.

It is what Rasa's featurizers and LogisticRegressionClassifier do together, in one step: weighted n-grams and a
multinomial logistic regression. Those build and stack a dozen sparse matrices for a message of ten words; here a
message is one sum over the rows of one array. Loading them takes most of Rasa's start, too.

The training data's regular expressions are features as well, as they are to Rasa's RegexFeaturizer: one word for smoke
then teaches what every word for smoke means.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.ngrams import ngrams, plain
from bot.components.readings import Ranking, read


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NgramClassifier(IntentClassifier, GraphComponent):
    """Tells the intent of a message from its n-grams.

    In `config.yml`: `- name: bot.components.intent.NgramClassifier`; `C` is the inverse of the regularisation,
    `ranking_length` how many intents are reported, `favour` by how much which intents are preferred in doubt (1.0
    makes them e times as likely beside the others).
    """

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._signs: list[tuple[str, re.Pattern[str]]] = []
        self._terms: dict[str, int] = {}
        self._rows = np.zeros((0, 0), np.float32)
        self._squares = np.zeros(0, np.float32)
        self._bias = np.zeros(0, np.float32)
        self._intents: list[str] = []

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """What holds where the configuration says nothing."""
        return {"C": 30.0, "ranking_length": 5, "favour": {}}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NgramClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NgramClassifier:
        """The classifier that `train` stored."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            weights = np.load(folder / "weights.npz", allow_pickle=False)
        classifier._signs = _compiled(words["signs"])
        classifier._adopt(words["intents"], words["terms"], weights["idf"], weights["coefficients"], weights["bias"])
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples that have an intent, and stores what was learnt."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # only training needs it
        from sklearn.linear_model import LogisticRegression

        signs = _by_name(training_data.regex_features)
        self._signs = _compiled(signs)
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        vectorizer = TfidfVectorizer(analyzer=self._features, dtype=np.float64)
        features = vectorizer.fit_transform([plain(e.get(TEXT)) for e in examples])
        model = LogisticRegression(C=self._config["C"], class_weight="balanced", solver="newton-cg", tol=0.01)
        model.fit(features, [e.get(INTENT) for e in examples])

        intents, terms = model.classes_.tolist(), vectorizer.get_feature_names_out().tolist()
        coefficients, bias = _both_sides(model.coef_), _both_sides(model.intercept_)
        self._adopt(intents, terms, vectorizer.idf_, coefficients.T, bias)
        with self._storage.write_to(self._resource) as folder:
            words = json.dumps({"intents": intents, "terms": terms, "signs": signs}, ensure_ascii=False)
            (folder / "words.json").write_text(words, encoding="utf-8")
            np.savez(folder / "weights.npz", idf=vectorizer.idf_, coefficients=coefficients.T, bias=bias)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Writes the intent and the ranking into each message."""
        for message in messages:
            ranking = read(plain(message.get(TEXT) or ""), self._rank)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Does the same to the training examples, for components that come after."""
        self.process(training_data.training_examples)
        return training_data

    def _adopt(self, intents: list[str], terms: list[str], idf: Any, coefficients: Any, bias: Any) -> None:
        """Keeps the model in the form in which `_rank` reads it: each term's weight is multiplied in beforehand."""
        self._intents = intents
        self._terms = {term: row for row, term in enumerate(terms)}
        self._rows = np.ascontiguousarray(coefficients * idf[:, None], np.float32)
        self._squares = np.square(idf).astype(np.float32)
        favour = [self._config["favour"].get(intent, 0.0) for intent in intents]
        self._bias = np.asarray(bias + favour, np.float32)

    def _features(self, text: str) -> list[str]:
        return [*ngrams(text), *(f"[{name}]" for name, pattern in self._signs if pattern.search(text))]

    def _rank(self, text: str) -> Ranking:
        known = [row for term in self._features(text) if (row := self._terms.get(term)) is not None]
        scores = self._bias
        if known:
            scores = scores + self._rows[known].sum(axis=0) / np.sqrt(self._squares[known].sum())
        odds = np.exp(scores - scores.max())
        confidences = (odds / odds.sum()).tolist()
        ranking = sorted(zip(confidences, self._intents, strict=True), reverse=True)
        return [
            {"name": intent, "confidence": confidence}
            for confidence, intent in ranking[: self._config["ranking_length"]]
        ]


def _by_name(regexes: list[dict[str, Any]]) -> dict[str, str]:
    """One pattern for each name."""
    patterns: dict[str, list[str]] = {}
    for regex in regexes:
        patterns.setdefault(regex["name"], []).append(regex["pattern"])
    return {name: "|".join(several) for name, several in patterns.items()}


def _compiled(signs: dict[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    # ASCII: an English word ends (`\b`) where a Chinese character begins.
    return [(name, re.compile(pattern, re.ASCII)) for name, pattern in signs.items()]


def _both_sides(parameter: Any) -> Any:
    """With two intents scikit-learn keeps one row, which tells the second from the first; here each has its own."""
    return np.concatenate([-parameter / 2, parameter / 2]) if len(parameter) == 1 else parameter
