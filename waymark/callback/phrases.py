"""The short phrases and lists of `data/callback.yml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waymark.content.library import read_yaml


@dataclass(frozen=True)
class Phrases:
    """What the form says in passing, and what it chooses from."""

    table: dict[str, Any]

    @classmethod
    def load(cls, data: Path) -> Phrases:
        """Read `callback.yml` of the data folder."""
        return cls(read_yaml(data / "callback.yml"))

    def what(self, field: str) -> str:
        """What a question is about: "a phone number"."""
        return str(self.table["fields"][field]["what"])

    def why(self, field: str) -> str:
        """A hint for somebody whose answer was not understood twice."""
        return str(self.table["fields"][field]["why"])

    def summary(self, key: str, value: str = "") -> str:
        """A phrase of the summary."""
        found = self.table["summary"][key]
        return str(found[value] if value else found)

    def means(self, means: str, key: str) -> str:
        """A phrase for a call, a text or an email."""
        return str(self.table["means"][means][key])

    def waiting(self, answer_time: str) -> str:
        """A sentence on how soon the clinic answers, as far as the clinic says so."""
        found = self.table["waiting"]
        return str(found["answer_time"].format(answer_time=answer_time) if answer_time else found["no_answer_time"])

    def topic(self, text: str) -> str | None:
        """The topic that a message names, by its key in the list."""
        return _first_named(self.table["topics"], text)

    def say_topic(self, topic: str) -> str:
        """A topic in words."""
        return str(self.table["topics"][topic]["say"])

    def zone(self, text: str) -> str | None:
        """The time zone (IANA) that a message names."""
        return _first_named(self.table["zones"], text)

    def say_zone(self, zone: str) -> str:
        """A time zone in words; a zone without a name of its own keeps its IANA name."""
        row = self.table["zones"].get(zone)
        return str(row["say"] if row else zone)

    def is_served(self, number: str, countries: Sequence[str]) -> bool:
        """Whether a number (E.164) has the calling code of one of the countries; unknown codes count as served."""
        codes = [self.table["calling_codes"].get(country) for country in countries]
        return not all(codes) or any(number.startswith(code) for code in codes if code)


def _first_named(rows: dict[str, Any], text: str) -> str | None:
    said = " ".join(re.findall(r"[\w']+", text.casefold()))
    for key, row in rows.items():
        if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in row["words"]):
            return str(key)
    return None
