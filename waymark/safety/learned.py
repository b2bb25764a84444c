"""The trained layer of the screener: what rules have no words for, read from sentence vectors.

Plain NumPy and scikit-learn; where the vectors come from is the caller's business. It can raise what
the rules found, never lower it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import yaml
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from waymark.safety.screener import About, Category, Finding, severity

Array = npt.NDArray[np.float32]

NONE = "none"

CONCERN_FROM, HIGH_FROM = 0.5, 0.85
"""Probability of a crisis from which a message counts as `concern`, and as `high` when it reads as acute.

By four-fold cross-validation on our own phrases: with the rules, 85 in 100 crisis messages are noticed, and
the layer adds 14 in 1,000 false findings on questions. Measured before the rules were refined on these
same phrases, and with `high` from 0.8; it was set to 0.85 after looking at held-out false alarms.
"""

REASON = "learned"


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
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["messages"]:
            found.append(
                Example(entry["text"], entry.get("category", NONE), entry.get("tier", NONE), entry.get("about", "self"))
            )
    return found


class LearnedLayer:
    """Three logistic regressions over sentence vectors: which crisis if any, acute or not, about whom."""

    def __init__(self, kind: LogisticRegression, acute: LogisticRegression, about: LogisticRegression) -> None:
        """Keep fitted regressions."""
        self.kind, self.acute, self.about = kind, acute, about

    @classmethod
    def fit(cls, vectors: Array, learned: Sequence[Example]) -> LearnedLayer:
        """Fit on vectors of shape (examples, 512), in the order of the examples."""
        labels = np.array([example.category for example in learned])
        crisis = labels != NONE
        tiers = np.array([example.tier != "concern" for example in learned])
        about = np.array([example.about for example in learned])
        return cls(
            _regression(vectors, labels),
            _regression(vectors[crisis], tiers[crisis]),
            _regression(vectors[crisis], about[crisis]),
        )

    def parts(self) -> list[Any]:
        """What has to be stored."""
        return [self.kind, self.acute, self.about]

    def chances(self, vectors: Array) -> npt.NDArray[np.float64]:
        """The probability of any crisis for each vector."""
        none = list(self.kind.classes_).index(NONE)
        chances: npt.NDArray[np.float64] = 1.0 - self.kind.predict_proba(vectors)[:, none]
        return chances

    def find(self, vectors: Array, language: str) -> Finding | None:
        """The finding of a message given as the vectors of its parts; the worst part counts."""
        chances = self.chances(vectors)
        worst = int(np.argmax(chances))
        if chances[worst] < CONCERN_FROM:
            return None
        vector = vectors[worst : worst + 1]
        kinds = self.kind.predict_proba(vector)[0]
        kinds[list(self.kind.classes_).index(NONE)] = 0
        is_high = chances[worst] >= HIGH_FROM and bool(self.acute.predict(vector)[0])
        return Finding(
            category=cast(Category, str(self.kind.classes_[int(np.argmax(kinds))])),
            tier="high" if is_high else "concern",
            about=cast(About, str(self.about.predict(vector)[0])),
            reasons=(REASON,),
            language="es" if language == "es" else "en",
        )


def join(by_rule: Finding | None, learned: Finding | None) -> Finding | None:
    """The worse of two findings; the learned layer raises a rule's tier and leaves it its category."""
    if by_rule is None or learned is None:
        return by_rule or learned
    if severity(replace(learned, category=by_rule.category, about=by_rule.about)) <= severity(by_rule):
        return by_rule
    return replace(by_rule, tier=learned.tier, reasons=(*by_rule.reasons, *learned.reasons))


def _regression(vectors: Array, labels: npt.NDArray[Any]) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=10.0, max_iter=100).fit(vectors, labels)


def harmless(texts: Iterable[str]) -> list[Example]:
    """Ordinary messages as examples of no crisis."""
    return [Example(text, NONE, NONE, "self") for text in texts]
