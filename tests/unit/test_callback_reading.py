"""How answers, corrections, skips and stops are read in the callback form."""

from __future__ import annotations

import pytest

from waymark.callback import reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text", "text"),
        ("Text me please", "text"),
        ("can someone text me. not call. he answers my phone", "text"),
        ("someone text me not call he answers my phone", "text"),
        ("please dont call, text", "text"),
        ("i would rather get an email", "email"),
        ("email instead of a phone call", "email"),
        ("no calls, only txt", "text"),
        ("call", "call"),
        ("phone", "call"),
        ("call me, never text", "call"),
        ("call or text", None),
        ("anything", None),
        ("he answers my phone", None),
    ],
)
def test_means(text: str, expected: str | None) -> None:
    assert reading.means(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can someone call me", None),
        ("call me back", None),
        ("call me, but never text", "call"),
        ("can somebody text me", "text"),
        ("have them text me instead of calling", "text"),
        ("i'd like an email from the clinic, no calls", "email"),
        ("text only please dont call, she checks my voicemail", "text"),
    ],
)
def test_the_opening_message_says_how_only_when_it_says_so_plainly(text: str, expected: str | None) -> None:
    assert reading.plain_means(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wait wrong number", ("address", "")),
        ("oh no that's the wrong number", ("address", "")),
        ("wrong number, its 310 555 0144", ("address", "its 310 555 0144")),
        ("i gave you the wrong number", ("address", "")),
        ("change my name", ("name", "")),
        ("can i change the time", ("when", "")),
        ("the email is wrong", ("address", "")),
        ("fix the code word", ("code_word", "")),
        ("that's wrong", ("", "")),
        ("go back", ("", "")),
        ("oops typo", ("", "")),
        ("if a wrong number answers hang up", None),
        ("Sam", None),
        ("weekdays after 2 pm", None),
        ("no", None),
        ("my number is 310 555 0142", None),
    ],
)
def test_corrections(text: str, expected: tuple[str, str] | None) -> None:
    assert reading.correction(text) == expected


@pytest.mark.parametrize(
    "text",
    ["stop", "STOP.", "never mind", "nvm", "cancel", "cancel it", "forget it", "i changed my mind", "bye", "gotta go"],
)
def test_leaving(text: str) -> None:
    assert reading.wants_to_stop(text)


@pytest.mark.parametrize(
    "text",
    ["stop by my office", "don't call me, text", "never mind the dog barking", "he made me stop", "dont"],
)
def test_not_leaving(text: str) -> None:
    assert not reading.wants_to_stop(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("sure", "yes"),
        ("ok that's fine", "yes"),
        ("they can", "yes"),
        ("no", "no"),
        ("nope", "no"),
        ("please don't", "no"),
        ("never", "no"),
        ("um no", "no"),
        ("yes but not at night", None),
        ("ok, no voicemail", None),
        ("purple", None),
        ("i don't know", None),
    ],
)
def test_yes_and_no(text: str, expected: str | None) -> None:
    assert reading.yes_or_no(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sam", "Sam"),
        ("my name is Sam Lee", "Sam Lee"),
        ("call me J.", "J"),
        ("you can call me Ana", "Ana"),
        ("I'm Robin", "Robin"),
        ("ok", None),
        ("i am not sure what name i would want to give", None),
    ],
)
def test_names(text: str, expected: str | None) -> None:
    assert reading.name(text) == expected


@pytest.mark.parametrize(
    "text", ["im 15", "I'm only 16.", "i am 12 years old", "im a minor", "i'm under 18", "im 17 and scared"]
)
def test_under_18(text: str) -> None:
    assert reading.is_under_18(text)


@pytest.mark.parametrize(
    "text",
    ["im 25", "im 9 to 5 at work", "my daughter is 15", "im 10 minutes away", "i am 12 years sober", "im 170 lbs"],
)
def test_not_under_18(text: str) -> None:
    assert not reading.is_under_18(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can someone text me. not call. he answers my phone", "he answers my phone"),
        ("text me instead of calling, my husband picks up the phone", "my husband picks up the phone"),
        ("text only please dont call, she checks my voicemail", "she checks my voicemail"),
        ("can someone call me", ""),
    ],
)
def test_remarks(text: str, expected: str) -> None:
    assert reading.remark(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("send", "send"),
        ("yes send it", "send"),
        ("try again", "send"),
        ("no", "change"),
        ("change something", "change"),
        ("hm", None),
    ],
)
def test_decisions(text: str, expected: str | None) -> None:
    assert reading.decision(text) == expected


@pytest.mark.parametrize(
    "text",
    ["when will they call me?", "how long until someone calls back", "did they get my request", "so when do they text"],
)
def test_asking_how_soon(text: str) -> None:
    assert reading.asks_when(text)


@pytest.mark.parametrize(
    "text", ["when the kids are in school", "can someone call me", "when he is at work", "call me when they can"]
)
def test_not_asking_how_soon(text: str) -> None:
    assert not reading.asks_when(text)


@pytest.mark.parametrize("text", ["skip", "pass", "no thanks", "dont want to give my name", "rather not say", "idk"])
def test_skipping(text: str) -> None:
    assert reading.wants_to_skip(text)


@pytest.mark.parametrize("text", ["skip the rest", "skip everything", "im in a hurry just send it", "send it"])
def test_skipping_the_rest(text: str) -> None:
    assert reading.wants_to_skip_rest(text)
