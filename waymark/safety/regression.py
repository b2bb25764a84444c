"""Regressions over sentence vectors, fitted the same way wherever one is needed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

TINY = 1e-9
"""Added to a chance before its logarithm is taken."""


def fitted(vectors: npt.NDArray[np.float32], labels: npt.NDArray[Any], c: float, steps: int) -> LogisticRegression:
    """Fit a regression on vectors of shape (texts, width) and their labels.

    Stopping after so many steps is meant: more gain nothing on the development phrases and cost half a minute.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=c, max_iter=steps).fit(vectors, labels)
