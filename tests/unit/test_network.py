"""The network parts what no line can part, and says after storing what it said before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from waymark.nlu.crisis import _pieces
from waymark.safety.keywords import Keywords
from waymark.safety.learned import CONCERN_FROM, Example, LearnedLayer, Reading
from waymark.safety.network import Network

CHANCE = np.random.default_rng(7)
VECTORS = CHANCE.normal(size=(600, 8)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
CROSSED = (VECTORS[:, 0] > 0) ^ (VECTORS[:, 1] > 0)


def test_it_learns_what_no_line_parts() -> None:
    clear = np.abs(VECTORS[:, :2]).min(axis=1) > 0.2
    found = Network.fit(np.repeat(VECTORS, 20, axis=0), np.repeat(CROSSED, 20)).log_chances(VECTORS[clear])
    assert (found.argmax(axis=1) == CROSSED[clear]).mean() > 0.95


@pytest.mark.parametrize("labels", [CROSSED, np.where(VECTORS[:, 2] > 0.3, "a", np.where(CROSSED, "b", "c"))])
def test_stored_and_loaded_it_says_the_same(tmp_path: Path, labels: np.ndarray) -> None:
    network = Network.fit(VECTORS, labels)
    network.store(tmp_path, "net")
    before, after = network.log_chances(VECTORS), Network.load(tmp_path, "net").log_chances(VECTORS)
    assert np.allclose(before, after)
    assert after.shape == (600, len(set(labels)))
    assert np.allclose(np.exp(after).sum(axis=1), 1, atol=0.2)  # a mean of logs sums to a little less than one


TEXTS = ["i will hurt myself", "he hurts me at night", "i took every pill", "what is cbt", "when do you open"] * 30
LEARNED = [
    Example("i will hurt myself", "self_harm", "high", "self"),
    Example("he hurts me at night", "danger", "concern", "other"),
    Example("i took every pill", "medical", "immediate", "self"),
    Example("what is cbt", "none", "none", "self"),
    Example("when do you open", "none", "none", "self"),
] * 30
SENSE = np.eye(5, 512, dtype=np.float32)[np.tile(np.arange(5), 30)]


@pytest.fixture(scope="module")
def layer() -> LearnedLayer:
    return LearnedLayer.fit(SENSE, LEARNED)


NO_PARTS = np.zeros((0, 512), dtype=np.float32)


def test_a_layer_stored_and_loaded_finds_the_same(layer: LearnedLayer, tmp_path: Path) -> None:
    layer.store(tmp_path)
    loaded = LearnedLayer.load(tmp_path)
    risk = loaded.risks(TEXTS[:1], SENSE[:1], [], NO_PARTS)[0]
    assert risk == pytest.approx(layer.risks(TEXTS[:1], SENSE[:1], [], NO_PARTS)[0], abs=0.1)
    found = loaded.finding(TEXTS[0], SENSE[:1], risk, "es")
    assert (found.category, found.tier, found.about, found.language) == ("self_harm", "high", "self", "es")
    now = loaded.finding(TEXTS[2], SENSE[2:3], risk, "en")
    assert (now.category, now.tier) == ("medical", "immediate")
    other = loaded.finding(TEXTS[1], SENSE[1:2], risk, "en")
    assert (other.category, other.tier, other.about) == ("danger", "concern", "other")


def test_a_part_that_stands_out_is_noticed_in_a_harmless_message(layer: LearnedLayer) -> None:
    harmless = layer.risks(TEXTS[3:4], SENSE[3:4], [TEXTS[4], TEXTS[3]], SENSE[[4, 3]])[0]
    assert layer.risks(TEXTS[3:4], SENSE[3:4], [TEXTS[4], TEXTS[0], TEXTS[3]], SENSE[[4, 0, 3]])[0] > harmless


def test_a_message_of_harmless_parts_stays_harmless(layer: LearnedLayer) -> None:
    assert layer.risks(TEXTS[3:4], SENSE[3:4], [TEXTS[4], TEXTS[3]], SENSE[[4, 3]])[0] < CONCERN_FROM


def test_words_count_beside_the_sense() -> None:
    labels = np.array([example.category for example in LEARNED])
    reading = Reading(sorted(set(labels)), Network.fit(SENSE, labels), Keywords.fit(TEXTS, labels))
    nothing = np.zeros((1, 512), dtype=np.float32)
    assert reading.best("what is cbt", nothing) == "none"
    assert reading.best("i will hurt myself", nothing) == "self_harm"


@pytest.mark.parametrize(("characters", "pieces"), [(0, 1), (5, 1), (1_000, 1), (1_001, 2), (2_500, 3), (20_000, 6)])
def test_a_message_too_long_for_one_vector_is_read_in_pieces_to_its_end(characters: int, pieces: int) -> None:
    text = "".join(chr(97 + place % 26) for place in range(characters))
    found = _pieces(text)
    assert len(found) == pieces
    assert text.startswith(found[0])
    assert text.endswith(found[-1])
    assert all(len(piece) <= 1_000 for piece in found)
