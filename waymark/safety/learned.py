"""The trained layer of the screener: what rules have no words for, read from sense and from words.

Plain NumPy and scikit-learn; where the vectors come from is the caller's business. It can raise what
the rules found, never lower it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import yaml

from waymark.safety.keywords import Keywords
from waymark.safety.network import Network
from waymark.safety.regression import TINY
from waymark.safety.screener import LEARNED, About, Category, Finding, Tier, severity

Array = npt.NDArray[np.float32]
Risks = npt.NDArray[np.float64]

NONE = "none"

READINGS = ("crisis", "kind", "tier", "about")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C, ten times as fast, where PyYAML was built with it."""

CONCERN_FROM, HIGH_FROM, IMMEDIATE_FROM = -0.5, 1.0, 2.0
"""Risk (see `LearnedLayer.risks`) from which a message counts as `concern`, and as more when it reads as more urgent.

By cross-validation over the writers of the training messages: the layer alone notices 81 in 100 short crises and 93 to
95 in 100 longer ones, and takes 16 in 100 of the short messages written as their harmless twins for one, 25 to 32 of
the longer ones. Of those written as `immediate` it finds 55 in 100 to be, of the harmless ones 2.
"""

ACUTE_FROM, PLAINLY_IMMEDIATE = -0.7, 1.0
"""Log odds of `high` or `immediate` against `concern`, and of `immediate` against the others, from which it is that."""

WORDS_WEIGH = 0.5
"""How much the words count beside the sense."""

BURIED, LONG_HANDICAP = 6.0, 0.75
"""What is taken off a part that stands out in a harmless message, and off long messages: they have more to go by."""


@dataclass(frozen=True)
class Example:
    """A training message of `data/crisis/phrases/`; category "none" for the harmless ones."""

    text: str
    category: str
    tier: str
    about: str


