"""The intent classifier of the lean pipeline.

It is what Rasa's featurizers and LogisticRegressionClassifier do together, in one step: weighted n-grams and a
multinomial logistic regression. Those build and stack a dozen sparse matrices for a message of ten words; here a
message is one sum over the rows of one array. Loading them takes most of Rasa's start, too.

The training data's regular expressions are features as well, as they are to Rasa's RegexFeaturizer: one word for smoke
then teaches what every word for smoke means.
"""

from __future__ import annotations

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

from bot.components.ngram_model import WEIGHTS, WORDS, Features, NgramModel
from bot.components.ngrams import plain
from bot.components.readings import read


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NgramClassifier(IntentClassifier, GraphComponent):
    """Tells the intent of a message from its n-grams.

    In `config.yml`: `- name: bot.components.intent.NgramClassifier`; `C` is the inverse of the regularisation,
    `favour` by how much which intents are preferred in doubt (1.0 makes them e times as likely beside the others).
    """

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model: NgramModel | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """What holds where the configuration says nothing."""
        return {"C": 30.0, "favour": {}}

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
            classifier._model = NgramModel.of((folder / WORDS).read_bytes(), (folder / WEIGHTS).read_bytes())
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples that have an intent, and stores what was learnt."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # only training needs it
        from sklearn.linear_model import LogisticRegression

        features_of = Features(_by_name(training_data.regex_features))
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        vectorizer = TfidfVectorizer(analyzer=features_of, dtype=np.float64)
        features = vectorizer.fit_transform([plain(e.get(TEXT)) for e in examples])
        model = LogisticRegression(C=self._config["C"], class_weight="balanced", solver="newton-cg", tol=0.01)
        model.fit(features, [e.get(INTENT) for e in examples])

        intents, terms = model.classes_.tolist(), vectorizer.get_feature_names_out().tolist()
        coefficients, bias = _both_sides(model.coef_), _both_sides(model.intercept_)
        bias = bias + [self._config["favour"].get(intent, 0.0) for intent in intents]
        self._model = NgramModel(features_of, intents, terms, vectorizer.idf_, coefficients.T, bias)
        with self._storage.write_to(self._resource) as folder:
            for name, content in self._model.files().items():
                (folder / name).write_bytes(content)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Writes the intent and the ranking into each message."""
        assert self._model is not None, "trained or loaded before it is asked"
        for message in messages:
            ranking = read(plain(message.get(TEXT) or ""), self._model.rank)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Does the same to the training examples, for components that come after."""
        self.process(training_data.training_examples)
        return training_data


def _by_name(regexes: list[dict[str, Any]]) -> dict[str, str]:
    """One pattern for each name."""
    patterns: dict[str, list[str]] = {}
    for regex in regexes:
        patterns.setdefault(regex["name"], []).append(regex["pattern"])
    return {name: "|".join(several) for name, several in patterns.items()}


def _both_sides(parameter: Any) -> Any:
    """With two intents scikit-learn keeps one row, which tells the second from the first; here each has its own."""
    return np.concatenate([-parameter / 2, parameter / 2]) if len(parameter) == 1 else parameter
