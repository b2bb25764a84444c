"""The content readers: responses, the ledger behind them, the clinic, and choices made in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waymark import settings
from waymark.content.choice import is_digit, ordinal, pick
from waymark.content.clinic import Clinic, ClinicError
from waymark.content.ledger import Ledger, LedgerError
from waymark.content.library import Button, Library, LibraryError
from waymark.content.palette import DARK, LIGHT, contrast, shades

RESPONSES = """
responses:
  utter_ask_sun:
  - text: >-
      The sun is
      a star.
    buttons:
    - {title: And the moon?, payload: /ask_moon}
    metadata: {facts: [sky.sun], practice: [], review: awaiting clinic review, date: 2026-11-22, more: utter_ask_sea}
  - text: It is a star.
    buttons:
    - {title: And the moon?, payload: /ask_moon}
    - {title: In plain words, payload: what is the sun}
    metadata: {facts: [sky.sun, sky.day], practice: [practice.sky.warm]}
  utter_ask_moon:
  - text: The moon goes round.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one topic of two responses."""
    (tmp_path / "sky.yml").write_text(RESPONSES, encoding="utf-8")
    return tmp_path


# Responses


def test_a_response_has_all_that_its_wordings_have(folder: Path) -> None:
    sun = Library.load(folder)["utter_ask_sun"]
    assert (sun.topic, sun.more) == ("sky", "utter_ask_sea")
    assert sun.texts == ("The sun is a star.", "It is a star.")
    assert sun.buttons == (Button("And the moon?", "/ask_moon"), Button("In plain words", "what is the sun"))
    assert (sun.facts, sun.practice) == (("sky.sun", "sky.day"), ("practice.sky.warm",))


def test_each_wording_has_its_own_buttons_sources_and_review(folder: Path) -> None:
    first, second = Library.load(folder)["utter_ask_sun"].wordings
    assert (len(first.buttons), first.facts, first.practice) == (1, ("sky.sun",), ())
    assert (first.review, first.date) == ("awaiting clinic review", "2026-11-22")
    assert (len(second.buttons), second.review, second.date) == (2, "", "")


def test_a_topic_keeps_the_order_of_its_file(folder: Path) -> None:
    library = Library.load(folder)
    assert [response.id for response in library.topic("sky")] == ["utter_ask_sun", "utter_ask_moon"]
    assert "utter_ask_moon" in library and "utter_ask_stars" not in library


def test_intents_can_be_tapped_if_a_button_names_them_or_a_response_answers_them(folder: Path) -> None:
    assert Library.load(folder).tappable_intents() == {"ask_sun", "ask_moon"}


@pytest.mark.parametrize(
    ("payload", "intent"),
    [("/ask_moon", "ask_moon"), ('/ask_moon{"phase": "new"}', "ask_moon"), ("what is the moon", None)],
)
def test_a_button_names_an_intent_after_a_slash(payload: str, intent: str | None) -> None:
    assert Button("The moon", payload).intent == intent


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("utter_x: hello", "'utter_x' needs a list of wordings"),
        ("utter_x: []", "'utter_x' needs a list of wordings"),
        ("utter_x: [{buttons: []}]", "'utter_x' needs a list of wordings"),
        ("utter_x: [{text: Hi, metadata: [facts]}]", "'utter_x' needs 'metadata'"),
        ("utter_x: [{text: Hi, buttons: [{title: Hi}]}]", "a button of 'utter_x' needs"),
        ("utter_x: [{text: Hi, buttons: [{title: No, payload: /deny}]}]", "in quotes"),
        ("utter_ask_sun: [{text: Hi}]", "'utter_ask_sun' stands in sky.yml already"),
        ("utter_x: [{text: 'Hi", "while scanning a quoted scalar"),
    ],
)
def test_a_response_of_the_wrong_shape_is_refused_by_name(folder: Path, rows: str, message: str) -> None:
    (folder / "topic.yml").write_text(f"responses:\n  {rows}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"topic\.yml: ") as error:
        Library.load(folder)
    assert message in str(error.value)


def test_errors_of_shape_are_library_errors(folder: Path) -> None:
    (folder / "topic.yml").write_text("responses: {utter_x: hello}", encoding="utf-8")
    with pytest.raises(LibraryError):
        Library.load(folder)


# The ledger


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small ledger."""
    (tmp_path / "facts.yml").write_text('sky: {sky.sun: {fact: "A star.", caution: "Hot.", say: "A warm star."}}')
    (tmp_path / "practice.yml").write_text('sky: {practice.sky.warm: {note: "It is warm.", basis: "Felt."}}')
    (tmp_path / "banned.yml").write_text(
        "- {wording: [don't stare], why: it burns, say: look away, allow: {utter_x: a}}"
    )
    return tmp_path


def test_the_ledger_gives_facts_and_notes_by_id(sources: Path) -> None:
    ledger = Ledger.load(sources)
    assert (ledger.facts["sky.sun"].section, ledger.facts["sky.sun"].say) == ("sky", "A warm star.")
    assert ledger.notes["practice.sky.warm"].basis == "Felt."


