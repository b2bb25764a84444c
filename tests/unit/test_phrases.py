"""Phrases for training and for testing are written apart: nearly the same phrase on both sides measures nothing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.feature_extraction.text import CountVectorizer

from waymark import settings
from waymark.evaluation import PHRASES, read_phrases
from waymark.safety.learned import examples

LEAST_WORDS = 5
"""Shorter messages ("what is cbt") are said alike by everybody."""

ALIKE = 0.8
"""Share of common words, of all words of both (Jaccard), from which two messages count as the same."""


@lru_cache(maxsize=1)
def _trained() -> list[str]:
    return [text for text, _ in read_phrases(settings.DATA / "nlu")] + [
        example.text for example in examples(settings.CRISIS / "phrases")
    ]


def _tested(path: Path) -> list[str]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "nlu" in content:
        return [text for text, _ in read_phrases(path)]
    return [message["text"] for message in content["messages"]]


def near_duplicates(texts: list[str]) -> list[str]:
    """Those of some texts that are in the training phrases too."""
    tested = [text for text in texts if len(text.split()) >= LEAST_WORDS]
    counter = CountVectorizer(binary=True, token_pattern=r"\w+", dtype=np.int32)
    trained_words = counter.fit_transform(_trained())
    common = (counter.transform(tested) @ trained_words.T).tocoo()
    # Words that training does not know count too, or a message with one known word would look the same as another.
    tested_sizes = np.array([len(set(counter.build_analyzer()(text))) for text in tested])
    trained_sizes = np.asarray(trained_words.sum(axis=1)).ravel()
    either = tested_sizes[common.row] + trained_sizes[common.col] - common.data
    return sorted({tested[place] for place in common.row[common.data / either >= ALIKE]})


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PHRASES.glob("*.yml")) if path.stem != "follow_ups"],
    ids=lambda path: path.stem,
)
def test_no_near_duplicates_of_training_phrases(path: Path) -> None:
    alike = near_duplicates(_tested(path))
    assert not alike, f"{path.name}: in the training phrases too, nearly word for word: {alike}"
