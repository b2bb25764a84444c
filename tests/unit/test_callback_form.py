"""The form without Rasa: what each message leads to."""

from __future__ import annotations

import pytest
import yaml

from waymark import settings
from waymark.callback.fields import FIELDS, next_field
from waymark.callback.form import Form, Heard, Talk, Turn
from waymark.callback.phrases import Phrases
from waymark.callback.summary import Summary
from waymark.contact.address import read_email, read_number, show_number
from waymark.store import PRIVATE

PHRASES = Phrases.load(settings.DATA)
ZONE = "America/Los_Angeles"
FORM = Form(PHRASES, Summary(PHRASES, show_number, ZONE, 14), read_number, read_email, "US", ZONE, ("US",))
FULL = {
    "name": "Sam",
    "means": "text",
    "address": "+13105550142",
    "when": "noon",
    "say_who": "",
    "note": "",
    "code_word": "",
}


def said(turn: Turn) -> list[str]:
    return [say.response.removeprefix("utter_callback_") for say in turn.say]


def hear(text: str, asked: str, intent: str = "nlu_fallback", confidence: float = 0.2, **talk: object) -> Turn:
    answers = {field.name: FULL[field.name] for field in FIELDS if field.name in FULL}
    before = dict(list(answers.items())[: list(answers).index(asked)] if asked in answers else answers)
    return FORM.hear(Heard(text, intent, confidence), Talk(before, asked, **talk))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "text", "intent", "confidence"),
    [
        ("when", "any time", "say_goodbye", 0.67),
        ("note", "text first", "want_start_over", 0.66),
        ("when", "weekdays after 2 pm", "ask_hours", 0.87),
        ("when", "only when the kids are at school", "ask_children", 0.82),
        ("note", "dont mention therapy", "ask_therapy_worry", 0.95),
        ("name", "Hope", "be_unsure", 0.73),
        ("code_word", "purple rain", "out_of_scope", 0.93),
    ],
)
def test_an_answer_that_looks_like_a_topic_is_still_an_answer(
    asked: str, text: str, intent: str, confidence: float
) -> None:
    turn = hear(text, asked, intent, confidence)
    assert turn.talk.answers[asked] == text
    assert not turn.aside


@pytest.mark.parametrize(
    ("asked", "text", "intent", "confidence"),
    [
        ("name", "who will read this?", "ask_who_can_see", 0.8),
        ("address", "why do you need my number", "ask_privacy", 0.4),
        ("when", "what are your hours?", "ask_hours", 0.9),
        ("topic", "how much does it cost?", "ask_insurance", 0.8),
        ("confirm", "who can see it?", "ask_who_can_see", 0.9),
    ],
)
def test_a_question_is_answered_and_the_place_kept(asked: str, text: str, intent: str, confidence: float) -> None:
    turn = hear(text, asked, intent, confidence)
    assert turn.aside == intent
    assert said(turn) == ["go_on"]
    assert turn.talk.asked == asked
    assert said(FORM.hear(Heard("go on"), turn.talk))[-1].startswith(("ask_", "summary"))


def test_a_yes_after_the_offer_goes_on_and_answers_nothing() -> None:
    turn = FORM.hear(Heard("yes", "affirm", 0.99), Talk({"means": "call"}, "voicemail", offered=True))
    assert "voicemail" not in turn.talk.answers
    assert said(turn) == ["ask_voicemail"]


@pytest.mark.parametrize(
    "text", ["say you are from the library", "yes but only in the mornings", "my mom checks my voicemail"]
)
def test_neither_yes_nor_no_is_a_no_that_staff_read_in_full(text: str) -> None:
    turn = hear(text, "say_who")
    assert turn.talk.answers["say_who"] == "no"
    assert turn.say[-1].values["note"] == text


def test_another_way_drops_what_only_fits_the_old_one() -> None:
    answers = {**FULL, "means": "call", "voicemail": "yes", "topic": "", "consent": "yes"}
    turn = FORM.hear(Heard("email instead"), Talk(answers, "confirm"))
    assert turn.talk.asked == "address"
    assert not {"address", "voicemail"} & turn.talk.answers.keys()


