r"""How a crisis is answered: a small state machine over `data/crisis/protocol.yml`, without Rasa.

    calm --finding--> asked --yes-------------------------> urgent
                        |  \--unsure----------------------> steps
                        |   \--no (was not immediate)------> quiet
                        |    \--no (was immediate)---------> urgent: a denial never lowers it
                        \------not what I meant-----------> asked once more, then quiet
    any state --finding--------> asked (urgent, if this or an earlier finding was immediate)
    any state --anything else--> the topic that was asked for, with one quiet line

Which wording of a response comes next is the generator's business, so that no text is said twice running.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from waymark.safety.screener import Category, Finding

CATEGORIES: tuple[str, ...] = get_args(Category)
ASKED, URGENT, STEPS, QUIET = "asked", "urgent", "steps", "quiet"

MOST_ASKS = 2
"""The same direct question is asked at most so often (safety.md)."""

LONGEST_ANSWER = 6
"""Words; a longer message is not read as a bare yes or no."""

ANSWERS = {"affirm": "yes", "deny": "no", "be_unsure": "unsure", "say_not_what_i_meant": "not_meant"}
"""Intents that answer the direct question, and what they answer."""


@dataclass(frozen=True)
class State:
    """Where a conversation stands in the protocol. Holds no text of the visitor."""

    stage: str
    category: str
    tier: str
    about: str
    language: str
    asks: int = 1

    def as_dict(self) -> dict[str, Any]:
        """A form that a conversation store can keep."""
        return asdict(self)


@dataclass(frozen=True)
class Step:
    """What to say (the id of a response) and where that leaves the conversation."""

    response: str
    state: State


def reported(intent: str, before: State | None) -> Finding | None:
    """The finding behind a tapped button such as `/report_danger`, or None for any other intent.

    Its category is at least `high`: nobody taps "I feel unsafe" for nothing. The button about
    a child speaks of somebody else's child; a child who writes is found by the screener. The language is
    that of the talk so far.
    """
    category = intent.removeprefix("report_")
    if category == intent or category not in CATEGORIES:
        return None
    return Finding(
        category=cast(Category, category),
        tier="high",
        about="other" if category == "child_abuse" else "self",
        reasons=("button",),
        language="es" if before and before.language == "es" else "en",
    )


class Protocol:
    """Chooses the crisis reply from what was found, what was asked and what was answered."""

    def __init__(self, table: dict[str, Any]) -> None:
        """Keep the table of `data/crisis/protocol.yml`."""
        self._table = table

    @classmethod
    def load(cls, folder: Path) -> Protocol:
        """Read the table from the crisis folder."""
        return cls(yaml.safe_load((folder / "protocol.yml").read_text(encoding="utf-8")))

    def responses(self) -> Iterator[str]:
        """All response ids of the table, in both languages."""
        ids = [r for about in self._table["first"].values() for tiers in about.values() for r in tiers.values()]
        ids += [r for name, row in self._table.items() if name not in ("first", "words") for r in row.values()]
        for response in dict.fromkeys(ids):
            yield response
            yield f"{response}_es"

    def open(self, finding: Finding, before: State | None) -> Step:
        """Answer a message that has a finding, at any point of any conversation."""
        was_immediate = before is not None and before.tier == "immediate" and before.stage != QUIET
        tier = "immediate" if was_immediate else finding.tier
        same = before is not None and before.category == finding.category
        state = State(
            stage=URGENT if tier == "immediate" else ASKED,
            category=finding.category,
            tier=tier,
            about=finding.about,
            language=finding.language,
            asks=before.asks + 1 if same and before else 1,
        )
        if state.asks > MOST_ASKS:
            return self._step("again", state)
        response = self._table["first"][finding.category][finding.about][tier]
        return Step(self._spoken(response, state), state)

    def answer(self, intent: str, state: State, text: str = "") -> Step | None:
        """Read an answer to the direct question; None when the message was about something else.

        Args:
            intent: What the classifier took the message for, or the payload of the button tapped.
            state: Where the conversation stands.
            text: The message; short answers ("i lied", "idk, not tonight") are read from its words first.
        """
        answer = self._in_words(text) or ANSWERS.get(intent)
        if answer is None or state.stage == QUIET:
            return None
        if answer == "yes":
            return self._step("yes", replace(state, stage=URGENT, tier="immediate"))
        if state.tier == "immediate" and answer in ("no", "not_meant"):
            return self._step("no_after_immediate", replace(state, stage=URGENT))
        if answer == "unsure":
            return self._step("unsure", replace(state, stage=STEPS))
        if answer == "not_meant" and state.asks < MOST_ASKS:
            return self._step("not_meant", replace(state, asks=state.asks + 1))
        return self._step("no", replace(state, stage=QUIET))

    def _in_words(self, text: str) -> str | None:
        words = " ".join(re.findall(r"[\w']+", text.casefold()))
        if len(words.split()) > LONGEST_ANSWER:
            return None
        for answer, phrases in self._table["words"].items():
            if any(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", words) for phrase in phrases):
                return str(answer)
        return None

    def _step(self, row: str, state: State) -> Step:
        choices = self._table[row]
        return Step(self._spoken(choices.get(state.category, choices["default"]), state), state)

    @staticmethod
    def _spoken(response: str, state: State) -> str:
        return f"{response}_es" if state.language == "es" else response
