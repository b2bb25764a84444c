"""The words of the website's page and channel, in each language, from `web/strings.json`."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from waymark import settings
from waymark.content.clinic import Clinic
from waymark.safety.lines import Lines

LANGUAGES = ("en", "es")
SERVER = "server"
"""The part that the channel says; `page` and `launcher` are said by the page and by the script of a clinic's site."""


@lru_cache(maxsize=1)
def directory() -> Lines:
    """The crisis lines, read once a process."""
    return Lines.load(settings.CRISIS)


class Strings:
    """The strings, with the clinic's name and numbers filled in."""

    def __init__(self, strings: dict[str, dict[str, dict[str, Any]]], words: dict[str, dict[str, str]]) -> None:
        """Keep the strings by part and language, and what stands for `{...}` by language."""
        self._strings = strings
        self.words = words

    @classmethod
    def load(cls, clinic: Clinic, folder: Path = settings.WEB) -> Strings:
        """Read the strings for a clinic."""
        strings = json.loads((folder / "strings.json").read_text(encoding="utf-8"))
        lines = directory().placeholders(clinic.country)
        return cls(strings, {language: placeholders(clinic, lines, language) for language in LANGUAGES})

    def text(self, part: str, name: str, language: str) -> str:
        """One string, filled in."""
        return self._filled(str(self._strings[part][language][name]), language)

    def texts(self, part: str, language: str) -> dict[str, str]:
        """All strings of a part, filled in."""
        return {name: self._filled(str(text), language) for name, text in self._strings[part][language].items()}

    def _filled(self, text: str, language: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self.words[language].get(match[1], match[0]), text)


def placeholders(clinic: Clinic, lines: dict[str, str], language: str) -> dict[str, str]:
    """What stands for `{...}` in one language: the Spanish words of a line stand under its plain name."""
    suffix = "" if language == "en" else f"_{language}"
    named = {name: lines.get(name + suffix) or text for name, text in lines.items() if not name.endswith("_es")}
    return {**clinic.placeholders(), **named}
