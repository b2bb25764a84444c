"""The rules of the screener: what they notice, what they let pass, and that they never fail or dawdle."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from waymark import settings as waymark_settings
from waymark.safety.screener import Screener, severity

PHRASES = Path(__file__).parents[1] / "phrases_dev"
SCREENER = Screener.load(waymark_settings.CRISIS)
ACUTE = ("high", "immediate")


def dev(name: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load((PHRASES / f"{name}.yml").read_text(encoding="utf-8"))
    return groups


@pytest.mark.parametrize(
    ("text", "category", "tiers", "about"),
    [
        ("i want to die", "suicide", ACUTE, "self"),
        ("i w a n t to d i e", "suicide", ACUTE, "self"),
        ("im gonna kms", "suicide", ACUTE, "self"),
        ("id be better off dead", "suicide", ("concern", "high"), "self"),
        ("what is cbt and also i have a plan to kill myself tonight", "suicide", ("immediate",), "self"),
        ("i dont want to be alive anymore", "suicide", ("concern", "high"), "self"),
        ("my best friend says she wants to kill herself", "suicide", ACUTE, "other"),
        ("hes outside my door right now he said hed kill me", "danger", ("immediate",), "self"),
        ("he choked me last year", "danger", ("immediate",), "self"),
        ("my husband hit me last night", "danger", ACUTE, "self"),
        ("im scared to go home", "danger", ("concern", *ACUTE), "self"),
        ("he raped me", "sexual_assault", ACUTE, "self"),
        ("i took too many pills", "medical", ("immediate",), "self"),
        ("quiero morirme", "suicide", ACUTE, "self"),
        ("me quiero matar", "suicide", ACUTE, "self"),
    ],
)
def test_what_is_noticed(text: str, category: str, tiers: tuple[str, ...], about: str) -> None:
    finding = SCREENER.screen(text)
    assert finding is not None
    assert (finding.category, finding.about) == (category, about)
    assert finding.tier in tiers
    assert finding.reasons
    assert text not in finding.reasons


@pytest.mark.parametrize(
    "text",
    [
        "this job is killing me lol",
        "i could kill for a coffee",
        "i want to end it with him",
        "i feel sad today",
        "im not suicidal just tired",
        "years ago i was hit a lot, im safe and fine now",
        "what does 988 do",
        "my grandmother died ten years ago",
        "can ketamine help with depression",
        "whats the difference between cbt and dbt",
        "how do you kill a process in linux",
        "hola como estas",
        "",
    ],
)
def test_what_passes(text: str) -> None:
    assert SCREENER.screen(text) is None


def test_recall_on_the_development_phrases() -> None:
    crisis = [(group, text) for group in dev("crisis_dev") for text in group["phrases"]]
    found = [(group, SCREENER.screen(text)) for group, text in crisis]
    assert sum(finding is not None for _, finding in found) / len(found) >= 0.95
    acute = [finding for group, finding in found if group["tier"] in ACUTE]
    assert sum(finding is not None and finding.tier in ACUTE for finding in acute) / len(acute) >= 0.93


def test_false_alarms_on_the_development_phrases() -> None:
    texts = [text for group in dev("harmless_dev") for text in group["phrases"]]
    found = [SCREENER.screen(str(text)) for text in texts]
    assert sum(finding is not None and finding.tier in ACUTE for finding in found) / len(found) <= 0.03
    assert sum(finding is not None for finding in found) / len(found) <= 0.08


def test_the_worst_sentence_counts() -> None:
    both = SCREENER.screen("i feel like a burden. i have a gun and im going to use it on myself tonight. what is dbt")
    assert both is not None
    assert both.tier == "immediate"
    assert severity(both) > severity(SCREENER.screen("i feel like a burden"))


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    SCREENER.screen(text)


@pytest.mark.parametrize("text", ["a" * 100_000, "i want " * 15_000, "?! " * 30_000, "\n" * 100_000])
def test_junk_takes_bounded_time(text: str) -> None:
    started = time.process_time()
    SCREENER.screen(text)
    assert time.process_time() - started < 20
