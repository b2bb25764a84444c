"""What the responses rest on, and what they may not say: `data/sources/`.

Three files: the facts of the article (`facts.yml`), the notes on what we say beyond it
(`practice.yml`), and the wording that no reply may have (`banned.yml`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from waymark.content.library import read_yaml

FACTS, PRACTICE, BANNED = "facts.yml", "practice.yml", "banned.yml"


class LedgerError(ValueError):
    """A file of sources is not of the right shape."""


@dataclass(frozen=True)
class Fact:
    """One fact of the article, in our words."""

    id: str
    section: str
    fact: str
    caution: str = ""
    """Where the article is doubtful, or unsafe to repeat."""
    say: str = ""
    """What an answer says instead of the bare fact."""


@dataclass(frozen=True)
class Note:
    """Something we say that the article does not, and on what ground."""

    id: str
    section: str
    note: str = ""
    basis: str = ""


@dataclass(frozen=True)
class Banned:
    """Wording that no reply may have, and the replies that quote it on purpose."""

    wording: re.Pattern[str]
    why: str
    say: str
    allow: dict[str, str] = field(default_factory=dict)
    """The reason, by the id of each response that may say it."""

    def found_in(self, text: str) -> str | None:
        """The first such wording of a text, or None."""
        match = self.wording.search(text.replace("’", "'"))
        return match[0] if match else None


@dataclass(frozen=True)
class Ledger:
    """Facts and notes by id, and the banned wording."""

    facts: dict[str, Fact]
    notes: dict[str, Note]
    banned: tuple[Banned, ...]

    @classmethod
    def load(cls, folder: Path) -> Ledger:
        """Read the three files of a folder.

        Raises:
            LedgerError: An entry has a field that is not known, lacks one, stands twice, or is no regular expression.
        """
        return cls(
            facts=_by_section(folder / FACTS, Fact),
            notes=_by_section(folder / PRACTICE, Note),
            banned=tuple(_banned(folder / BANNED, row) for row in read_yaml(folder / BANNED)),
        )


def _by_section(path: Path, kind: Any) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for section, rows in read_yaml(path).items():
        for name, row in rows.items():
            if name in entries:
                raise LedgerError(f"{path}: '{name}' stands in two sections; give one of them another id.")
            try:
                entries[name] = kind(id=name, section=section, **row)
            except TypeError as error:
                raise LedgerError(f"{path}: '{name}': {error}. Its neighbors show the fields.") from error
    return entries


def _banned(path: Path, row: dict[str, Any]) -> Banned:
    try:
        wording = re.compile("|".join(row["wording"]), re.IGNORECASE)
        return Banned(wording, row["why"], row["say"], row.get("allow") or {})
    except (KeyError, TypeError, re.error) as error:
        raise LedgerError(f"{path}: {row}: {error}. It needs 'wording' (a list), 'why' and 'say'.") from error
