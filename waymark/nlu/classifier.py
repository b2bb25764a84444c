"""Tells what a visitor wants from the sentence vectors of the message."""

from __future__ import annotations

import warnings
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
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from waymark.nlu.encoder import encode_closely

FILE = "intents.skops"

DEFAULTS = {"C": 30.0, "max_iter": 60, "confident": 0.75, "ranking_length": 10}

Array = npt.NDArray[np.float32]


class Readings:
    """Two logistic regressions: a quick one, and a close one that is asked when the quick one is not sure.

    The quick one reads the multilingual vector, the close one both vectors. Most messages are plain
    enough for the first, and the second encoder is three quarters of the cost of understanding.
    """

    def __init__(self, quick: LogisticRegression, close: LogisticRegression, confident: float) -> None:
        """Keep two fitted regressions over the same intents, and how sure is sure enough (0 to 1)."""
        self.quick, self.close, self.confident = quick, close, confident

    @classmethod
    def fit(cls, vectors: Array, close_vectors: Array, intents: Array, config: dict[str, Any]) -> Readings:
        """Fit both on vectors of shape (examples, 512) and (examples, 384)."""

        def fitted(x: Array) -> LogisticRegression:
            return LogisticRegression(C=config["C"], max_iter=config["max_iter"]).fit(x, intents)

        with warnings.catch_warnings():
            # Stopping early is meant: more iterations gain nothing in cross-validation and cost a minute.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return cls(fitted(vectors), fitted(np.hstack([vectors, close_vectors])), config["confident"])

    def chances(self, vector: Array, text: str) -> Array:
        """The probability of each intent for one message, in the order of `intents`."""
        quick: Array = self.quick.predict_proba(vector.reshape(1, -1))[0]
        if quick.max() >= self.confident:
            return quick
        both = np.hstack([vector.reshape(1, -1), encode_closely([text])])
        close: Array = self.close.predict_proba(both)[0]
        return close

    @property
    def intents(self) -> list[str]:
        """The intents in the order of the chances."""
        return [str(name) for name in self.quick.classes_]


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentClassifier(RasaIntentClassifier, GraphComponent):
    """Multinomial logistic regression over dense sentence features, in two readings.

    Rasa's own LogisticRegressionClassifier fixes C at 1, which underfits dense features of length one.

    Configuration: `C` (inverse of regularisation), `max_iter`, `confident` (probability from which the quick
    reading is enough), `ranking_length` (intents kept with their confidence).
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """Keep the configuration; the regressions come from training or loading."""
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._readings: Readings | None = None

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
        return dict(DEFAULTS)

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
        """Load the trained regressions; skops loads plain scikit-learn objects and runs no code."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            quick, close = skops.io.load(folder / FILE, trusted=[])
        component._readings = Readings(quick, close, config["confident"])
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the regressions on the vectors of all intent examples and store them."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        vectors = np.vstack([sentence_vector(example) for example in examples])
        close_vectors = encode_closely([example.get(TEXT) for example in examples])
        intents = np.array([example.get(INTENT) for example in examples])
        self._readings = Readings.fit(vectors, close_vectors, intents, self._config)
        with self._storage.write_to(self._resource) as folder:
            skops.io.dump([self._readings.quick, self._readings.close], folder / FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking of each message."""
        for message in messages:
            text = message.get(TEXT)
            if self._readings is None or not text or text.startswith("/"):
                # Nothing to read: an empty message, or a tapped button, which names its intent itself.
                message.set(INTENT, {"name": None, "confidence": 1.0}, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
                continue
            chances = self._readings.chances(sentence_vector(message), text)
            best = np.argsort(chances)[::-1][: self._config["ranking_length"]]
            intents = self._readings.intents
            ranking = [{"name": intents[place], "confidence": float(chances[place])} for place in best]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages


def sentence_vector(message: Message) -> Array:
    """The dense sentence vector that the encoder put on a message, shape (1, 512)."""
    for features in message.features:
        if features.attribute == TEXT and features.type == FEATURE_TYPE_SENTENCE:
            return np.asarray(features.features)
    raise ValueError("A message has no sentence vector: put waymark.nlu.encoder.SentenceEncoder before this component.")
