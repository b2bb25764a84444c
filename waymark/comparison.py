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
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from waymark import settings
from waymark.evaluation import PHRASES, rate_of, read_phrases
from waymark.nlu.classifier import DEFAULTS, Readings
from waymark.nlu.encoder import encode, encode_closely
from waymark.safety.keywords import Keywords

DIET = """
recipe: default.v1
assistant_id: diet
language: en
pipeline:
- name: WhitespaceTokenizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
  entity_recognition: false
policies: []
"""


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
    vectors, asked_vectors = encode(texts), encode(asked)
    alone = LogisticRegression(C=DEFAULTS["C"], max_iter=int(DEFAULTS["max_iter"])).fit(vectors, intents)
    note("multilingual encoder alone", alone.predict(asked_vectors), time.perf_counter() - started)

    started = time.perf_counter()
    readings = Readings.fit(texts, encode(texts), encode_closely(texts), intents, DEFAULTS)
    seconds = time.perf_counter() - started
    chances = readings.chances(asked, asked_vectors)
    note("Waymark", np.array(readings.intents)[chances.argmax(axis=1)], seconds)

    started = time.perf_counter()
    answered = asyncio.run(_diet(asked, diet_epochs))
    note(f"DIET, {diet_epochs} epochs", answered, time.perf_counter() - started)
    return found


async def _diet(asked: list[str], epochs: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yml"
        config.write_text(DIET.format(epochs=epochs))
        model = rasa.model_training.train_nlu(
            config=str(config),
            nlu_data=str(settings.DATA / "nlu"),
            output=folder,
            domain=str(settings.ROOT / "domain.yml"),
        )
        if model is None:
            raise RuntimeError("DIET could not be trained; see the messages above.")
        agent = Agent.load(model)
        return [str((await agent.parse_message(text))["intent"]["name"]) for text in tqdm(asked, desc="DIET")]
