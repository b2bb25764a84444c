"""Tells what a visitor wants, from the sense of the message and from its words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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

from waymark.nlu.encoder import encode_closely
from waymark.safety.keywords import Keywords
from waymark.safety.regression import TINY, fitted

FILE, KEYWORDS = "intents.skops", "intents"

DEFAULTS = {"C": 10.0, "max_iter": 25, "confident": 0.9, "ranking_length": 10}

WORDS_WEIGH = 0.8
"""How much the words count beside the sense (1: alike), by trials on phrases kept for that."""

Array = npt.NDArray[np.float32]
Chances = npt.NDArray[np.float64]


class Readings:
    """What a message may mean, read twice: quickly, and closely when the quick reading is not sure.

    The quick reading joins the multilingual vector with the words, the close one both vectors with the words.
    Most messages are plain enough for the first, and the second encoder is three quarters of the cost.
    """

    def __init__(
        self, quick: LogisticRegression, close: LogisticRegression, keywords: Keywords, confident: float
    ) -> None:
        """Keep fitted models over the same intents, and how sure is sure enough (0 to 1)."""
        self._quick, self._close, self._keywords, self.confident = quick, close, keywords, confident

    @classmethod
    def fit(
        cls, texts: list[str], vectors: Array, close_vectors: Array, intents: npt.NDArray[Any], config: dict[str, Any]
    ) -> Readings:
        """Fit on texts and their vectors of shape (texts, 512) and (texts, 384)."""
        both = np.hstack([vectors, close_vectors])
        with ThreadPoolExecutor() as pool:
            words = pool.submit(Keywords.fit, texts, intents)
            quick, close = (fitted(x, intents, config["C"], config["max_iter"]) for x in (vectors, both))
        return cls(quick, close, words.result(), config["confident"])

    def store(self, folder: Path) -> None:
        """Write what `load` reads; skops stores plain scikit-learn objects."""
        skops.io.dump([self._quick, self._close], folder / FILE)
        self._keywords.store(folder, KEYWORDS)

    @classmethod
    def load(cls, folder: Path, confident: float) -> Readings:
        """Read what `store` wrote; neither skops nor the keywords run code on loading."""
        quick, close = skops.io.load(folder / FILE, trusted=[])
        return cls(quick, close, Keywords.load(folder, KEYWORDS), confident)

    def chances(self, texts: list[str], vectors: Array, close_vectors: Array | None = None) -> Chances:
        """The probability of each intent for each text, of shape (texts, intents), in the order of `intents`.

        The close vectors are made for the texts that need them, unless they are given.
        """
        words = WORDS_WEIGH * np.log(self._keywords.chances(texts) + TINY)
        chances = _joined(self._quick.predict_proba(vectors), words)
        unsure = np.flatnonzero(chances.max(axis=1) < self.confident)
        if unsure.size:
            if close_vectors is None:
                near = encode_closely([texts[place] for place in unsure])
            else:
                near = close_vectors[unsure]
            closely = self._close.predict_proba(np.hstack([vectors[unsure], near]))
            chances[unsure] = _joined(closely, words[unsure])
        return chances

    @property
    def intents(self) -> list[str]:
        """The intents in the order of the chances."""
        return [str(name) for name in self._quick.classes_]


def _joined(sense: Chances, log_words: Chances) -> Chances:
    joined = np.log(sense + TINY) + log_words
    joined = np.exp(joined - joined.max(axis=1, keepdims=True))
    chances: Chances = joined / joined.sum(axis=1, keepdims=True)
    return chances


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentClassifier(RasaIntentClassifier, GraphComponent):
    """Logistic regression over sentence vectors, joined with a linear machine over words and letters.

    Rasa's own LogisticRegressionClassifier fixes C at 1, which underfits dense features of length one, and
    raw counts beside them in one model drown them; two models, joined by their chances, do not.

    Configuration: `C` (inverse of regularisation), `max_iter`, `confident` (probability from which the quick
    reading is enough), `ranking_length` (intents kept with their confidence).
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """Keep the configuration; the readings come from training or loading."""
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
        """Load the trained readings."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._readings = Readings.load(folder, config["confident"])
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the readings on all intent examples and store them."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        vectors = np.vstack([sentence_vector(example) for example in examples])
        texts = [example.get(TEXT) for example in examples]
        intents = np.array([example.get(INTENT) for example in examples])
        self._readings = Readings.fit(texts, vectors, encode_closely(texts), intents, self._config)
        with self._storage.write_to(self._resource) as folder:
            self._readings.store(folder)
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
            chances = self._readings.chances([text], sentence_vector(message))[0]
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
