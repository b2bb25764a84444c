"""The keyword machine says after storing what it said before, and forgives spelling."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from waymark.safety.keywords import Keywords

TEXTS = ["what is cbt", "explain cbt therapy", "how does cbt work", "the clinic phone number", "phone the clinic",
         "whats your phone", "opening hours", "when are you open", "hours on sunday"]  # fmt: skip
LABELS = np.array(["cbt"] * 3 + ["phone"] * 3 + ["hours"] * 3)
ASKED = ["CBT?", "fone number plz", "wen do u open", ""]


def test_stored_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    keywords = Keywords.fit(TEXTS, LABELS)
    keywords.store(tmp_path, "words")
    loaded = Keywords.load(tmp_path, "words")
    assert np.allclose(keywords.chances(ASKED), loaded.chances(ASKED), atol=0.01)


def test_it_reads_signs_capitals_and_bad_spelling() -> None:
    best = Keywords.fit(TEXTS, LABELS).chances(ASKED[:3]).argmax(axis=1)
    assert [sorted(set(LABELS))[place] for place in best] == ["cbt", "phone", "hours"]


def test_two_labels_give_one_margin_a_text() -> None:
    keywords = Keywords.fit(TEXTS, LABELS == "cbt")
    margins = keywords.margins(ASKED)
    assert margins.shape == (4,)
    assert margins[0] > 0 > margins[1]
