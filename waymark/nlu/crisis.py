"""Writes the screener's finding on the message, whatever the classifier thought of it."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from waymark import settings
from waymark.nlu.classifier import sentence_vector
from waymark.nlu.encoder import encode
from waymark.nlu.unreadable import LANGUAGE
from waymark.safety.learned import CONCERN_FROM, LearnedLayer, examples, harmless, join
from waymark.safety.screener import Finding, Screener
from waymark.safety.text import clauses, clean

CRISIS = "crisis"
"""Name of the finding in a message's parse data."""

RISK, BY_RULE = "crisis_risk", "crisis_by_rule"
"""What the trained layer and the rules alone made of the message, for the evaluation."""

FAINT = "crisis_faint"
"""What a message without a finding would have been found to be, were it a little worse: several of these add up."""

FAINT_FROM = CONCERN_FROM - 1.0
"""Risk from which a message below the bound of a finding has a faint sign."""

PHRASES = settings.CRISIS / "phrases"

PLAIN = 0.98
"""Confidence from which a question counts as plainly understood, and is no faint sign."""

QUESTIONS = re.compile(r"ask_\w+|share_past_\w+|share_bereavement|share_good|greet")
"""Intents with an answer that fits also when the layer hears a little more in the message."""

PAYLOAD = re.compile(r"/\w+(\{.*\})?")
"""A tapped button, not words: the channel lets no other slash through."""

WHOLE = 25
"""Words; a longer message is also read part by part, because one clause drowns in a long story."""

MOST_PARTS = 40
"""Parts read by the trained layer, the last ones first; the rules read every word."""

MOST_PIECES = 6
"""Pieces of a very long message that are judged as wholes."""

NEAR_A_CRISIS = re.compile(
    r"share_past_\w+|share_bereavement|ask_leave_safely|ask_is_this_abuse|ask_check_after_choking|say_\w+|want_exit"
)
"""Intents whose phrases speak of harm: not taught to the trained layer as harmless."""


@lru_cache(maxsize=1)
def screener() -> Screener:
    """The rules, loaded once a process."""
    return Screener.load(settings.CRISIS)


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class CrisisScreener(GraphComponent):
    """Last in the pipeline: nothing after it can take a finding away.

    Rules and a trained layer look at each message; the worse counts. A finding replaces the intent by
    `report_<category>`, so that forms can refuse the message with `not_intent`, and stays on the message
    as `crisis` for the safety policy.
    """

    def __init__(self, model_storage: ModelStorage, resource: Resource, layer: LearnedLayer | None = None) -> None:
        """Keep the trained layer; the lexicon is read now, not at the first message."""
        self._storage = model_storage
        self._resource = resource
        self._layer = layer
        screener()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CrisisScreener:
        """Make the component, to be trained."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CrisisScreener:
        """Load the trained layer."""
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, LearnedLayer.load(folder))

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to configure: lexicon and phrases are data."""
        return {}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """A change of the lexicon or the phrases makes a new model."""
        digest = hashlib.sha256()
        for path in sorted([*settings.CRISIS.glob("lexicon*.yml"), *PHRASES.glob("*.yml")]):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the layer on the crisis phrases, with the harmless ones and the questions as what is no crisis."""
        questions = [
            example
            for example in training_data.intent_examples
            if example.get(TEXT) and not NEAR_A_CRISIS.fullmatch(example.get(INTENT) or "")
        ]
        phrases = examples(PHRASES)
        vectors = [encode([phrase.text for phrase in phrases]), *map(sentence_vector, questions)]
        learned = [*phrases, *harmless(question.get(TEXT) for question in questions)]
        self._layer = LearnedLayer.fit(np.vstack(vectors), learned)
        with self._storage.write_to(self._resource) as folder:
            self._layer.store(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Screen each message once."""
        for message in messages:
            finding, faint = self._screen(message)
            if finding:
                message.set(CRISIS, finding.as_dict(), add_to_output=True)
                intent = {"name": f"report_{finding.category}", "confidence": 1.0}
                message.set(INTENT, intent, add_to_output=True)
            elif faint and not _is_plain_question(message):
                message.set(FAINT, faint.as_dict(), add_to_output=True)
        return messages

    def _screen(self, message: Message) -> tuple[Finding | None, Finding | None]:
        """The finding of a message, and its faint sign where it has none."""
        text = message.get(TEXT) or ""
        if PAYLOAD.fullmatch(text):
            return None, None
        by_rule, set_aside = screener().look(text)
        if by_rule:
            message.set(BY_RULE, by_rule.tier, add_to_output=True)
        if self._layer is None or not any(char.isalpha() for char in text):
            return by_rule, set_aside
        texts, parts, language = _pieces(text), _parts(text), str(message.get(LANGUAGE) or "en")
        vectors = np.vstack([sentence_vector(message), encode(texts[1:])])
        risks = self._layer.risks(texts, vectors, parts, encode(parts))
        worst = int(np.argmax(risks))
        risk, text, vector = float(risks[worst]), texts[worst], vectors[worst : worst + 1]
        message.set(RISK, round(risk, 2), add_to_output=True)
        if risk >= CONCERN_FROM:
            return join(by_rule, self._layer.finding(text, vector, risk, language)), set_aside
        if by_rule is None and set_aside is None and risk >= FAINT_FROM:
            set_aside = self._layer.finding(text, vector, risk, language)
        return by_rule, set_aside


def _pieces(text: str) -> list[str]:
    """A message in pieces that fit into one vector, the first and the last ones if there are many."""
    size = settings.READ_FOR_TOPIC
    starts = [*range(0, len(text) - size, size), max(len(text) - size, 0)]
    if len(starts) > MOST_PIECES:
        starts = [*starts[: MOST_PIECES // 2], *starts[-MOST_PIECES // 2 :]]
    return [text[start : start + size] for start in starts]


def _parts(text: str) -> list[str]:
    """The parts of a message that is too long to be judged as a whole alone; none of a short one."""
    return clauses(clean(text))[-MOST_PARTS:] if len(text.split()) > WHOLE else []


def _is_plain_question(message: Message) -> bool:
    intent = message.get(INTENT) or {}
    is_plain = float(intent.get("confidence") or 0) >= PLAIN
    return is_plain and bool(QUESTIONS.fullmatch(str(intent.get("name"))))
