"""The state machine of a crisis, walked without Rasa."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from waymark import settings
from waymark.safety.protocol import QUIET, URGENT, Protocol, State, reported
from waymark.safety.screener import About, Category, Finding, Tier


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return Protocol.load(settings.CRISIS)


def finding(category: str = "suicide", tier: str = "high", about: str = "self", language: str = "en") -> Finding:
    return Finding(category, tier, about, ("test",), language)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("category", "tier", "about", "language"),
    list(product(get_args(Category), get_args(Tier), get_args(About), ("en", "es"))),
)
def test_every_finding_has_a_first_reply(
    protocol: Protocol, category: str, tier: str, about: str, language: str
) -> None:
    step = protocol.open(finding(category, tier, about, language), None)
    assert step.response in set(protocol.responses())
    assert step.response.endswith("_es") == (language == "es")


def test_a_denial_never_lowers_immediate(protocol: Protocol) -> None:
    state = protocol.open(finding(tier="immediate"), None).state
    for intent in ("deny", "say_not_what_i_meant", "deny"):
        step = protocol.answer(intent, state)
        assert step is not None
        assert step.response == "utter_crisis_no_after_immediate"
        assert step.state.tier == "immediate"
        state = step.state


def test_a_later_and_lower_finding_stays_immediate(protocol: Protocol) -> None:
    state = protocol.open(finding(tier="immediate"), None).state
    assert protocol.open(finding(tier="concern"), state).state.tier == "immediate"


def test_yes_is_urgent(protocol: Protocol) -> None:
    step = protocol.answer("affirm", protocol.open(finding(tier="concern"), None).state)
    assert step is not None
    assert (step.response, step.state.stage, step.state.tier) == ("utter_crisis_suicide_yes", URGENT, "immediate")


def test_no_goes_quiet_and_then_no_more_answers_are_read(protocol: Protocol) -> None:
    step = protocol.answer("deny", protocol.open(finding(), None).state)
    assert step is not None
    assert step.state.stage == QUIET
    assert protocol.answer("affirm", step.state) is None


def test_the_question_is_asked_at_most_twice(protocol: Protocol) -> None:
    state = None
    said = []
    for _ in range(4):
        step = protocol.open(finding(), state)
        said.append(step.response)
        state = step.state
    assert said == ["utter_crisis_suicide_high"] * 2 + ["utter_crisis_suicide_again"] * 2


def test_not_meant_asks_once_more_then_goes_quiet(protocol: Protocol) -> None:
    first = protocol.answer("say_not_what_i_meant", protocol.open(finding(tier="concern"), None).state)
    assert first is not None
    assert first.response == "utter_crisis_suicide_not_meant"
    second = protocol.answer("say_not_what_i_meant", first.state)
    assert second is not None
    assert second.state.stage == QUIET


def test_another_subject_is_no_answer(protocol: Protocol) -> None:
    assert protocol.answer("ask_cbt", protocol.open(finding(), None).state) is None


@pytest.mark.parametrize(
    ("intent", "category", "about"),
    [("report_danger", "danger", "self"), ("report_child_abuse", "child_abuse", "other"), ("ask_cbt", None, None)],
)
def test_tapped_buttons(intent: str, category: str | None, about: str | None) -> None:
    found = reported(intent, None)
    assert (found and found.category, found and found.about) == (category, about)


def test_a_button_keeps_the_language_of_the_talk() -> None:
    state = State("asked", "danger", "high", "self", "es")
    found = reported("report_danger", state)
    assert found is not None
    assert found.language == "es"


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("idk maybe. not tonight", "utter_crisis_suicide_unsure"),
        ("no i lied", "utter_crisis_suicide_yes"),
        ("yeah tonight", "utter_crisis_suicide_yes"),
        ("nope", "utter_crisis_suicide_no"),
        ("kinda, i guess", "utter_crisis_suicide_unsure"),
        ("what is cbt", None),
        ("i have no idea how cbt and dbt differ from each other", None),
    ],
)
def test_answers_in_words(protocol: Protocol, text: str, response: str | None) -> None:
    step = protocol.answer("out_of_scope", protocol.open(finding(), None).state, text)
    assert (step and step.response) == response
