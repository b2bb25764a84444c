"""The scripted responses, read from `data/responses/`: texts, buttons, and what each rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml reads the responses ten times as fast; it is not on every machine."""


class LibraryError(ValueError):
    """A response file is not of the right shape."""


@dataclass(frozen=True)
class Button:
    """A next step: what it says and what tapping it sends."""

    title: str
    payload: str

    @property
    def intent(self) -> str | None:
        """The intent the button names, or None when it sends plain words."""
        return self.payload[1:].partition("{")[0] if self.payload.startswith("/") else None


@dataclass(frozen=True)
class Wording:
    """One way of saying a response, with its own buttons, sources and review."""

    text: str
    buttons: tuple[Button, ...]
    facts: tuple[str, ...]
    practice: tuple[str, ...]
    review: str
    date: str


@dataclass(frozen=True)
class Response:
    """One scripted response with all its wordings."""

    id: str
    topic: str
    wordings: tuple[Wording, ...]
    more: str = ""
    """The id that "tell me more" goes on to; empty for the next one of the file."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says, once for each wording."""
        return tuple(wording.text for wording in self.wordings)

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The buttons of all wordings, each once."""
        return tuple(dict.fromkeys(button for wording in self.wordings for button in wording.buttons))

    @property
    def facts(self) -> tuple[str, ...]:
        """Ids of the facts that any wording rests on."""
        return tuple(dict.fromkeys(fact for wording in self.wordings for fact in wording.facts))

    @property
    def practice(self) -> tuple[str, ...]:
        """Ids of the practice notes that any wording rests on."""
        return tuple(dict.fromkeys(note for wording in self.wordings for note in wording.practice))


class Library:
    """All responses, in the order of their files."""

    def __init__(self, responses: dict[str, Response]) -> None:
        """Keep responses by id."""
        self._responses = responses

    @classmethod
    def load(cls, folder: Path) -> Library:
        """Read every YAML file of a folder; the file's name is the topic.

        Raises:
            LibraryError: A response stands in two files, has no text, or has a button without a title or payload.
        """
        responses: dict[str, Response] = {}
        for path in sorted(folder.glob("*.yml")):
            for name, wordings in ((read_yaml(path) or {}).get("responses") or {}).items():
                if name in responses:
                    raise LibraryError(f"{path}: '{name}' stands in {responses[name].topic}.yml already.")
                responses[name] = _response(path, name, wordings)
        return cls(responses)

    def __getitem__(self, name: str) -> Response:
        """The response of an id."""
        return self._responses[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a response."""
        return name in self._responses

    def __iter__(self) -> Iterator[Response]:
        """All responses in order."""
        return iter(self._responses.values())

    def topic(self, name: str) -> list[Response]:
        """The responses of a topic in the order of its file."""
        return [response for response in self if response.topic == name]

    def tappable_intents(self) -> frozenset[str]:
        """Every intent that some button names, and every intent that a response answers."""
        named = {button.intent for response in self for button in response.buttons if button.intent}
        return frozenset(named | {response.id.removeprefix("utter_") for response in self})


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        ValueError: It is not YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {error}") from error


def _response(path: Path, name: str, rows: Any) -> Response:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row.get("text") for row in rows):
        raise LibraryError(f"{path}: '{name}' needs a list of wordings, each with a 'text'.")
    wordings = tuple(_wording(path, name, row) for row in rows)
    more = next((str(row["metadata"]["more"]) for row in rows if "more" in (row.get("metadata") or {})), "")
    return Response(id=name, topic=path.stem, wordings=wordings, more=more)


def _wording(path: Path, name: str, row: dict[str, Any]) -> Wording:
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise LibraryError(f"{path}: '{name}' needs 'metadata' with facts, practice, review and date.")
    return Wording(
        text=str(row["text"]).strip(),
        buttons=tuple(_button(path, name, button) for button in row.get("buttons") or ()),
        facts=tuple(metadata.get("facts") or ()),
        practice=tuple(metadata.get("practice") or ()),
        review=str(metadata.get("review") or ""),
        date=str(metadata.get("date") or ""),
    )


def _button(path: Path, name: str, row: Any) -> Button:
    title, payload = (row.get("title"), row.get("payload")) if isinstance(row, dict) else (None, None)
    # Unquoted, YAML reads the titles Yes and No as true and false.
    if not (isinstance(title, str) and isinstance(payload, str) and title and payload):
        raise LibraryError(f"{path}: a button of '{name}' needs a 'title' and a 'payload', in quotes if need be.")
    return Button(title, payload)
