"""The state machine of a crisis, walked without Rasa."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from waymark import settings
from waymark.safety.protocol import ASKED, CALM, QUIET, STEPS, URGENT, Protocol, State, Step, reported
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


# ---- The machine as it is listed, drawn and published ------------------------

SIGN = finding(tier="concern")
OPEN = State(ASKED, "suicide", "high", "self", "en")
STARTS = {
    "calm": State(CALM, "suicide", "concern", "self", "en", asks=0, faint=1),
    "asked": OPEN,
    "urgent": replace(OPEN, stage=URGENT, tier="immediate"),
    "steps": replace(OPEN, stage=STEPS),
    "quiet": replace(OPEN, stage=QUIET, faint=1),
}


def signs_add_up(protocol: Protocol, state: State) -> Step | None:
    after = protocol.notice(SIGN, state)
    return protocol.check_in(after, SIGN) if after else None


TRIGGERS: dict[str, Callable[[Protocol, State], Step | None]] = {
    "finding": lambda protocol, state: protocol.open(finding(), state),
    "finding_immediate": lambda protocol, state: protocol.open(finding(tier="immediate"), state),
    "signs_add_up": signs_add_up,
    "yes": lambda protocol, state: protocol.answer("affirm", state),
    "unsure": lambda protocol, state: protocol.answer("be_unsure", state),
    "help_near": lambda protocol, state: protocol.answer("out_of_scope", state, "i called 988, theres a lady"),
    "no": lambda protocol, state: protocol.answer("deny", state),
    "not_meant": lambda protocol, state: protocol.answer("say_not_what_i_meant", state),
    "not_meant_again": lambda protocol, state: protocol.answer("say_not_what_i_meant", replace(state, asks=2)),
    "took_back": lambda protocol, state: protocol.answer("out_of_scope", state, "i lied"),
    "other_subject": lambda protocol, state: protocol.answer("ask_cbt", state, "what is cbt"),
}
SAME = {
    ("urgent", "finding_immediate"): "finding",
    ("urgent", "not_meant_again"): "not_meant",
    ("steps", "not_meant"): "not_meant, as after the first question",
    ("steps", "not_meant_again"): "no",
    **{(start, "took_back"): "yes" for start in ("asked", "steps", "urgent")},
}
"""What happens like something else does, and is not listed again."""


@pytest.mark.parametrize(("start", "when"), list(product(STARTS, TRIGGERS)))
def test_the_machine_does_what_the_list_of_arrows_says(protocol: Protocol, start: str, when: str) -> None:
    step = TRIGGERS[when](protocol, STARTS[start])
    listed = [arrow for arrow in protocol.arrows() if (arrow.start, arrow.when) == (start, when)]
    if (start, when) in SAME:
        assert step is not None and not listed
        return
    assert len(listed) == (step is not None or (when == "other_subject" and start != "calm"))
    if step is None:
        assert all(arrow.to == start and arrow.says == "nothing" for arrow in listed)
        return
    assert step.state.stage == listed[0].to
    row = protocol._table[listed[0].says]
    tier = "concern" if when == "signs_add_up" else step.state.tier
    expected = row["suicide"]["self"][tier] if listed[0].says == "first" else row.get("suicide", row["default"])
    assert step.response == expected


# ---- Short answers -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "row"),
    [
        *(
            (text, "yes")
            for text in ("yes", "Yes.", "tonight", "right now", "i lied", "Im lying", "i\u2019m lying", "sí")
        ),
        *((text, "no") for text in ("no", "nope", "No!", "not at all")),
        *((text, "unsure") for text in ("idk", "maybe", "not tonight", "i dont know", "i'd rather not say", "no sé")),
        *((text, None) for text in ("what can i do tonight", "he lied to me", "is therapy useful now", "")),
    ],
)
def test_a_short_answer_is_read_with_the_question(protocol: Protocol, text: str, row: str | None) -> None:
    step = protocol.answer("out_of_scope", OPEN, text)
    assert (step and step.response) == (row and f"utter_crisis_suicide_{row}")


@pytest.mark.parametrize("text", ["i lied", "no i lied", "I'm lying", "that was a lie", "mentí"])
def test_a_denial_that_is_taken_back_is_a_yes(protocol: Protocol, text: str) -> None:
    denied = protocol.answer("deny", OPEN, "no")
    assert denied is not None and denied.state.stage == QUIET
    step = protocol.answer("out_of_scope", denied.state, text)
    assert step is not None
    assert (step.response, step.state.tier) == ("utter_crisis_suicide_yes", "immediate")
    later = protocol.takes_back(denied.state, text)
    assert later is not None and later.state.stage == ASKED
    assert protocol.takes_back(OPEN, text) is None


# ---- Concern that adds up ----------------------------------------------------


def walked(protocol: Protocol, signs: str) -> list[int]:
    """The turns of a talk ("." nothing, "x" a faint sign) at which it checked in."""
    state: State | None = None
    checked = []
    for turn, mark in enumerate(signs):
        sign = SIGN if mark == "x" else None
        state = protocol.notice(sign, state)
        step = protocol.check_in(state, sign) if state else None
        if step:
            assert step.response == "utter_crisis_suicide_concern"
            checked.append(turn)
            state = protocol.answer("deny", step.state).state  # type: ignore[union-attr]
    return checked


@pytest.mark.parametrize(
    ("signs", "checked"),
    [("x", []), ("xx", [1]), ("x....x", [5]), ("x.....x", []), ("....", []), ("xxxxxxxxxx", [1]), ("x.....x.x", [8])],
)
def test_faint_signs_add_up_to_one_check_in(protocol: Protocol, signs: str, checked: list[int]) -> None:
    assert walked(protocol, signs) == checked


def test_a_faint_sign_alone_is_no_crisis_and_keeps_no_words(protocol: Protocol) -> None:
    state = protocol.notice(SIGN, None)
    assert state is not None and not state.is_open
    assert protocol.answer("affirm", state, "yes") is None
    assert set(state.as_dict()) == {
        *("stage", "category", "tier", "about", "language", "asks", "faint", "checked_in"),
    }


def test_while_a_question_is_open_no_other_is_put(protocol: Protocol) -> None:
    assert protocol.check_in(replace(OPEN, faint=3), SIGN) is None


# ---- An answer in strong words ----------------------------------------------

LEARNED = Finding("danger", "high", "other", ("learned",), "en")
RULED = Finding("danger", "high", "other", ("danger.hit",), "en")


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("ok then yeah, every single day", "utter_crisis_suicide_yes"),
        ("yes sometimes", "utter_crisis_suicide_yes"),
        ("nah not killing myself just tired", "utter_crisis_suicide_no"),
        ("Certainly not. Good night.", "utter_crisis_suicide_no"),
        ("it was a figure of speech", "utter_crisis_suicide_no"),
        ("i called 988, theres a lady", "utter_crisis_help_near"),
        ("maybe, idk", "utter_crisis_suicide_unsure"),
        ("not like that. mostly", "utter_crisis_suicide_high"),
        ("no but i have a plan", "utter_crisis_suicide_high"),
        ("no i already took them", "utter_crisis_suicide_high"),
        ("i cant tell anyone about it", "utter_crisis_suicide_high"),
    ],
)
def test_what_only_the_trained_layer_heard_may_be_an_answer(protocol: Protocol, text: str, response: str) -> None:
    step = protocol.reply(LEARNED, "report_danger", OPEN, text)
    assert step.response == response
    assert (step.state.category, step.state.about) == ("suicide", "self")


@pytest.mark.parametrize("text", ["nah not killing myself just tired", "i called 988", "figure of speech", "yes"])
def test_what_a_rule_heard_is_never_explained_away(protocol: Protocol, text: str) -> None:
    assert protocol.reply(RULED, "report_danger", OPEN, text).response.startswith("utter_crisis_danger_")


def test_a_yes_with_more_of_the_same_is_a_yes(protocol: Protocol) -> None:
    same = replace(RULED, category="suicide")
    assert protocol.reply(same, "report_suicide", OPEN, "yes i want to die").response == "utter_crisis_suicide_yes"


@pytest.mark.parametrize(
    ("text", "about"), [("its my friend jess i mean", "other"), ("not her. me", "self"), ("please help", "self")]
)
def test_whom_it_is_about_can_be_put_right(protocol: Protocol, text: str, about: str) -> None:
    assert protocol.reply(LEARNED, "report_danger", OPEN, text).state.about == about


def test_what_gets_worse_is_answered_anew_however_often_was_asked(protocol: Protocol) -> None:
    state = replace(OPEN, asks=5)
    step = protocol.open(finding(tier="immediate"), state)
    assert step.response == "utter_crisis_suicide_immediate"
    assert protocol.open(finding(tier="high"), state).response == "utter_crisis_suicide_again"


def test_a_fear_that_keeps_from_a_line_is_answered(protocol: Protocol) -> None:
    def said(found: Finding, asked: str | None, state: State = OPEN) -> str:
        return protocol.reply(found, "report_danger", state, "would they lock me up for it", asked).response

    assert said(LEARNED, "ask_line_hospital") == "utter_ask_line_hospital"
    assert said(LEARNED, "ask_line_hospital", replace(OPEN, language="es")) == "utter_ask_line_hospital_es"
    for found, asked in ((RULED, "ask_line_hospital"), (LEARNED, None), (LEARNED, "ask_cbt")):
        assert said(found, asked).startswith("utter_crisis_")
    assert said(replace(LEARNED, tier="immediate"), "ask_line_hospital").startswith("utter_crisis_")
