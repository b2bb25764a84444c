"""The gate lets words and taps through, and nothing that Rasa would take for a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waymark.channels.gate import admit, words_only


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("what is cbt", "what is cbt"),
        ("  what is cbt \n", "what is cbt"),
        ("/ask_cbt", "/ask_cbt"),
        ("/report_danger", "/report_danger"),
        ("/restart", "restart"),
        ("/session_start", "session_start"),
        ("/back", "back"),
        ('/ask_cbt{"country":"GB"}', 'ask_cbt{"country":"GB"}'),
        ("/ /restart", "restart"),
        ("/\u200b/\n/restart", "restart"),
        ("//i want to die", "i want to die"),
        ("/i want to die", "i want to die"),
        ("\u202ereversed\u202c", "reversed"),
        ("k\u200bms", "kms"),
        ("nul\x00byte", "nul byte"),
        ("half \ud83d pair", "half   pair"),
        ("two\nlines", "two\nlines"),
        ("", ""),
    ],
)
def test_what_is_let_through(text: str, admitted: str) -> None:
    assert admit(text) == admitted


@pytest.mark.parametrize("text", ["/ask_cbt", "/ /ask_cbt", "\u200b/ask_cbt", "/\u200b/ask_cbt"])
def test_typed_words_are_never_a_payload(text: str) -> None:
    assert words_only(text) == "ask_cbt"


@given(st.text())
def test_never_more_than_a_bare_payload_begins_with_a_slash(text: str) -> None:
    admitted = admit(text)
    assert not admitted.startswith("/") or admitted[1:].isidentifier()
    admitted.encode("utf-8")