@pytest.mark.parametrize(
    ("text", "found"),
    [("Please Don't Stare.", "Don't Stare"), ("please don’t stare", "don't stare"), ("look away", None)],
)
def test_banned_wording_is_found_in_any_case_and_with_any_apostrophe(sources: Path, text: str, found: str) -> None:
    [banned] = Ledger.load(sources).banned
    assert banned.found_in(text) == found
    assert banned.allow == {"utter_x": "a"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("facts.yml", "sky: {sky.sun: {fact: A star., color: red}}", "'sky.sun': "),
        ("facts.yml", "sky: {sky.sun: {caution: Hot.}}", "'sky.sun': "),
        ("facts.yml", "sky: {sky.sun: {fact: A}}\nsea: {sky.sun: {fact: B}}", "'sky.sun' stands in two sections"),
        ("practice.yml", "sky: {practice.sky.warm: {reason: none}}", "'practice.sky.warm': "),
        ("banned.yml", "- {wording: ['(']}", "missing )"),
        ("banned.yml", "- {wording: [a], why: b}", "'say'"),
    ],
)
def test_a_ledger_of_the_wrong_shape_is_refused_by_name(sources: Path, name: str, text: str, message: str) -> None:
    (sources / name).write_text(text, encoding="utf-8")
    with pytest.raises(LedgerError, match=name) as error:
        Ledger.load(sources)
    assert message in str(error.value)


def test_a_fact_with_a_caution_against_its_own_words_says_what_to_say_instead() -> None:
    ledger = Ledger.load(settings.SOURCES)
    assert ledger.facts["vs.tb_needs_co"].say.startswith("They can overlap.")


# The clinic


def test_the_clinic_fills_in_its_placeholders(tmp_path: Path) -> None:
    path = tmp_path / "clinic.yml"
    path.write_text("name: North\nphone: 424.000.0000\nform: the form\ncountry: CA\nretention_days: 7\n")
    clinic = Clinic.load(path)
    assert clinic.country == "CA"
    assert clinic.placeholders() == {
        "clinic_name": "North",
        "clinic_phone": "424.000.0000",
        "clinic_form": "the form",
        "retention_days": "7",
        "request_days": "14",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: North\nphone: 1\nform: x\ncountry: US\nmotto: up", "unknown key 'motto'"),
        ("name: North\nphone: ''\nform: x\ncountry: US", "'phone' is missing or empty"),
        ("", "'name' is missing or empty"),
        *(
            (f"name: North\nphone: 1\nform: x\ncountry: US\n{line}", message)
            for line, message in (
                ("sites: https://a.test", "'sites' is no list"),
                ("sites: ['*']", "is not scheme and host alone"),
                ("sites: [https://a.test/page]", "is not scheme and host alone"),
                ("exit_to: javascript:alert(1)", "has to look like https://www.google.com"),
                ("accent: brown", 'has to look like "#5d4a3a"'),
                ("page_title: ''", "'page_title' is empty"),
            )
        ),
    ],
)
def test_a_clinic_that_says_too_little_or_too_much_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "clinic.yml"
    path.write_text(text)
    with pytest.raises(ClinicError, match=message):
        Clinic.load(path)


def test_a_clinic_names_its_sites_and_its_color(tmp_path: Path) -> None:
    path = tmp_path / "clinic.yml"
    path.write_text(
        "name: A\nphone: 1\nform: x\ncountry: US\nsites: [https://a.test, http://b.test:81]\naccent: '#00ff00'"
    )
    clinic = Clinic.load(path)
    assert (clinic.sites, clinic.accent) == (("https://a.test", "http://b.test:81"), "#00ff00")


# Its color


@given(st.integers(0, 0xFFFFFF))
def test_every_color_gives_shades_that_can_be_read(color: int) -> None:
    accent = f"#{color:06x}"
    for grounds in (LIGHT, DARK):
        found = shades(accent, grounds)
        assert min(contrast(found.link, ground) for ground in grounds) >= 4.5
        assert contrast(found.on_strong, found.strong) >= 4.5


def test_a_color_that_can_be_read_is_kept() -> None:
    assert shades("#5d4a3a", LIGHT).link == "#5d4a3a"
    assert contrast("#000000", "#ffffff") == 21


# Choices made in words


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *(("2", 2), ("#2", 2), ("the second one", 2), ("ok and the 2nd one", 2), ("first", 1), ("one", 1), ("b", 2)),
        *(("the last one please", -1), ("number 3", 3), ("which one", None), ("the therapy one", None), ("", None)),
    ],
)
def test_a_place_is_read_from_words(text: str, place: int | None) -> None:
    assert ordinal(text) == place


@pytest.mark.parametrize(("text", "is_one"), [("2", True), (" 2.", True), ("#2", True), ("22", False), ("two", False)])
def test_a_lone_digit_is_a_choice_by_number(text: str, is_one: bool) -> None:
    assert is_digit(text) is is_one


@pytest.mark.parametrize(("place", "thing"), [(1, "a"), (3, "c"), (-1, "c"), (4, None), (None, None)])
def test_the_thing_at_a_place_is_picked(place: int | None, thing: str | None) -> None:
    assert pick(["a", "b", "c"], place) == thing


def test_nothing_is_picked_from_nothing() -> None:
    assert pick([], -1) is None