def test_an_email_for_a_number_means_email() -> None:
    turn = hear("just use sam@example.com", "address")
    assert turn.talk.answers["means"] == "email"
    assert said(turn) == ["have", "ask_when"]


def test_a_number_for_an_email_asks_whether_to_call_or_text() -> None:
    turn = FORM.hear(Heard("310 555 0142"), Talk({"name": "", "means": "email"}, "address"))
    assert turn.talk.answers["address"] == "+13105550142"
    assert said(turn) == ["have", "ask_means"]


@pytest.mark.parametrize(
    ("asked", "text", "learned"),
    [
        ("name", "call", {"means": "call"}),
        ("name", "text me at 310 555 0142", {"means": "text", "address": "+13105550142"}),
        ("means", "ok 310 555 0142", {"address": "+13105550142"}),
        ("means", "sam@example.com", {"means": "email", "address": "sam@example.com"}),
    ],
)
def test_what_comes_early_is_kept(asked: str, text: str, learned: dict[str, str]) -> None:
    turn = FORM.hear(Heard(text), Talk({} if asked == "name" else {"name": ""}, asked))
    assert {name: value for name, value in turn.talk.answers.items() if name != "name"} == learned


@pytest.mark.parametrize("asked", ["consent", "voicemail", "confirm"])
def test_a_yes_after_two_misses_is_still_a_yes(asked: str) -> None:
    turn = FORM.hear(Heard("yes", "affirm", 0.9), Talk({**FULL, "means": "call"}, asked, misses=2))
    assert turn.send or turn.talk.answers.get(asked) == "yes"


def test_more_of_an_answer_in_between_is_no_answer_of_the_visitor() -> None:
    turn = FORM.hear(Heard("tell me more", "tell_me_more", 0.96), Talk({"name": ""}, "when", offered=True))
    assert turn.aside == "tell_me_more"
    assert "when" not in turn.talk.answers


def test_braces_and_lines_of_a_visitor_are_only_text() -> None:
    turn = hear("{clinic_phone}\n\nhello {", "note")
    assert turn.talk.answers["note"] == "(clinic_phone) hello ("


def test_too_long_is_asked_for_again() -> None:
    assert said(hear("very " * 300, "note"))[0] == "too_long"


@pytest.mark.parametrize("country", ["GB", "MX"])
def test_outside_is_said_once(country: str) -> None:
    first = FORM.hear(Heard("Sam", country=country), Talk({}, "name"))
    assert said(first) == ["outside"]
    second = FORM.hear(Heard("go on", country=country), first.talk)
    assert said(second) == ["ask_means"]


def test_the_zone_is_read_from_the_times() -> None:
    assert hear("after 5 eastern", "when").talk.answers["zone"] == "America/New_York"
    assert hear("after 5", "when").talk.answers["zone"] == ZONE


def test_every_topic_and_zone_has_words() -> None:
    for topic in PHRASES.table["topics"]:
        assert PHRASES.topic(PHRASES.say_topic(topic)) == topic
    for zone in PHRASES.table["zones"]:
        assert PHRASES.zone(PHRASES.say_zone(zone)) == zone


def test_every_question_is_a_slot_of_the_domain_that_is_never_written() -> None:
    domain = yaml.safe_load((settings.ROOT / "domain.yml").read_text())
    slots = [f"callback_{field.name}" for field in FIELDS]
    assert domain["forms"]["callback_form"]["required_slots"] == slots
    assert set(slots) <= domain["slots"].keys()
    assert all(slot.startswith(PRIVATE) for slot in slots)
    assert domain["session_config"]["session_expiration_time"] == settings.SESSION_MINUTES


def test_the_last_question_is_the_summary() -> None:
    assert next_field({field.name: "" for field in FIELDS}).name == "confirm"
