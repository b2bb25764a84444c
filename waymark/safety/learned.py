"""The trained layer of the screener: what rules have no words for, read from sense and from words.

Plain NumPy and scikit-learn; where the vectors come from is the caller's business. It can raise what
the rules found, never lower it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression

from waymark.safety.keywords import Keywords
from waymark.safety.regression import TINY, fitted
from waymark.safety.screener import About, Category, Finding, severity

Array = npt.NDArray[np.float32]
Risks = npt.NDArray[np.float64]

NONE = "none"

C, STEPS = 10.0, 100
"""Inverse of regularisation, and steps at most, of the regressions."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C, ten times as fast, where PyYAML was built with it."""

FILE = "crisis.skops"

CONCERN_FROM, HIGH_FROM = 0.0, 1.75
"""Risk (see `LearnedLayer.risks`) from which a message counts as `concern`, and as `high` when it reads as acute.

By four-fold cross-validation on the training messages the layer alone notices 86 in 100 crises of every kind at 0,
and takes 5 to 10 in 100 harmless messages written to be hard for one, 2 to 3 in 100 for `high`.
"""

WORDS_WEIGH = 2.0
"""How much a margin of the words counts beside the log odds of the sense."""

PART_HANDICAP = 0.4
"""Risk taken off a part of a long message: the more parts there are, the higher the worst one stands by chance."""

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
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)["messages"]:
            found.append(
                Example(entry["text"], entry.get("category", NONE), entry.get("tier", NONE), entry.get("about", "self"))
            )
    return found


class LearnedLayer:
    """Is it a crisis, which, acute or not, about whom: regressions over sense, and machines over words."""

    def __init__(
        self,
        kind: LogisticRegression,
        acute: LogisticRegression,
        about: LogisticRegression,
        risky_words: Keywords,
        acute_words: Keywords,
    ) -> None:
        """Keep fitted models."""
        self._kind, self._acute, self._about = kind, acute, about
        self._risky_words, self._acute_words = risky_words, acute_words

    @classmethod
    def fit(cls, vectors: Array, learned: Sequence[Example]) -> LearnedLayer:
        """Fit on vectors of shape (examples, 512), in the order of the examples."""
        labels = np.array([example.category for example in learned])
        tiers = np.array([example.tier != "concern" for example in learned])
        about = np.array([example.about for example in learned])
        texts = [example.text for example in learned]
        crisis = np.flatnonzero(labels != NONE)
        return cls(
            fitted(vectors, labels, C, STEPS),
            fitted(vectors[crisis], tiers[crisis], C, STEPS),
            fitted(vectors[crisis], about[crisis], C, STEPS),
            Keywords.fit(texts, labels != NONE),
            Keywords.fit([texts[place] for place in crisis], tiers[crisis]),
        )

    def store(self, folder: Path) -> None:
        """Write what `load` reads."""
        skops.io.dump([self._kind, self._acute, self._about], folder / FILE)
        self._risky_words.store(folder, "risky_words")
        self._acute_words.store(folder, "acute_words")

    @classmethod
    def load(cls, folder: Path) -> LearnedLayer:
        """Read what `store` wrote; nothing of it is run as code."""
        kind, acute, about = skops.io.load(folder / FILE, trusted=[])
        return cls(kind, acute, about, Keywords.load(folder, "risky_words"), Keywords.load(folder, "acute_words"))

    def risks(self, texts: Sequence[str], vectors: Array) -> Risks:
        """The risk of any crisis for a message and then its parts: log odds by sense, and the margin of the words."""
        none = self._kind.predict_proba(vectors)[:, list(self._kind.classes_).index(NONE)]
        risks: Risks = np.log((1 - none + TINY) / (none + TINY)) + WORDS_WEIGH * self._risky_words.margins(texts)
        risks[1:] -= PART_HANDICAP
        return risks

    def find(self, texts: Sequence[str], vectors: Array, risks: Risks, language: str) -> Finding | None:
        """The finding of a message given as its parts, their vectors and risks; the worst part counts."""
        worst = int(np.argmax(risks))
        if risks[worst] < CONCERN_FROM:
            return None
        vector = vectors[worst : worst + 1]
        kinds = self._kind.predict_proba(vector)[0]
        kinds[list(self._kind.classes_).index(NONE)] = 0
        acute = self._acute.decision_function(vector) + WORDS_WEIGH * self._acute_words.margins([texts[worst]])
        return Finding(
            category=cast(Category, str(self._kind.classes_[int(np.argmax(kinds))])),
            tier="high" if risks[worst] >= HIGH_FROM and acute[0] > 0 else "concern",
            about=cast(About, str(self._about.predict(vector)[0])),
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


def harmless(texts: Iterable[str]) -> list[Example]:
    """Ordinary messages as examples of no crisis."""
    return [Example(text, NONE, NONE, "self") for text in texts]
