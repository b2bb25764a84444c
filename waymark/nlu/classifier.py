"""Tells what a visitor wants from the sentence vector of the message."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import skops.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier as RasaIntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

FILE = "intents.skops"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentClassifier(RasaIntentClassifier, GraphComponent):
    """Multinomial logistic regression over the dense sentence features.

    Rasa's own LogisticRegressionClassifier fixes C at 1, which underfits dense features of length
    one, and reads sparse matrices message by message; this one takes C and works on one array.

    Configuration: `C` (inverse of regularisation, 30), `max_iter` (60), `ranking_length` (10).
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """Keep the configuration; the regression comes from training or loading."""
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._regression: LogisticRegression | None = None

    @classmethod
    def required_components(cls) -> list[type]:
        """Runs after a featurizer."""
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        """The packages this component needs at run time."""
        return ["sklearn", "skops"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {"C": 30.0, "max_iter": 60, "ranking_length": 10}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentClassifier:
        """Load the trained regression; skops loads plain scikit-learn objects and runs no code."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._regression = skops.io.load(folder / FILE, trusted=[])
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the regression on the vectors of all intent examples and store it."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        regression = LogisticRegression(C=self._config["C"], max_iter=self._config["max_iter"])
        regression.fit(_vectors(examples), np.array([example.get(INTENT) for example in examples]))
        self._regression = regression
        with self._storage.write_to(self._resource) as folder:
            skops.io.dump(regression, folder / FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking of each message."""
        for message in messages:
            if self._regression is None or not message.get(TEXT):
                continue
            chances = self._regression.predict_proba(_vectors([message]))[0]
            best = np.argsort(chances)[::-1][: self._config["ranking_length"]]
            ranking = [
                {"name": str(self._regression.classes_[place]), "confidence": float(chances[place])} for place in best
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages


def _vectors(messages: list[Message]) -> npt.NDArray[np.float32]:
    return np.vstack([_vector(message) for message in messages])


def _vector(message: Message) -> npt.NDArray[np.float32]:
    for features in message.features:
        if features.attribute == TEXT and features.type == FEATURE_TYPE_SENTENCE:
            return np.asarray(features.features)
    raise ValueError("A message has no sentence vector: put waymark.nlu.encoder.SentenceEncoder before this component.")
