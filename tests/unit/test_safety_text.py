"""How a message is written plainly before the lexicons see it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waymark import settings as waymark_settings
from waymark.safety.lexicon import Lexicon, load_lexicon
from waymark.safety.notation import LexiconError
from waymark.safety.text import WINDOW_WORDS, Splitter, Unmasker, clauses, clean, english_counts

LEXICON: Lexicon = load_lexicon(waymark_settings.CRISIS / "lexicon.yml")
UNMASKER = Unmasker(LEXICON.keywords, LEXICON.keywords | set(english_counts()))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("I DON\u2019T", "i don't"),
        ("\u201cquoted\u201d", '"quoted"'),
        ("ki\u200bll\u202e", "kill"),
        ("\U0001d4e8\U0001d4f8\U0001d4fe", "you"),
        ("a\tb\x00c", "a bc"),
        ("one\r\ntwo", "one\n\ntwo"),
        ("\ud800broken", "broken"),
        ("", ""),
    ],
)
def test_clean(typed: str, expected: str) -> None:
    assert clean(typed) == expected


def test_clean_keeps_both_ends_of_a_long_text() -> None:
    cleaned = clean("start " + "x" * 500 + " end", limit=100)
    assert cleaned.startswith("start")
    assert cleaned.endswith("end")
    assert len(cleaned) <= 101


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("s u i c i d e", "suicide"),
        ("s.u.i.c.i.d.e", "suicide"),
        ("s-u-i-c-i-d-e", "suicide"),
        ("su!cide", "suicide"),
        ("su1c1de", "suicide"),
        ("k*ll", "kill"),
        ("k1ll", "kill"),
        ("k.m.s", "kms"),
        ("r@ped", "raped"),
        ("r*ped", "raped"),
        ("sui-cide", "suicide"),
        ("i d i e", "i die"),
        ("d!e", "die"),
    ],
)
def test_hidden_words_are_uncovered(typed: str, expected: str) -> None:
    assert UNMASKER.plain(typed) == expected


@pytest.mark.parametrize(
    "typed",
    ["see you at 5.30 pm", "what is the 12-step program?", "e.g. this one", "a b testing", "x@y.org", "50mg", "wow!!!"],
)
def test_other_words_are_left_alone(typed: str) -> None:
    assert UNMASKER.plain(typed) == typed


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("i can't", "i can not"),
        ("i cant", "i can not"),
        ("i cannot", "i can not"),
        ("don't", "do not"),
        ("dont", "do not"),
        ("hes here", "he is here"),
        ("he's here", "he is here"),
        ("i'll kill", "i will kill"),
        ("i wanna die", "i want to die"),
        ("u r gonna", "you are going to"),
        ("idk rn", "do not know right now"),
        ("kill my self", "kill myself"),
        ("killmyself", "kill myself"),
        ("kil myslef", "kill myself"),
        ("sucidal", "suicidal"),
        ("i really just want", "i want"),
        ("he just hit me", "he just hit me"),
        ("i want to dieeeee", "i want to die"),
        ("sui cide", "suicide"),
        ("hahahaha", "lol"),
    ],
)
def test_words_are_settled(typed: str, expected: str) -> None:
    assert " ".join(LEXICON.spelling.words(clean(typed))) == expected


@pytest.mark.parametrize("typed", ["hiking", "deadline", "diet", "skill", "kilometer", "harmony", "lifestyle", "maria"])
def test_ordinary_words_are_no_typos(typed: str) -> None:
    assert LEXICON.spelling.words(typed) == (typed,)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("one two three. four five six! seven eight nine", ["one two three", "four five six", "seven eight nine"]),
        ("i want\nto\ndie", ["i want to die"]),
        ("at 2.5 mg a day", ["at 2.5 mg a day"]),
        ("i want to... die", ["i want to... die"]),
        ("\n\n", []),
    ],
)
def test_clauses(typed: str, expected: list[str]) -> None:
    assert clauses(typed) == expected


def test_clauses_cover_a_long_sentence_with_overlap() -> None:
    words = [f"w{place}" for place in range(500)]
    windows = [clause.split() for clause in clauses(" ".join(words))]
    assert all(len(window) <= WINDOW_WORDS for window in windows)
    assert {word for window in windows for word in window} == set(words)
    assert all(before[-1] in after for before, after in itertools.pairwise(windows))


def test_splitter_takes_the_fewest_pieces() -> None:
    splitter = Splitter(["kill", "myself", "my", "self"])
    assert splitter.split("killmyself") == ["kill", "myself"]
    assert splitter.split("killhim") is None


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == clean(clean(cleaned))
    for clause in clauses(UNMASKER.plain(cleaned)):
        LEXICON.spelling.words(clause)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("rules: [{id: a, category: nonsense, tier: high, patterns: die}]", "no category 'nonsense'"),
        ("rules: [{id: a, category: suicide, tier: loud, patterns: die}]", "no tier 'loud'"),
        ("rules: [{id: a, category: suicide, tier: high}]", "lacks 'patterns'"),
        ("rules: [{id: a, category: suicide, tier: high, patterns: '(die'}]", "a bracket is not closed"),
        ("rules: [{id: a, category: suicide, tier: high, patterns: '{nobody}'}]", "there is no class {nobody}"),
        ("rules: [{id: a, category: suicide, tier: high, patterns: '+frob'}]", "add its forms there"),
        ("rules: [{id: a, category: suicide, tier: high, patterns: 'die?'}]", "matches nothing for certain"),
        ("rules: [{id: a, category: suicide, tier: high, needs: omen, patterns: die}]", "there is no sign 'omen'"),
        ("rules: [{id: a, category: suicide, tier: high, patterns: die}, {id: a}]", "used twice"),
        ("just text", "is not a mapping"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_fault_in_a_lexicon_is_named(entry: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yml"
    path.write_text(f"language: en\n{entry}\n" if ":" in entry else entry, encoding="utf-8")
    with pytest.raises(LexiconError) as raised:
        load_lexicon(path)
    assert complaint in str(raised.value)
    assert str(path) in str(raised.value)
