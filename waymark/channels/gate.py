"""What a channel lets through: words, and taps on buttons; no commands, no slots, no control characters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from waymark import settings
from waymark.content.library import Library

_PAYLOAD = re.compile(r"/(\w+)")
_KEPT = {"\n", "\t"}


@lru_cache(maxsize=1)
def tappable() -> frozenset[str]:
    """The intents that a button of ours may name."""
    return Library.load(settings.RESPONSES).tappable_intents()


def admit(text: str) -> str:
    """Make a visitor's message safe to hand to Rasa.

    A leading slash is Rasa's way to name an intent, set slots or restart; only the bare payload
    of a button of ours keeps it. Control, format and bidirectional marks are removed; half a
    surrogate pair and other text that is no text at all becomes a space.

    Args:
        text: The message, of any length.

    Returns:
        The message without what could be mistaken for a command.
    """
    clean = _clean(text)
    payload = _PAYLOAD.fullmatch(clean)
    return clean if payload and payload.group(1) in tappable() else _without_command(clean)


def words_only(text: str) -> str:
    """Like `admit`, but nothing that is typed is a payload, not even one of ours."""
    return _without_command(_clean(text))


def _clean(text: str) -> str:
    return "".join(_visible(char) for char in text).strip()


def _without_command(clean: str) -> str:
    # All of them, with what stands between: "/ /restart" must not become "/restart".
    return clean.lstrip("/ \t\n") if clean.startswith("/") else clean


def _visible(char: str) -> str:
    if char in _KEPT:
        return char
    kind = unicodedata.category(char)
    if kind in ("Cc", "Cs", "Co", "Cn"):
        return " "
    # The zero-width joiner holds emoji together; every other format character only hides things.
    return "" if kind == "Cf" and char != "\u200d" else char
