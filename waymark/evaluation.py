"""Measures understanding: cross-validation, the held-out questions, follow-ups.

The held-out phrases of `tests/phrases/` were written apart from the training phrases by people who
had not seen them, and are for measuring only; settings are tuned on `tests/phrases_dev/`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from waymark import settings
from waymark.content.library import Library
from waymark.nlu.classifier import DEFAULTS, Readings
from waymark.nlu.encoder import encode, encode_closely
from waymark.runtime import Guide, Turn, quiet_logs

PHRASES = settings.ROOT / "tests" / "phrases"
REPORTS = settings.ROOT / "reports"
FOLDS = 5

FLOORS = {"questions": 0.92, "out_of_scope": 0.90}
"""What the held-out figures must reach; `waymark evaluate` exits with 1 below them."""

NOT_COVERED = {"out_of_scope", "nlu_fallback"}


def evaluate(compare: bool = False, diet_epochs: int = 40) -> int:
    """Measure, print a table, write plots and tables to `reports/`; 1 if a floor was missed."""
    quiet_logs()
    REPORTS.mkdir(exist_ok=True)
    figures: dict[str, Any] = {"cross_validation": cross_validate()}
    figures.update(asyncio.run(_held_out()))
    if compare:
        from waymark.comparison import compare_pipelines

        figures["pipelines"] = compare_pipelines(diet_epochs)
    (REPORTS / "understanding.json").write_text(json.dumps(figures, indent=2))
    for name, value in figures.items():
        print(f"{name}: {value}")
    missed = [name for name, floor in FLOORS.items() if figures[name]["rate"] < floor]
    for name in missed:
        print(f"Below its floor of {FLOORS[name]:.2f}: {name}")
    return 1 if missed else 0


def read_phrases(path: Path) -> list[tuple[str, str]]:
    """The (text, intent) pairs of an NLU file, or of every NLU file of a folder."""
    pairs = []
    for file in sorted(path.glob("*.yml")) if path.is_dir() else [path]:
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            lines = entry["examples"].strip().splitlines()
            pairs += [(line.strip().removeprefix("-").strip(), entry["intent"]) for line in lines]
    return pairs


def interval(hits: int, count: int) -> tuple[float, float]:
    """The 95% Wilson interval of a rate (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    z, rate = 1.96, hits / count
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return round(middle - half, 4), round(middle + half, 4)


def rate_of(hits: Sequence[bool]) -> dict[str, Any]:
    """A rate with its count and interval."""
    return {"rate": round(sum(hits) / len(hits), 4), "of": len(hits), "interval": interval(sum(hits), len(hits))}


def cross_validate() -> dict[str, Any]:
    """Five-fold cross-validation of the classifier on the training phrases, with a confusion plot."""
    pairs = read_phrases(settings.DATA / "nlu")
    texts = [text for text, _ in pairs]
    vectors, close_vectors, intents = encode(texts), encode_closely(texts), np.array([intent for _, intent in pairs])
    predicted = np.empty_like(intents)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(vectors, intents)
    for train, test in tqdm(folds, total=FOLDS, desc="cross-validation"):
        learned = [texts[place] for place in train]
        readings = Readings.fit(learned, vectors[train], close_vectors[train], intents[train], DEFAULTS)
        chances = readings.chances([texts[place] for place in test], vectors[test], close_vectors[test])
        predicted[test] = np.array(readings.intents)[chances.argmax(axis=1)]
    topics = _topics()
    plot_confusion(
        [topics.get(intent, "other") for intent in intents],
        [topics.get(str(intent), "other") for intent in predicted],
        "Cross-validation on the training phrases, by topic",
        REPORTS / "cross_validation.png",
    )
    return rate_of([bool(hit) for hit in intents == predicted])


async def _held_out() -> dict[str, Any]:
    guide = Guide.load()
    questions = await _ask_each(guide, read_phrases(PHRASES / "questions.yml"), "questions")
    beyond = await _ask_each(guide, read_phrases(PHRASES / "out_of_scope.yml"), "out of scope")
    _write_misses([(text, right, turn.intent) for text, right, turn in questions + beyond if turn.intent != right])
    topics = _topics()
    plot_confusion(
        [topics.get(right, "other") for _, right, _ in questions],
        [topics.get(turn.intent, "other") for _, _, turn in questions],
        "Held-out questions, by topic",
        REPORTS / "confusion.png",
    )
    return {
        "questions": rate_of([turn.intent == right for _, right, turn in questions]),
        "questions_right_or_offered": rate_of([right in _offered(turn) for _, right, turn in questions]),
        "out_of_scope": rate_of([turn.intent in NOT_COVERED for _, _, turn in beyond]),
        "follow_ups": rate_of(await _follow_ups(guide)),
        "questions_as_crisis": rate_of([turn.crisis is not None for _, _, turn in questions]),
        "milliseconds_p50": round(float(np.median(_MILLISECONDS)), 1),
    }


_MILLISECONDS: list[float] = []


async def _ask_each(guide: Guide, pairs: list[tuple[str, str]], name: str) -> list[tuple[str, str, Turn]]:
    import time

    turns = []
    for number, (text, right) in enumerate(tqdm(pairs, desc=name)):
        started = time.perf_counter()
        turns.append((text, right, await guide.say(text, f"{name}-{number}")))
        _MILLISECONDS.append((time.perf_counter() - started) * 1000)
    return turns


async def _follow_ups(guide: Guide) -> list[bool]:
    """Whether each turn of the held-out talks got one of the answers that are right for it."""
    talks = yaml.safe_load((PHRASES / "follow_ups.yml").read_text(encoding="utf-8"))["conversations"]
    hits = []
    for number, talk in enumerate(talks):
        for turn in talk.get("turns", talk) if isinstance(talk, dict) else talk:
            said = await guide.say(turn["say"], f"follow-{number}")
            hits.append(bool(set(turn["expect"]) & {said.intent, *said.content}))
    return hits


def _offered(turn: Turn) -> set[str]:
    named = {button["payload"].removeprefix("/") for reply in turn.replies for button in reply["buttons"]}
    return {turn.intent} | (named if turn.intent == "nlu_fallback" else set())


def _topics() -> dict[str, str]:
    return {response.id.removeprefix("utter_"): response.topic for response in Library.load(settings.RESPONSES)}


def _write_misses(misses: list[tuple[str, str, str]]) -> None:
    lines = [f"{right}\t{answered}\t{text}" for text, right, answered in sorted(misses, key=lambda miss: miss[1:])]
    (REPORTS / "misses.tsv").write_text("right\tanswered\ttext\n" + "\n".join(lines) + "\n")


def plot_confusion(right: Sequence[str], answered: Sequence[str], title: str, path: Path) -> None:
    """Draw a confusion matrix, each row adding up to 1, and save it as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted(set(right) | set(answered))
    counts = Counter(zip(right, answered, strict=True))
    matrix = np.array([[counts[(row, column)] for column in names] for row in names], dtype=float)
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(8, 7))
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("answered")
    axes.set_ylabel("right")
    axes.set_title(title)
    for row, column in np.argwhere(matrix >= 0.005):
        shade = "white" if matrix[row, column] > 0.5 else "black"
        axes.text(column, row, f"{matrix[row, column]:.2f}", ha="center", va="center", fontsize=7, color=shade)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
