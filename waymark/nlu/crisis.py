"""Writes the screener's finding on the message, whatever the classifier thought of it."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from waymark import settings
from waymark.safety.screener import Finding, Screener

CRISIS = "crisis"
"""Name of the finding in a message's parse data."""

PAYLOAD = re.compile(r"/\w+(\{.*\})?")
"""A tapped button, not words: the channel lets no other slash through."""


@lru_cache(maxsize=1)
def screener() -> Screener:
    """The screener, loaded once a process."""
    return Screener.load(settings.CRISIS)


def screen(text: str) -> Finding | None:
    """Screen one message; a tapped button's payload is not somebody's words."""
    return None if PAYLOAD.fullmatch(text) else screener().screen(text)


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class CrisisScreener(GraphComponent):
    """Last in the pipeline: nothing after it can take a finding away.

    A finding replaces the intent by `report_<category>`, so that forms can refuse the message
    with `not_intent`, and stays on the message as `crisis` for the safety policy.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CrisisScreener:
        """Make the component; the lexicon is read now, not at the first message."""
        screener()
        return cls()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to configure: the lexicon is data."""
        return {}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """A change of the lexicon makes a new model."""
        digest = hashlib.sha256()
        for path in sorted(settings.CRISIS.glob("lexicon*.yml")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def process(self, messages: list[Message]) -> list[Message]:
        """Screen each message once."""
        for message in messages:
            finding = screen(message.get(TEXT) or "")
            if finding:
                message.set(CRISIS, finding.as_dict(), add_to_output=True)
                intent = {"name": f"report_{finding.category}", "confidence": 1.0}
                message.set(INTENT, intent, add_to_output=True)
        return messages
