"""Choices in words and numbers."""

from __future__ import annotations

import pytest

from waymark.content.choice import is_digit, ordinal, pick


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", 2),
        ("#3", 3),
        ("ok and the 2nd one", 2),
        ("the first", 1),
        ("last one pls", -1),
        ("number three", 3),
        ("one", 1),
        ("the latter", 2),
        ("neither", None),
        ("", None),
    ],
)
def test_ordinal(text: str, place: int | None) -> None:
    assert ordinal(text) == place


@pytest.mark.parametrize(("place", "thing"), [(1, "a"), (3, "c"), (-1, "c"), (4, None), (None, None)])
def test_pick(place: int | None, thing: str | None) -> None:
    assert pick(["a", "b", "c"], place) == thing


def test_pick_from_nothing() -> None:
    assert pick([], 1) is None


@pytest.mark.parametrize(("text", "digit"), [("2", True), ("2.", True), ("the 2nd", False), ("22", False)])
def test_is_digit(text: str, digit: bool) -> None:
    assert is_digit(text) is digit
