"""Messages that cannot be read for a topic: nothing in them, too much, or another language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from waymark import settings

LANGUAGE = "language"
"""Name of the language (ISO 639-1) in a message's parse data."""

SURE = 0.97
"""How sure the identifier must be before a Latin-script message counts as neither English nor Spanish."""

ENGLISH = frozenset(
    """the my you your can how what and with this that why when have does im it are u""".split()  # noqa: SIM905
)
"""Words that no message in another Latin-script language is likely to have."""

SPANISH = frozenset(
    """que de la el mi no me es un una por para con yo se lo te esta estoy como hola ayuda quiero""".split()  # noqa: SIM905
)

WORDS = 4
"""Fewer words than this say nothing about a language written in Latin letters."""


@lru_cache(maxsize=1)
def identifier() -> LanguageIdentifier:
    """The language identifier, loaded once a process."""
    return LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str:
    """The language of a message as ISO 639-1, "en" when it cannot be told.

    Badly spelt English is often taken for some small language, so anything but Spanish needs
    both certainty and enough words, unless its letters are not Latin at all.
    """
    letters = [char for char in text[:2000] if char.isalpha()]
    if not letters:
        return "en"
    language, sure = identifier().classify(text[:2000])
    if sum(char < "ɐ" for char in letters) < len(letters) / 2:
        return str(language) if language != "en" else "und"
    words = set(re.findall(r"\w+", text.casefold()))
    if words & ENGLISH:
        return "en"
    if language == "es":
        return "es" if words & SPANISH or sure > SURE else "en"
    return str(language) if sure > SURE and len(words) >= WORDS and language in LATIN else "en"


def surely_english(text: str) -> bool:
    """Whether the identifier is certain: "do you speak spanish" asks for Spanish in English."""
    language, sure = identifier().classify(text[:2000])
    return bool(language == "en" and sure > SURE)


LATIN = {"fr", "de", "pt", "it", "nl", "pl", "sv", "da", "no", "fi", "tr", "vi", "ro", "cs", "hu", "tl", "id"}


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class UnreadableMessage(GraphComponent):
    """Replaces the intent of a message that no topic can be read from, and names its language."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> UnreadableMessage:
        """Make the component and load the identifier."""
        identifier()
        return cls()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to configure."""
        return {}

    @staticmethod
    def required_packages() -> list[str]:
        """The packages this component needs at run time."""
        return ["py3langid"]

    def process(self, messages: list[Message]) -> list[Message]:
        """Name each message's language, and replace its intent where it cannot be read."""
        for message in messages:
            text = message.get(TEXT) or ""
            predicted = (message.get(INTENT) or {}).get("name")
            language = "es" if predicted == "speak_spanish" and not surely_english(text) else language_of(text)
            message.set(LANGUAGE, language, add_to_output=True)
            name = None
            if not any(char.isalnum() for char in text):
                name = "send_nothing_readable"
            elif len(text) > settings.MESSAGE_LIMIT:
                name = "send_too_much"
            elif language == "es":
                name = "speak_spanish"
            elif language != "en":
                name = "write_other_language"
            if name:
                message.set(INTENT, {"name": name, "confidence": 1.0}, add_to_output=True)
        return messages
