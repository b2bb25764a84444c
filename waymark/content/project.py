"""What `waymark check` looks at: the project's content and domain, read once, and how a fault is reported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from waymark.content.clinic import Clinic
from waymark.content.ledger import Ledger
from waymark.content.library import Library, Response, Wording, read_yaml
from waymark.safety.lines import Lines
from waymark.safety.protocol import Protocol

DOMAIN, CLINIC = "domain.yml", "clinic.yml"
RESPONSES, RULES, PHRASES, SOURCES, CRISIS = "data/responses", "data/rules", "data/nlu", "data/sources", "data/crisis"
SHINGLES = "article_shingles.txt"
STRINGS = "web/strings.json"

ANSWERING = "The clinic says it answers by the end of the next working day."
STUCK = {"what": "a phone number", "why": "I look for a number with its area code, like 424 644 6486"}

GIVEN_BY_ACTIONS: dict[str, dict[str, str]] = {
    "utter_lines_country": {"country_name": "Canada", "directory": "findahelpline.com"},
    "utter_handover_closed": {"opens": "Monday at 9 am"},
    "utter_handover_says": {"said": "Hello, I am here now."},
    "utter_callback_start_means": {"only": "text you, not call"},
    "utter_callback_closed_now": {"opens": "Monday at 9 am"},
    "utter_callback_have": {"address": "+1 424-644-6486"},
    "utter_callback_ask_when": {"reach": "text you", "zone": "Pacific"},
    "utter_callback_ask_note_more": {"note": "he answers my phone"},
    "utter_callback_again": STUCK,
    "utter_callback_stuck": STUCK,
    "utter_callback_stuck_needed": STUCK,
    "utter_callback_go_on": {"what": "a phone number"},
    "utter_callback_summary": {
        "call_me": "Sam",
        "how": "a text to +1 424-644-6486, never a call",
        "when": "weekdays after 2 pm (Pacific time)",
        "rules": "they won't name the clinic",
        "note": "he answers my phone",
        "code_word": "Thursday",
        "topic": "treatment",
    },
    "utter_callback_sent": {"reference": "K7-4PQ2"},
    "utter_callback_already_sent": {"reference": "K7-4PQ2"},
    "utter_callback_wait_unknown": {"answering": ANSWERING},
    "utter_callback_wait_open": {"closes": "5 pm", "answering": ANSWERING},
    "utter_callback_wait_closed": {"opens": "Monday at 9 am", "answering": ANSWERING},
    "utter_cancel_confirm": {"reference": "K7-4PQ2"},
    "utter_cancel_done": {"reference": "K7-4PQ2"},
}
"""Placeholders that an action fills in, by the response it says, with values to read the text by."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, in which file, where in it, and what to do about it."""

    path: str
    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.path}: {self.where}: {self.what}. Fix: {self.fix}."


