"""A small neural network over sentence vectors: where a line through them does not part what has to be parted."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

SCALE = 10.0
"""Vectors of length one have small numbers, from which the network would learn too slowly."""

WIDTH, ROUNDS, MEMBERS = 256, 6, 2
"""Units of the hidden layer, passes over the examples, and networks that differ in where they began.

By trials with the training messages of some writers for others: more of each gains under one in a hundred.
"""

Array = npt.NDArray[np.float32]


class Network:
    """One hidden layer, fitted by scikit-learn and kept as plain arrays; several are asked and averaged."""

    def __init__(self, members: Sequence[tuple[Array, Array, Array, Array]]) -> None:
        """Keep members: weights (width, units) and offsets of the hidden layer, then of the output (units, labels)."""
        self._members = members

    @classmethod
    def fit(cls, vectors: Array, labels: npt.NDArray[Any]) -> Network:
        """Fit on vectors of shape (texts, width) and their labels."""
        return cls([_member(vectors * SCALE, labels, seed) for seed in range(MEMBERS)])

    def store(self, folder: Path, name: str) -> None:
        """Write what `load` reads."""
        arrays = {f"{number}_{place}": a for number, m in enumerate(self._members) for place, a in enumerate(m)}
        np.savez(folder / f"{name}.npz", **arrays)

    @classmethod
    def load(cls, folder: Path, name: str) -> Network:
        """Read what `store` wrote."""
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            members = [tuple(stored[f"{number}_{place}"] for place in range(4)) for number in range(len(stored) // 4)]
        return cls([(a, b, c, d) for a, b, c, d in members])

    def log_chances(self, vectors: Array) -> npt.NDArray[np.float64]:
        """The log chance of each label for each vector: (texts, labels), labels in sorted order."""
        found = [_log_chances(vectors * SCALE, *member) for member in self._members]
        mean: npt.NDArray[np.float64] = np.mean(found, axis=0)
        return mean


def _member(vectors: Array, labels: npt.NDArray[Any], seed: int) -> tuple[Array, Array, Array, Array]:
    with warnings.catch_warnings():
        # Stopping early is meant: it keeps the network from learning the messages by heart.
        warnings.simplefilter("ignore", ConvergenceWarning)
        net = MLPClassifier((WIDTH,), alpha=1e-3, max_iter=ROUNDS, batch_size=128, random_state=seed)
        net.fit(vectors, labels)
    (into, out), (into_offset, out_offset) = net.coefs_, net.intercepts_
    if len(net.classes_) == 2:
        # scikit-learn has one output for two labels; one for each is simpler to read.
        out, out_offset = np.hstack([np.zeros_like(out), out]), np.append(0.0, out_offset)
    a, b, c, d = (each.astype(np.float32) for each in (into, into_offset, out, out_offset))
    return a, b, c, d


def _log_chances(x: Array, into: Array, into_offset: Array, out: Array, out_offset: Array) -> Any:
    scores = (np.maximum(x @ into + into_offset, 0) @ out + out_offset).astype(np.float64)
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
