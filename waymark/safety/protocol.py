"""How a crisis is answered: a small state machine over `data/crisis/protocol.yml`, without Rasa.

The states and arrows are listed in that file and drawn in docs/crisis.md and on `/crisis-protocol`; a test walks
every arrow through this code. Which wording of a response comes next is the generator's business, so that no text
is said twice running.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from waymark.safety.lexicon import About, Category, Language
from waymark.safety.screener import LEARNED, Finding

CATEGORIES: tuple[str, ...] = get_args(Category)
CALM, ASKED, URGENT, STEPS, QUIET = "calm", "asked", "urgent", "steps", "quiet"

MOST_ASKS = 2
"""The same direct question is asked at most so often (safety.md)."""

LONGEST_ANSWER = 6
"""Words; a longer message is not read as a bare yes or no."""

LONGEST_BEGUN = 15
"""Words; a longer message is not read by how it begins, nor as a denial or as help that is near."""

FAINT_TURNS, FAINT_SIGNS = 6, 2
"""So many faint signs within so many turns make one check-in."""

ROWS = ("again", "yes", "no", "no_after_immediate", "unsure", "help_near", "not_meant")
"""The rows of the table that name responses by category; `first` names them by person and tier too."""

BARRIER = re.compile(
    r"ask_line_\w+|ask_welfare_check|ask_believed|ask_check_after_choking|say_lines_no_help|say_cannot_speak"
)
"""Intents of fears that keep people from a line: asked after a crisis reply, such a question is answered."""

ANSWERS = {"affirm": "yes", "deny": "no", "be_unsure": "unsure", "say_not_what_i_meant": "not_meant"}
"""Intents that answer the direct question, and what they answer."""


@dataclass(frozen=True)
class State:
    """Where a conversation stands in the protocol. Holds no text of the visitor.

    `faint` has a bit for each of the last turns, the latest lowest: 1 where the message had a faint sign.
    A conversation that had nothing but faint signs is `calm`: no crisis was noticed in it.
    """

    stage: str
    category: str
    tier: str
    about: str
    language: str
    asks: int = 1
    faint: int = 0
    checked_in: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a crisis was answered in this conversation."""
        return self.stage != CALM

    def as_dict(self) -> dict[str, Any]:
        """A form that a conversation store can keep."""
        return asdict(self)


@dataclass(frozen=True)
class Step:
    """What to say (the id of a response) and where that leaves the conversation."""

    response: str
    state: State


