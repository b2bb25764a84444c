"""What the form asks, in which order, and what may be skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Answers = Mapping[str, str]
"""What was answered, by the name of the field: "" for a question that was skipped, no entry for one not asked yet."""


@dataclass(frozen=True)
class Field:
    """One question."""

    name: str
    most: int
    """Characters that an answer may have."""
    optional: bool = True
    free: bool = False
    """Answered in the visitor's own words, so that nearly anything is an answer."""
    only_call: bool = False
    """Asked only when a call is wanted."""


FIELDS = (
    Field("name", 60, free=True),
    Field("means", 200, optional=False),
    Field("address", 300, optional=False),
    Field("when", 300, free=True),
    Field("voicemail", 300, only_call=True),
    Field("say_who", 300),
    Field("note", 1000, free=True),
    Field("code_word", 60, free=True),
    Field("topic", 300),
    Field("consent", 300, optional=False),
    Field("confirm", 300, optional=False),
)

BY_NAME = {field.name: field for field in FIELDS}

ZONE = "zone"
"""Answered together with `when`."""


def asked(answers: Answers) -> Iterator[Field]:
    """The questions for these answers, in order."""
    return (field for field in FIELDS if not field.only_call or answers.get("means") == "call")


def next_field(answers: Answers) -> Field:
    """The first question without an answer; the last one is the summary, which is never done."""
    return next((field for field in asked(answers) if field.name not in answers), BY_NAME["confirm"])


def previous_field(answers: Answers, current: str) -> Field | None:
    """The question before the current one, or None at the first."""
    before: Field | None = None
    for field in asked(answers):
        if field.name == current:
            return before
        before = field
    return before


def shown_as(field: str, answers: Answers) -> str:
    """The name a question goes by in responses: the address is a number or an email."""
    if field != "address":
        return field
    return "email" if answers.get("means") == "email" else "number"
