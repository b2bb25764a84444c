"""The crisis lines: who to call or text, by country and need. Plain data in `data/crisis/lines.yml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import yaml

NEEDS = ("helpline", "dv_line", "sexual_line")
"""What a response can ask for: thoughts of suicide or despair, violence at home, sexual violence."""

_LOCAL = "your local emergency number"
_LOCAL_ES = "número de emergencias de su país"
_ANYWHERE = "findahelpline.com"

_NO_COUNTRY = (
    *("south america", "north america", "central america", "latin america", "america latina"),
    *("america del sur", "america del norte", "america central"),
    *("me usa", "nos usa", "usa mi", "usa mis", "usa a mis", "usa su", "usa el", "usa la"),
)
"""Phrases that contain a country's name and name no country ("usa" is also Spanish for "uses")."""

_NOT = (
    r"(?:\b(?:not|never|outside|fuera)|\b(?:do|does|am|is|are)n?'?t|\bno (?:estoy|vivo|soy))\s+"
    r"(?:(?:in|from|of|living|based|live|the|de|en|los|la|el)\s+)*"
)
_IN = r"\b(?:in|en)\s+(?:(?:the|los|la|el)\s+)?"


class LinesError(ValueError):
    """The directory contradicts itself."""


@dataclass(frozen=True)
class Line:
    """One crisis line, with what a visitor and an editor must know of it."""

    id: str
    country: str
    name: str
    kind: str
    whom: str
    hours: str
    languages: tuple[str, ...]
    evidence: str
    source: str
    checked: date | None
    next_check: date
    say: str
    """How a reply names it, a phrase that begins with a verb: "call or text 988 (any time)"."""
    say_es: str = ""
    call: str = ""
    text_to: str = ""
    text_word: str = ""
    chat: str = ""
    time_zone: str = ""
    voice_needed: bool = False
    silent: str = ""
    trace: str = ""
    second: str = ""


@dataclass(frozen=True)
class Country:
    """A country's emergency number, its way to call silently, and its line for each need."""

    code: str
    name: str
    emergency: str
    directory: str
    emergency_es: str = ""
    silent: str = ""
    silent_es: str = ""
    also_called: tuple[str, ...] = ()
    needs: dict[str, str] = field(default_factory=dict)


class Lines:
    """The directory, read once and checked as it is read."""

    def __init__(self, countries: dict[str, Country], lines: dict[str, Line]) -> None:
        """Keep countries by code and lines by id."""
        self.countries = countries
        self.lines = lines
        self._codes = {
            _folded(name): country.code
            for country in countries.values()
            for name in (country.name, *country.also_called)
        }
        names = sorted((*self._codes, *_NO_COUNTRY), key=len, reverse=True)
        self._named = re.compile(
            rf"(?P<not>{_NOT})?(?P<in>{_IN})?(?<!\w)(?P<name>{'|'.join(map(re.escape, names))})(?!\w)"
        )

    @classmethod
    def load(cls, folder: Path) -> Lines:
        """Read `lines.yml` from the crisis folder.

        Raises:
            LinesError: An entry lacks a field, names an unknown line or country, has grade C, or is there twice.
        """
        path = folder / "lines.yml"
        try:
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
            entries = [_line(row) for row in read["lines"]]
            countries = {code: _country(code, row) for code, row in read["countries"].items()}
        except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
            raise LinesError(f"{path}: {error}. Each entry needs the fields of its neighbors.") from error
        lines = {line.id: line for line in entries}
        faults = [*_faults_of_lines(entries, lines, countries), *_faults_of_countries(countries, lines)]
        if faults:
            raise LinesError("\n".join(f"{path}: {fault}" for fault in faults))
        return cls(countries, lines)

    def of(self, country: str) -> Iterator[Line]:
        """The lines of a country, its regions included ("GB" gives "GB-SCT" too)."""
        return (line for line in self.lines.values() if line.country.split("-")[0] == country)

    def find_country(self, text: str) -> str | None:
        """The code of the country that a message names, if it names one.

        A country named as the place ("from Mexico, but in Canada") comes before others, and one
        that is ruled out ("not in the UK") does not count. "us" is a country only as "in the us"
        and the like, or as a whole message in capitals.
        """
        alone = text.strip(" \n.,!")
        if alone in self.countries:
            return alone
        found = [
            match for match in self._named.finditer(_folded(text)) if not match["not"] and match["name"] in self._codes
        ]
        found.sort(key=lambda match: not (match["in"] or match["name"].startswith(("in ", "en "))))
        return self._codes[found[0]["name"]] if found else None

    def placeholders(self, country: str) -> dict[str, str]:
        """The words that stand for `{emergency}`, `{helpline}` and the like in a response.

        `{helpline}` begins with a verb ("call or text 988"); `{dv_line}` and `{sexual_line}` name
        the line ("the National Domestic Violence Hotline, 1-800-799-7233, ...").

        A country without a line for a need gets its directory of lines instead; a country that
        the file does not know gets the worldwide directory.
        """
        here = self.countries.get(country) or Country(country, country, _LOCAL, _ANYWHERE, _LOCAL_ES)
        words = {
            "emergency": here.emergency,
            "emergency_es": here.emergency_es or here.emergency,
            "silent_call": here.silent,
            "silent_call_es": here.silent_es,
        }
        for need in NEEDS:
            line = self.lines.get(here.needs.get(need, ""))
            say = line.say if line else f"find a line at {here.directory}"
            say_es = (line.say_es or line.say) if line else f"busque una línea en {here.directory}"
            words[need] = say if need == "helpline" else _as_noun(say)
            words[f"{need}_es"] = say_es if need == "helpline" else _as_noun(say_es)
        return words

    def overdue(self, today: date) -> list[Line]:
        """Lines whose entry has to be looked at again by now."""
        return [line for line in self.lines.values() if line.next_check < today]


