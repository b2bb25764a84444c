"""Splits a message into words with spaCy's rules, without loading a spaCy model."""

from __future__ import annotations

from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER], is_trainable=False)
class SpacyWordTokenizer(Tokenizer):
    """spaCy's English tokenizer as a Rasa component.

    Tags, parses and names cost about 10 ms a message and nobody reads them, so only the
    tokenizer of a blank pipeline runs.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        """Make the blank pipeline; `config` is Rasa's usual tokenizer configuration."""
        super().__init__(config)
        self._words = spacy.blank("en").tokenizer

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's tokenizer settings: intents are never split, no token pattern."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        """The packages this component needs at run time."""
        return ["spacy"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpacyWordTokenizer:
        """Make the component from its configuration."""
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The words of one attribute of a message, with their places in its text."""
        text = message.get(attribute)
        return [Token(word.text, word.idx) for word in self._words(text) if not word.is_space]
