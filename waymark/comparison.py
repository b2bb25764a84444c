"""Our pipeline beside keyword features and DIET: trained on the same phrases, asked the same held-out questions."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import rasa.model_training
from rasa.core.agent import Agent
from tqdm import tqdm

from waymark import settings
from waymark.evaluation import PHRASES, rate_of, read_phrases
from waymark.nlu.classifier import DEFAULTS, Readings
from waymark.nlu.encoder import encode, encode_closely
from waymark.safety.keywords import Keywords
from waymark.safety.regression import fitted

STOCK = """
recipe: default.v1
assistant_id: stock
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
policies:
- name: MemoizationPolicy
- name: RulePolicy
"""
"""The configuration of `rasa init`, without the parts for entities, which nobody needs here; `format` with epochs."""


def compare_pipelines(diet_epochs: int) -> dict[str, Any]:
    """Accuracy on the held-out questions and seconds of training, by pipeline."""
    pairs = read_phrases(settings.DATA / "nlu")
    texts, intents = [text for text, _ in pairs], np.array([intent for _, intent in pairs])
    questions = read_phrases(PHRASES / "questions.yml")
    asked, right = [text for text, _ in questions], np.array([intent for _, intent in questions])
    found: dict[str, Any] = {}

    def note(name: str, answered: Any, seconds: float) -> None:
        found[name] = {**rate_of([bool(hit) for hit in np.array(answered) == right]), "train_s": round(seconds)}

    started = time.perf_counter()
    keywords = Keywords.fit(texts, intents)
    answered = np.unique(intents)[keywords.chances(asked).argmax(axis=1)]
    note("keyword features", answered, time.perf_counter() - started)

    started = time.perf_counter()
    vectors = encode(texts)
    encoding = time.perf_counter() - started
    alone = fitted(vectors, intents, DEFAULTS["C"], int(DEFAULTS["max_iter"]))
    seconds = time.perf_counter() - started
    asked_vectors = encode(asked)
    note("multilingual encoder alone", alone.predict(asked_vectors), seconds)

    started = time.perf_counter()
    readings = Readings.fit(texts, vectors, encode_closely(texts), intents, DEFAULTS)
    seconds = encoding + time.perf_counter() - started
    chances = readings.chances(asked, asked_vectors)
    note("Waymark", np.array(readings.intents)[chances.argmax(axis=1)], seconds)

    started = time.perf_counter()
    answered = asyncio.run(_diet(asked, diet_epochs))
    note(f"DIET, {diet_epochs} epochs", answered, time.perf_counter() - started)
    return found


async def _diet(asked: list[str], epochs: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yml"
        config.write_text(STOCK.format(epochs=epochs))
        model = rasa.model_training.train_nlu(
            config=str(config),
            nlu_data=str(settings.DATA / "nlu"),
            output=folder,
            domain=str(settings.ROOT / "domain.yml"),
        )
        if model is None:
            raise RuntimeError("DIET could not be trained; see the messages above.")
        agent = Agent.load(model)
        parsed = [await agent.parse_message(text) for text in tqdm(asked, desc="DIET")]
    # Its best intent, also where its fallback would not trust it: ours is asked without a fallback, too.
    return [next(each["name"] for each in one["intent_ranking"] if each["name"] != "nlu_fallback") for one in parsed]