def examples(folder: Path) -> list[Example]:
    """Read all training messages of a folder."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)["messages"]:
            found.append(
                Example(entry["text"], entry.get("category", NONE), entry.get("tier", NONE), entry.get("about", "self"))
            )
    return found


class Reading:
    """One question about a message, answered from its sense and from its words together."""

    def __init__(self, labels: Sequence[str], sense: Network, words: Keywords) -> None:
        """Keep fitted parts over the same sorted labels."""
        self.labels, self._sense, self._words = list(labels), sense, words

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: Array, labels: npt.NDArray[Any]) -> Reading:
        """Fit on texts, their vectors of shape (texts, width) and their labels."""
        with ThreadPoolExecutor() as pool:
            sense = pool.submit(Network.fit, vectors, labels)
            words = Keywords.fit(texts, labels, least=2)
        return cls([str(label) for label in np.unique(labels)], sense.result(), words)

    def store(self, folder: Path, name: str) -> None:
        """Write what `load` reads: numbers and words, no code."""
        (folder / f"{name}_labels.json").write_text(json.dumps(self.labels), encoding="utf-8")
        self._sense.store(folder, f"{name}_sense")
        self._words.store(folder, f"{name}_words")

    @classmethod
    def load(cls, folder: Path, name: str) -> Reading:
        """Read what `store` wrote."""
        labels = json.loads((folder / f"{name}_labels.json").read_text(encoding="utf-8"))
        return cls(labels, Network.load(folder, f"{name}_sense"), Keywords.load(folder, f"{name}_words"))

    def scores(self, texts: Sequence[str], vectors: Array) -> Risks:
        """How much speaks for each label: log chances by sense and, weighed, by words; (texts, labels)."""
        by_words = np.log(self._words.chances(texts) + TINY)
        scores: Risks = self._sense.log_chances(vectors) + WORDS_WEIGH * by_words
        return scores

    def odds(self, texts: Sequence[str], vectors: Array) -> Risks:
        """Of two labels, how much more speaks for the second: (texts,)."""
        first, second = self.scores(texts, vectors).T
        odds: Risks = second - first
        return odds

    def best(self, text: str, vector: Array) -> str:
        """The label that most speaks for."""
        return self.labels[int(np.argmax(self.scores([text], vector)[0]))]


class LearnedLayer:
    """Is it a crisis, which, how urgent, about whom: a reading each."""

    def __init__(self, readings: Mapping[str, Reading]) -> None:
        """Keep fitted readings by the names of `READINGS`."""
        self._readings = readings

    @classmethod
    def fit(cls, vectors: Array, learned: Sequence[Example]) -> LearnedLayer:
        """Fit on vectors of shape (examples, 512), in the order of the examples."""
        texts = [example.text for example in learned]
        category = np.array([example.category for example in learned])
        crisis = np.flatnonzero(category != NONE)
        labels = {
            "kind": category[crisis],
            "tier": np.array([learned[place].tier for place in crisis]),
            "about": np.array([learned[place].about for place in crisis]),
        }
        crises = [texts[place] for place in crisis]
        readings = {name: Reading.fit(crises, vectors[crisis], labels[name]) for name in labels}
        return cls({"crisis": Reading.fit(texts, vectors, category != NONE), **readings})

    def store(self, folder: Path) -> None:
        """Write what `load` reads."""
        for name, reading in self._readings.items():
            reading.store(folder, name)

    @classmethod
    def load(cls, folder: Path) -> LearnedLayer:
        """Read what `store` wrote; nothing of it is run as code."""
        return cls({name: Reading.load(folder, name) for name in READINGS})

    def risks(self, texts: Sequence[str], vectors: Array, parts: Sequence[str], part_vectors: Array) -> Risks:
        """The risk of any crisis in each piece of a message: log odds, below 0 where more speaks against it.

        A long message is judged by its pieces and by the part that stands out most, together.

        Args:
            texts: The message, or its pieces when it is too long for one vector.
            vectors: Their vectors, of shape (texts, 512).
            parts: The parts of a long message, a clause or two each; none of a short one.
            part_vectors: Their vectors, of shape (parts, 512).
        """
        risks = self._readings["crisis"].odds(texts, vectors)
        if not parts:
            return risks
        stands_out = float(self._readings["crisis"].odds(parts, part_vectors).max())
        together: Risks = np.maximum((risks + stands_out) / 2, stands_out - BURIED) - LONG_HANDICAP
        return together

    def finding(self, text: str, vector: Array, risk: float, language: str) -> Finding:
        """What a message of this risk is found to be."""
        return Finding(
            category=cast(Category, self._readings["kind"].best(text, vector)),
            tier=self._tier(text, vector, risk),
            about=cast(About, self._readings["about"].best(text, vector)),
            reasons=(LEARNED,),
            language="es" if language == "es" else "en",
        )

    def _tier(self, text: str, vector: Array, risk: float) -> Tier:
        concern, high, immediate = self._readings["tier"].scores([text], vector)[0]  # in the order of their names
        if risk < HIGH_FROM or np.logaddexp(high, immediate) - concern < ACUTE_FROM:
            return "concern"
        is_immediate = risk >= IMMEDIATE_FROM and immediate - np.logaddexp(concern, high) >= PLAINLY_IMMEDIATE
        return "immediate" if is_immediate else "high"


def join(by_rule: Finding | None, learned: Finding | None) -> Finding | None:
    """The worse of two findings; the learned layer raises a rule's tier and leaves it its category."""
    if by_rule is None or learned is None:
        return by_rule or learned
    if severity(replace(learned, category=by_rule.category, about=by_rule.about)) <= severity(by_rule):
        return by_rule
    return replace(by_rule, tier=learned.tier, reasons=(*by_rule.reasons, *learned.reasons))


def harmless(texts: Iterable[str]) -> list[Example]:
    """Ordinary messages as examples of no crisis."""
    return [Example(text, NONE, NONE, "self") for text in texts]