class Unreadable(Exception):
    """A file that cannot be read, with the problem to report."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Rule:
    """A rule of `data/rules/`, as far as the checks look at it."""

    path: str
    name: str
    turns: tuple[tuple[str, ...], ...]
    """The intents of each user message; more than one where any of them will do."""
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Phrase:
    """An example of `data/nlu/`, without its entity marks."""

    path: str
    intent: str
    text: str


@dataclass(frozen=True)
class Said:
    """One wording of a response: as written (`wording`), and as read in the US (`text`)."""

    response: Response
    wording: Wording
    number: int
    text: str

    @property
    def spanish(self) -> bool:
        """Whether it is in Spanish: no reading grade, and more words, for Spanish takes more."""
        return self.response.id.endswith("_es") or self.response.id == "utter_speak_spanish"

    @property
    def written(self) -> str:
        """All that is written in it, the buttons too, before any placeholder is filled."""
        return "\n".join([self.wording.text, *(button.title for button in self.wording.buttons)])

    def problem(self, what: str, fix: str) -> Problem:
        """A problem of this wording."""
        number = f", wording {self.number}" if len(self.response.wordings) > 1 else ""
        return Problem(file_of(self.response), self.response.id + number, what, fix)


@dataclass(frozen=True)
class String:
    """One string of the page, in one language."""

    part: str
    language: str
    name: str
    text: str

    def problem(self, what: str, fix: str) -> Problem:
        """A problem of this string."""
        return Problem(STRINGS, f"{self.part}, {self.language}, {self.name}", what, fix)


@dataclass(frozen=True)
class Project:
    """Everything the checks look at, read once."""

    today: date
    clinic: Clinic
    library: Library
    ledger: Ledger
    lines: Lines
    protocol: Protocol
    domain: dict[str, Any]
    intents: frozenset[str]
    rules: tuple[Rule, ...]
    phrases: tuple[Phrase, ...]
    shingles: frozenset[str]
    placeholders: dict[str, str]
    said: tuple[Said, ...]
    strings: tuple[String, ...]

    @classmethod
    def read(cls, root: Path, today: date) -> Project:
        """Read the files of a project's folder; `today` is the day to judge dates by.

        Raises:
            Unreadable: A file is missing, or cannot be made sense of.
        """

        def read(path: str, load: Callable[[Path], Any]) -> Any:
            try:
                return load(root / path)
            except (AttributeError, KeyError, OSError, TypeError, ValueError, yaml.YAMLError) as error:
                # Most errors begin with the file they are about.
                message = " ".join(str(error).replace(f"{root}/", "").split())
                file, _, what = message.partition(": ") if re.match(r"\S+\.yml: ", message) else (path, "", message)
                fix = "correct that first, then check again"
                raise Unreadable(Problem(file, type(error).__name__, what.rstrip("."), fix)) from error

        clinic: Clinic = read(CLINIC, Clinic.load)
        lines: Lines = read(CRISIS, Lines.load)
        library: Library = read(RESPONSES, Library.load)
        placeholders = {**clinic.placeholders(), **lines.placeholders("US")}
        return cls(
            today=today,
            clinic=clinic,
            library=library,
            ledger=read(SOURCES, Ledger.load),
            lines=lines,
            protocol=read(CRISIS, Protocol.load),
            domain=read(DOMAIN, read_yaml),
            intents=read(DOMAIN, lambda path: frozenset(_intents(read_yaml(path)))),
            rules=tuple(read(RULES, lambda folder: list(_each(folder, root, _rules)))),
            phrases=tuple(read(PHRASES, lambda folder: list(_each(folder, root, _phrases)))),
            shingles=frozenset(read(f"{SOURCES}/{SHINGLES}", lambda path: path.read_text().split())),
            placeholders=placeholders,
            said=tuple(
                Said(response, wording, number, _filled(wording.text, {**placeholders, **given}))
                for response in library
                for given in [GIVEN_BY_ACTIONS.get(response.id, {})]
                for number, wording in enumerate(response.wordings, start=1)
            ),
            strings=tuple(read(STRINGS, lambda path: list(_strings(path)))),
        )


def _strings(path: Path) -> Iterator[String]:
    for part, languages in json.loads(path.read_text(encoding="utf-8")).items():
        for language, texts in languages.items():
            yield from (String(part, language, name, text) for name, text in texts.items())


def _intents(domain: dict[str, Any]) -> Iterator[str]:
    # An intent with settings of its own is a mapping of one key.
    return (name if isinstance(name, str) else next(iter(name)) for name in domain["intents"])


def _each(folder: Path, root: Path, entries: Callable[[str, dict[str, Any]], Iterator[Any]]) -> Iterator[Any]:
    for path in sorted(folder.glob("*.yml")):
        try:
            yield from entries(path.relative_to(root).as_posix(), read_yaml(path) or {})
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: {error!r}. Its entries have the fields of those in other files.") from error


def _rules(path: str, read: dict[str, Any]) -> Iterator[Rule]:
    for row in read.get("rules") or ():
        turns = [step.get("or", [step]) for step in row["steps"] if "intent" in step or "or" in step]
        intents = [tuple(each["intent"] for each in turn if "intent" in each) for turn in turns]
        actions = tuple(step["action"] for step in row["steps"] if "action" in step)
        yield Rule(path, row["rule"], tuple(turn for turn in intents if turn), actions)


def _phrases(path: str, read: dict[str, Any]) -> Iterator[Phrase]:
    for row in read.get("nlu") or ():
        for line in row["examples"].splitlines() if "intent" in row else ():
            # "[canada](country)" is "canada".
            text = re.sub(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})", r"\1", line.strip().removeprefix("-").strip())
            if text:
                yield Phrase(path, row["intent"], text)


def _filled(text: str, placeholders: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: placeholders.get(match[1], match[0]), text)


def file_of(response: Response) -> str:
    """The file that a response stands in."""
    return f"{RESPONSES}/{response.topic}.yml"
