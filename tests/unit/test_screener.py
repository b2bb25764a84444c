"""The rules of the screener: what they notice, what they let pass, and that they never fail or dawdle."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from waymark import settings as waymark_settings
from waymark.safety.screener import CATEGORIES, SEVERITY, TIERS, Finding, LexiconError, Screener, severity

PHRASES = waymark_settings.CRISIS / "phrases"
SCREENER = Screener.load(waymark_settings.CRISIS)
ANY = ("concern", "high", "immediate")
ACUTE = ("high", "immediate")
NOW = ("immediate",)
MILD = ("concern",)


def refining(name: str) -> list[dict[str, Any]]:
    content = yaml.safe_load((PHRASES / f"refining_{name}.yml").read_text(encoding="utf-8"))
    messages: list[dict[str, Any]] = content["messages"]
    return messages


@pytest.mark.parametrize(
    ("text", "category", "tiers", "about"),
    [
        # Plain and badly written
        ("i want to die", "suicide", ACUTE, "self"),
        ("I WANT TO DIE!!!", "suicide", ACUTE, "self"),
        ("i w a n t to d i e", "suicide", ACUTE, "self"),
        ("i\nwant\nto\ndie", "suicide", ACUTE, "self"),
        ("iwanttodie", "suicide", ACUTE, "self"),
        ("i wanna d!e", "suicide", ACUTE, "self"),
        ("thinking about su!cide", "suicide", ACUTE, "self"),
        ("s u i c i d e is all i think about", "suicide", ACUTE, "self"),
        ("im sucidal", "suicide", ACUTE, "self"),
        ("i want to kil my self", "suicide", ACUTE, "self"),
        ("i want to k*ll myself", "suicide", ACUTE, "self"),
        ("i want to \u200bdie", "suicide", ACUTE, "self"),
        ("i got r@ped", "sexual_assault", ACUTE, "self"),
        # Slang
        ("im gonna kms", "suicide", ACUTE, "self"),
        ("i want to unalive myself", "suicide", ACUTE, "self"),
        ("i could just off myself", "suicide", ACUTE, "self"),
        ("thinking about sewerslide", "suicide", ACUTE, "self"),
        ("been thinking about ctb", "suicide", ACUTE, "self"),
        # Tiers
        ("id be better off dead", "suicide", ANY, "self"),
        ("everyone would be better off without me", "suicide", MILD, "self"),
        ("tired of trying to stay alive", "suicide", MILD, "self"),
        ("whats the point anymore", "suicide", MILD, "self"),
        ("cant do this anymore", "suicide", MILD, "self"),
        ("i want to end it", "suicide", MILD, "self"),
        ("i want to end it all", "suicide", ACUTE, "self"),
        ("i dont want to be alive anymore", "suicide", ACUTE, "self"),
        ("how many pills does it take to die", "suicide", ACUTE, "self"),
        ("whats the tallest bridge here, my life is over", "suicide", ANY, "self"),
        ("im going to kill myself tonight", "suicide", NOW, "self"),
        ("i want to die and i have the pills in front of me", "suicide", NOW, "self"),
        ("goodbye everyone, im sorry", "suicide", NOW, "self"),
        ("what is cbt and also i have a plan to kill myself tonight", "suicide", NOW, "self"),
        ("i'm not going to kill myself but i wish i wouldn't wake up", "suicide", MILD, "self"),
        ("i dont want to kill myself but i might", "suicide", ANY, "self"),
        ("why shouldnt i kill myself", "suicide", ACUTE, "self"),
        ("i wanna die lol", "suicide", ANY, "self"),
        ("years ago i tried to kill myself and the thoughts are back again", "suicide", ANY, "self"),
        # Somebody else
        ("my best friend says she wants to kill herself", "suicide", ACUTE, "other"),
        ("he said he'll kill himself", "suicide", ACUTE, "other"),
        ("my brother killed himself last week", "suicide", MILD, "other"),
        ("my daughter cuts herself", "self_harm", ACUTE, "other"),
        ("my neighbor is beating his wife", "danger", ACUTE, "other"),
        ("my friend was raped", "sexual_assault", ACUTE, "other"),
        ("she took a bottle of pills and wont wake up", "medical", NOW, "other"),
        ("my brother locked himself in the bathroom with a gun", "suicide", NOW, "other"),
        # Self-harm
        ("i cut myself last night", "self_harm", ACUTE, "self"),
        ("sh relapse, im so ashamed", "self_harm", ACUTE, "self"),
        ("i just cut myself and it wont stop bleeding", "medical", NOW, "self"),
        # Danger
        ("hes outside my door right now he said hed kill me", "danger", NOW, "self"),
        ("he said he'll kill me", "danger", ACUTE, "self"),
        ("last night he choked me", "danger", NOW, "self"),
        ("years ago my ex choked me, im safe now", "danger", NOW, "self"),
        ("my husband hit me last night", "danger", ACUTE, "self"),
        ("my dad hits me", "danger", ACUTE, "self"),
        ("he locked me in", "danger", ACUTE, "self"),
        ("im scared to go home", "danger", ACUTE, "self"),
        ("my ex follows me everywhere", "danger", ACUTE, "self"),
        ("he doesn't hit me but he choked me once", "danger", NOW, "self"),
        # The others
        ("he raped me", "sexual_assault", ACUTE, "self"),
        ("i said no and he didnt stop", "sexual_assault", ACUTE, "self"),
        ("im 13 and my dad hits me", "child_abuse", NOW, "self"),
        ("my boyfriend is hurting my kids", "child_abuse", NOW, "other"),
        ("i want to kill my boss for real", "harm_to_others", ACUTE, "self"),
        ("im going to hurt someone", "harm_to_others", ACUTE, "self"),
        ("i took too many pills", "medical", NOW, "self"),
        ("i cant breathe", "medical", NOW, "self"),
        ("chest pain after treatment", "medical", NOW, "self"),
        ("i have hives since the infusion", "medical", ACUTE, "self"),
        # Spanish and mixed
        ("quiero morirme", "suicide", ACUTE, "self"),
        ("me quiero matar esta noche", "suicide", NOW, "self"),
        ("mi hermana se quiere matar", "suicide", ACUTE, "other"),
        ("my husband me pega", "danger", ACUTE, "self"),
        ("mi marido me ahorcó hace años", "danger", NOW, "self"),
        ("me tomé demasiadas pastillas", "medical", NOW, "self"),
    ],
)
def test_what_is_noticed(text: str, category: str, tiers: tuple[str, ...], about: str) -> None:
    finding = SCREENER.screen(text)
    assert finding is not None
    assert (finding.category, finding.about) == (category, about)
    assert finding.tier in tiers
    assert finding.reasons
    assert not any(" " in reason for reason in finding.reasons)


@pytest.mark.parametrize(
    "text",
    [
        "this job is killing me lol",
        "i could kill for a coffee",
        "I could kill him lol he left the dishes again",
        "my mom is going to kill me when she sees my grades",
        "i ran 5 kms today",
        "i have to catch the bus to work",
        "i cut myself shaving",
        "i died three times on that boss fight",
        "kill the process and restart the server",
        "i want to end it with him",
        "i feel sad today",
        "im so sad today",
        "i feel hopeless about dating",
        "im not suicidal just tired",
        "i don't want to die",
        "he has never hit me",
        "years ago i was hit a lot, im safe and fine now",
        "i was suicidal years ago but im fine now",
        "i used to cut in high school, im in recovery now",
        "my brother died by suicide ten years ago",
        "what is self harm",
        "is suicide common",
        "does 988 call the police",
        "what does 988 do",
        "my grandmother died ten years ago",
        "can ketamine help with depression",
        "how many ketamine sessions does it take, im tired of waiting",
        "does ketamine help with suicidal thoughts",
        "can i take ketamine with zoloft",
        "whats the difference between cbt and dbt",
        "how do you kill a process in linux",
        "can someone text me. not call. he answers my phone",
        "am i trauma bonded",
        "i'm a nursing student, what are the types of suicide risk",
        "why do i still worry about my abusive father",
        "our band is called suicide squirrels",
        "i said my goodbyes to the in laws",
        "he threatened me a lot back then. it's been 16 years, i feel perfectly safe",
        "goodbye",
        "hola como estas",
        "me muero de hambre",
        "qué es la violencia doméstica",
        "",
    ],
)
def test_what_passes(text: str) -> None:
    assert SCREENER.screen(text) is None


@pytest.mark.parametrize(("text", "language"), [("i want to die", "en"), ("quiero morir", "es")])
def test_the_language_is_the_one_it_was_said_in(text: str, language: str) -> None:
    finding = SCREENER.screen(text)
    assert finding is not None
    assert finding.language == language


def test_recall_on_the_refining_phrases() -> None:
    found = [(message["tier"], SCREENER.screen(message["text"])) for message in refining("crisis")]
    assert len(found) >= 700
    assert sum(finding is not None for _, finding in found) / len(found) >= 0.985
    acute = [finding for tier, finding in found if tier in ACUTE]
    assert sum(finding is not None and finding.tier in ACUTE for finding in acute) / len(acute) >= 0.96
    now = [finding for tier, finding in found if tier in NOW]
    assert sum(finding is not None and finding.tier in NOW for finding in now) / len(now) >= 0.92


def test_category_and_person_on_the_refining_phrases() -> None:
    found = [(message, SCREENER.screen(message["text"])) for message in refining("crisis")]
    right = [finding is not None and finding.category == message["category"] for message, finding in found]
    assert sum(right) / len(right) >= 0.93
    others = [finding for message, finding in found if message["about"] == "other"]
    assert sum(finding is not None and finding.about == "other" for finding in others) / len(others) >= 0.85


def test_false_alarms_on_the_refining_phrases() -> None:
    found = [SCREENER.screen(message["text"]) for message in refining("harmless")]
    assert len(found) >= 400
    assert sum(finding is not None and finding.tier in ACUTE for finding in found) / len(found) <= 0.01
    assert sum(finding is not None for finding in found) / len(found) <= 0.03


def test_the_worst_sentence_counts() -> None:
    both = SCREENER.screen("i feel like a burden. i have a gun and im going to use it on myself tonight. what is dbt")
    assert both is not None
    assert both.tier == "immediate"
    assert severity(both) > severity(SCREENER.screen("i feel like a burden"))


@pytest.mark.parametrize("before", ["what are the stages of recovery? " * 400, "how do boundaries work and " * 400])
def test_the_last_clause_of_a_long_message_is_read(before: str) -> None:
    finding = SCREENER.screen(before + "i want to kill myself")
    assert finding is not None
    assert finding.category == "suicide"


def test_severity_puts_the_tier_first_then_the_category_then_the_visitor() -> None:
    assert sorted(SEVERITY) == sorted(CATEGORIES)
    ordered = [
        Finding(category, tier, about, ("x",), "en")
        for tier in reversed(TIERS)
        for category in SEVERITY
        for about in ("self", "other")
    ]
    numbers = [severity(finding) for finding in ordered]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(numbers)
    assert severity(None) == 0 < min(numbers)


def test_a_finding_is_frozen_and_plain() -> None:
    finding = SCREENER.screen("i want to die")
    assert finding is not None
    assert finding.as_dict() == {
        "category": "suicide",
        "tier": "high",
        "about": "self",
        "reasons": list(finding.reasons),
        "language": "en",
    }
    with pytest.raises(FrozenInstanceError):
        finding.tier = "concern"  # type: ignore[misc]


def test_all_findings_can_be_read() -> None:
    found = SCREENER.findings("i want to die. my husband hit me last night")
    assert {"suicide", "danger"} <= {finding.category for finding in found}
    assert max(found, key=severity) == SCREENER.screen("i want to die. my husband hit me last night")


def test_a_missing_lexicon_is_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"lexicon\.yml: not found"):
        Screener.load(tmp_path)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    SCREENER.screen(text)


@given(st.lists(st.sampled_from(["die", "kill", "me", "not", "he", "pills", "*", "\u202e", "\n", "1", "no", "i"])))
@settings(max_examples=100, deadline=None)
def test_no_heap_of_words_breaks_it(words: list[str]) -> None:
    assert SCREENER.screen(" ".join(words)) == SCREENER.screen(" ".join(words))


@pytest.mark.parametrize(
    "text",
    ["a" * 10, "i want ", "die ", "i d i e ", "k*l!", "?! ", "\n"],
    ids=["letters", "words", "word", "spaced", "masked", "marks", "lines"],
)
def test_junk_takes_bounded_time(text: str) -> None:
    text *= 100_000 // len(text)
    started = time.process_time()
    SCREENER.screen(text)
    assert time.process_time() - started < 10


def test_a_short_message_takes_milliseconds() -> None:
    texts = [message["text"] for message in refining("harmless")]
    times = []
    for text in random.Random(7).sample(texts, 150):
        started = time.process_time()
        SCREENER.screen(text)
        times.append(time.process_time() - started)
    assert statistics.median(times) < 0.010
