"""Reads "the second one", "2", "last" as a choice from what was offered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")

_WORDS = {
    1: ("1", "1st", "one", "first", "former", "top", "a"),
    2: ("2", "2nd", "two", "second", "latter", "b"),
    3: ("3", "3rd", "three", "third", "c"),
    4: ("4", "4th", "four", "fourth", "d"),
    -1: ("last", "bottom", "final"),
}
_NUMBER = {word: number for number, words in _WORDS.items() for word in words}
_FILLER = {"one", "the", "a"}


def ordinal(text: str) -> int | None:
    """The place a message names: 1 for the first, -1 for the last, None if it names none.

    >>> ordinal("ok and the 2nd one")
    2
    """
    words = re.findall(r"[a-z0-9]+", text.casefold())
    sure = [_NUMBER[word] for word in words if word in _NUMBER and word not in _FILLER]
    if sure:
        return sure[0]
    return _NUMBER.get(words[0]) if len(words) == 1 else None


def is_digit(text: str) -> bool:
    """Whether a message is just a number, as typed on a channel that numbers the buttons."""
    return bool(re.fullmatch(r"\W*\d\W*", text))


def pick(things: Sequence[Thing], place: int | None) -> Thing | None:
    """The thing at a place, or None when there is no such place."""
    if place is None or not things:
        return None
    if place == -1:
        return things[-1]
    return things[place - 1] if place <= len(things) else None