def _as_noun(say: str) -> str:
    """The line of a phrase that begins with a verb: "call the X, 123" gives "the X, 123"."""
    if say.startswith("llame al "):
        return "el " + say.removeprefix("llame al ")
    if say.startswith("llame a "):
        return say.removeprefix("llame a ")
    return say.partition(" ")[2]


def _faults_of_lines(entries: list[Line], lines: dict[str, Line], countries: dict[str, Country]) -> Iterator[str]:
    for line in entries:
        if lines[line.id] is not line:
            yield f"{line.id} is there twice; give one of them another id."
        if line.evidence not in ("A", "B"):
            yield f"{line.id} has grade {line.evidence}; only A and B are published."
        if not line.say:
            yield f"{line.id} has no 'say'; write how a reply names it."
        if line.country.split("-")[0] not in countries:
            yield f"{line.id} is in the unknown country '{line.country}'."
        if line.second and line.second not in lines:
            yield f"{line.id} names the unknown second line '{line.second}'."


def _faults_of_countries(countries: dict[str, Country], lines: dict[str, Line]) -> Iterator[str]:
    named: dict[str, str] = {}
    for country in countries.values():
        if not (country.emergency and country.directory):
            yield f"country {country.code}: 'emergency' and 'directory' cannot be empty."
        for need, line_id in country.needs.items():
            if need not in NEEDS or line_id not in lines:
                yield f"country {country.code}: '{need}: {line_id}' names nothing known."
        for name in map(_folded, (country.name, *country.also_called)):
            if named.setdefault(name, country.code) != country.code:
                yield f"'{name}' names both {named[name]} and {country.code}."


def _line(row: dict[str, Any]) -> Line:
    dates = {key: _date(row.get(key)) for key in ("checked", "next_check")}
    if dates["next_check"] is None:
        raise ValueError(f"{row['id']}: 'next_check' is missing")
    _check_types(Line, row["id"], row)
    return Line(**{**row, **dates, "languages": tuple(row.get("languages", ()))})


def _country(code: str, row: dict[str, Any]) -> Country:
    _check_types(Country, code, {"code": code, **row})
    return Country(code=code, **{**row, "also_called": tuple(row.get("also_called", ()))})


def _check_types(entry: type[Line] | type[Country], name: str, row: dict[str, Any]) -> None:
    # Unquoted, YAML reads 016 as the number 14, 000 as 0 and the code NO as false.
    for each in fields(entry):
        value = row.get(each.name, "")
        if each.type == "str" and not isinstance(value, str):
            raise ValueError(f"{name}: '{each.name}: {value}' is not text; put it in quotes")
        if str(each.type).startswith("tuple") and value and not isinstance(value, list):
            raise ValueError(f"{name}: '{each.name}: {value}' is not a list; put it in [brackets]")


def _date(value: Any) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _folded(text: str) -> str:
    """Small letters without accents, curly apostrophes or runs of spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())