@dataclass(frozen=True)
class Arrow:
    """A way from one state to the next: on what it is taken, and the row of the table that is said."""

    start: str
    when: str
    to: str
    says: str


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

    @property
    def date(self) -> str:
        """When the protocol was last changed, as year-month-day."""
        return str(self._table["date"])

    def responses(self) -> Iterator[str]:
        """All response ids of the table, in both languages."""
        ids = [r for about in self._table["first"].values() for tiers in about.values() for r in tiers.values()]
        ids += [response for row in ROWS for response in self._table[row].values()]
        for response in dict.fromkeys(ids):
            yield response
            yield f"{response}_es"

    def arrows(self) -> Iterator[Arrow]:
        """The machine as the table lists it, an arrow for each state it starts from."""
        for row in self._table["arrows"]:
            for start in row["from"]:
                yield Arrow(start, row["when"], start if row["to"] == "same" else row["to"], row["says"])

    def open(self, finding: Finding, before: State | None) -> Step:
        """Answer a message that has a finding, at any point of any conversation."""
        was_immediate = before is not None and before.tier == "immediate" and before.stage != QUIET
        tier = "immediate" if was_immediate else finding.tier
        is_worse = tier == "immediate" and before is not None and before.tier != "immediate"
        same = before is not None and before.category == finding.category
        state = State(
            stage=URGENT if tier == "immediate" else ASKED,
            category=finding.category,
            tier=tier,
            about=finding.about,
            language=finding.language,
            asks=before.asks + 1 if same and before else 1,
            checked_in=before is not None and before.checked_in,
        )
        if state.asks > MOST_ASKS and not is_worse:
            return self._step("again", state)
        response = self._table["first"][finding.category][finding.about][tier]
        return Step(self._spoken(response, state), state)

    def reply(self, finding: Finding, intent: str, state: State, text: str, asked: str | None = None) -> Step:
        """Answer a finding in the message after a crisis reply: it may be an answer to the question, in strong words.

        Args:
            finding: What was found in the message.
            intent: What the classifier took the message for, or the payload of the button tapped.
            state: Where the conversation stands.
            text: The message.
            asked: What the classifier is sure was asked, were there no finding.
        """
        in_words = self._in_words(text)
        is_learned = finding.reasons == (LEARNED,)  # what a rule found is not explained away here
        is_answer = {
            "yes": is_learned or finding.category == state.category,
            "help_near": is_learned,
            "unsure": is_learned and finding.tier != "immediate",
            "no": is_learned and self._denies(text),
        }
        if in_words is not None and is_answer[in_words]:
            step = self.answer(intent, state, text)
            if step:
                return step
        if is_learned and asked and BARRIER.fullmatch(asked) and finding.tier != "immediate":
            return Step(self._spoken(f"utter_{asked}", state), state)
        if is_learned and state.stage != QUIET:
            # The talk is about what it was about: rules would have named another kind.
            about = cast(About, self._about(text) or state.about)
            finding = replace(finding, category=cast(Category, state.category), about=about)
        return self.open(finding, state)

    def answer(self, intent: str, state: State, text: str = "") -> Step | None:
        """Read an answer to the direct question; None when the message was about something else.

        Args:
            intent: What the classifier took the message for, or the payload of the button tapped.
            state: Where the conversation stands.
            text: The message; short answers ("i lied", "idk, not tonight") are read from its words first.
        """
        answer = self._in_words(text) or ANSWERS.get(intent)
        if state.stage == QUIET:
            answer = "yes" if self._takes_back(text) else None
        if answer is None or not state.is_open:
            return None
        state = replace(state, about=self._about(text) or state.about)
        if answer == "yes":
            return self._step("yes", replace(state, stage=URGENT, tier="immediate"))
        if answer == "help_near":
            return self._step("help_near", state)
        if state.tier == "immediate" and answer in ("no", "not_meant"):
            return self._step("no_after_immediate", replace(state, stage=URGENT))
        if answer == "unsure":
            return self._step("unsure", replace(state, stage=STEPS))
        if answer == "not_meant" and state.asks < MOST_ASKS:
            return self._step("not_meant", replace(state, asks=state.asks + 1))
        return self._step("no", replace(state, stage=QUIET))

    def takes_back(self, state: State, text: str) -> Step | None:
        """Ask again when a denial is taken back later on, after other subjects ("i lied")."""
        if state.stage != QUIET or not self._takes_back(text):
            return None
        category, language = cast(Category, state.category), "es" if state.language == "es" else "en"
        about: About = "other" if state.about == "other" else "self"
        return self.open(Finding(category, "high", about, ("taken_back",), cast(Language, language)), state)

    def notice(self, sign: Finding | None, before: State | None) -> State | None:
        """Where a conversation stands after a message without a finding.

        Args:
            sign: The faint sign in the message, if it has one: what a finding would have been.
            before: Where the conversation stood.
        """
        if before is None:
            if sign is None:
                return None
            before = State(CALM, sign.category, "concern", sign.about, sign.language, asks=0)
        faint = (before.faint << 1 | (sign is not None)) & (1 << FAINT_TURNS) - 1
        if sign is not None and not before.is_open:
            before = replace(before, category=sign.category, about=sign.about, language=sign.language)
        return replace(before, faint=faint)

    def check_in(self, state: State, sign: Finding | None) -> Step | None:
        """The one gentle question of a conversation in which faint signs add up, or None.

        Not while a question is open or help is on its way, and not in place of an answer that has no sign in it.
        """
        if sign is None or state.checked_in or state.stage not in (CALM, QUIET):
            return None
        if f"{state.faint:b}".count("1") < FAINT_SIGNS:
            return None
        step = self.open(replace(sign, tier="concern"), state)
        return replace(step, state=replace(step.state, checked_in=True))

    def _takes_back(self, text: str) -> bool:
        return _plain(text) in self._table["words_alone"]["took_back"]

    def _in_words(self, text: str) -> str | None:
        words = _plain(text)
        length = len(words.split())
        for answer, phrases in self._table["words_alone"].items():
            if words in phrases:
                return "yes" if answer == "took_back" else str(answer)
        if length > LONGEST_BEGUN:
            return None
        if _has_any(words, self._table["near"]):
            return "help_near"
        if any(f"{words} ".startswith(f"{phrase} ") for phrase in self._table["begins"]["yes"]):
            return "yes"
        if length <= LONGEST_ANSWER:
            for answer, phrases in self._table["words"].items():
                if _has_any(words, phrases):
                    return str(answer)
        return "no" if self._denies(text) else None

    def _denies(self, text: str) -> bool:
        """Whether a message denies plainly, and leaves nothing open."""
        words, denials = _plain(text), self._table["denials"]
        if len(words.split()) > LONGEST_BEGUN or _has_any(words, denials["unless"]):
            return False
        return any(re.search(pattern, words) for pattern in denials["patterns"])

    def _about(self, text: str) -> str | None:
        """Whom a message says it is about ("its my friend", "not her. me")."""
        words = _plain(text)
        if len(words.split()) > LONGEST_BEGUN:
            return None
        said = [about for about in ("self", "other") if _has_any(words, self._table["about"][about])]
        return said[0] if said else None

    def _step(self, row: str, state: State) -> Step:
        choices = self._table[row]
        return Step(self._spoken(choices.get(state.category, choices["default"]), state), state)

    @staticmethod
    def _spoken(response: str, state: State) -> str:
        return f"{response}_es" if state.language == "es" else response


def _has_any(words: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases stands in the words, whole."""
    return any(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", words) for phrase in phrases)


def _plain(text: str) -> str:
    """The words of a message in small letters, without marks."""
    return " ".join(re.findall(r"[\w']+", text.casefold().replace("\u2019", "'")))
