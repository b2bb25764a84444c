"""Reads labels from the words and letters of a message, where the encoders read them from its sense."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

SHARPNESS = 8.0
"""Turns the machine's margins into chances: the softmax of so many times the margin."""

_OTHER = re.compile(r"[^\w' ]+")


class Keywords:
    """A linear support vector machine over words, pairs of words, and groups of two to five letters.

    Letters forgive spelling, words and pairs keep what a sentence vector blurs ("stage two", "text, not call").
    """

    def __init__(
        self, vectorizers: Sequence[TfidfVectorizer], weights: npt.NDArray[np.float16], offsets: npt.NDArray[np.float32]
    ) -> None:
        """Keep fitted vectorizers, weights of shape (features, labels) and offsets (labels).

        The weights are small and many: half precision is enough for them, and the chances do not notice.
        """
        self._vectorizers, self._weights, self._offsets = vectorizers, weights, offsets

    @classmethod
    def fit(cls, texts: Sequence[str], labels: npt.NDArray[Any], least: int = 1) -> Keywords:
        """Fit on texts and their labels, in the same order; words that fewer than `least` texts have are left out."""
        prepared = [plain(text) for text in texts]
        vectorizers = _vectorizers(least)
        features = hstack([vectorizer.fit_transform(prepared) for vectorizer in vectorizers], format="csr")
        machine = LinearSVC(C=0.5).fit(features, labels)
        return cls(vectorizers, machine.coef_.T.astype(np.float16), machine.intercept_.astype(np.float32))

    def store(self, folder: Path, name: str) -> None:
        """Write what `load` reads: plain numbers and words, no code."""
        terms = [sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get) for vectorizer in self._vectorizers]
        (folder / f"{name}.json").write_text(json.dumps(terms), encoding="utf-8")
        idf = np.concatenate([vectorizer.idf_ for vectorizer in self._vectorizers]).astype(np.float32)
        np.savez(folder / f"{name}.npz", idf=idf, weights=self._weights, offsets=self._offsets)

    @classmethod
    def load(cls, folder: Path, name: str) -> Keywords:
        """Read what `store` wrote."""
        vectorizers, start = _vectorizers(), 0
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            weights, offsets, idf = stored["weights"], stored["offsets"], stored["idf"]
        terms = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for vectorizer, of_one in zip(vectorizers, terms, strict=True):
            vectorizer.vocabulary = {term: place for place, term in enumerate(of_one)}
            vectorizer.idf_ = idf[start : start + len(of_one)]
            start += len(of_one)
        return cls(vectorizers, weights, offsets)

    def margins(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """How far each text lies on each label's side: (texts, labels), or (texts,) for two labels."""
        prepared = [plain(text) for text in texts]
        features = hstack([vectorizer.transform(prepared) for vectorizer in self._vectorizers], format="csr")
        rows = zip(features.indptr, features.indptr[1:], strict=False)
        margins = self._offsets + np.stack([self._sum(features, start, end) for start, end in rows])
        return margins[:, 0] if margins.shape[1] == 1 else margins

    def _sum(self, features: csr_matrix, start: int, end: int) -> npt.NDArray[np.float32]:
        # Only the weights of the text's own features are made exact and multiplied.
        weights = self._weights[features.indices[start:end]].astype(np.float32)
        weighed: npt.NDArray[np.float32] = features.data[start:end].astype(np.float32) @ weights
        return weighed

    def chances(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The chance of each label for each text: (texts, labels), labels in sorted order."""
        margins = self.margins(texts).astype(np.float64)
        if margins.ndim == 1:
            margins = np.stack([np.zeros_like(margins), margins], axis=1)
        scaled = np.exp(SHARPNESS * (margins - margins.max(axis=1, keepdims=True)))
        chances: npt.NDArray[np.float64] = scaled / scaled.sum(axis=1, keepdims=True)
        return chances


def plain(text: str) -> str:
    """Lower case without signs, so that "D.B.T.?" and "dbt" differ less."""
    return _OTHER.sub(" ", text.lower().replace("\u2019", "'"))


def _vectorizers(least: int = 1) -> tuple[TfidfVectorizer, TfidfVectorizer]:
    words = TfidfVectorizer(
        ngram_range=(1, 2), min_df=least, sublinear_tf=True, dtype=np.float32, token_pattern=r"\b\w+\b"
    )
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32)
    return words, letters
