"""The clinic: names, numbers and settings from `clinic.yml`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

SITE = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")
ADDRESS = re.compile(r"https://[^\s\"'<>]+")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class ClinicError(ValueError):
    """`clinic.yml` does not say what it has to."""


@dataclass(frozen=True)
class Clinic:
    """Who the clinic is. Empty strings mean "not known", and are answered as such."""

    name: str
    phone: str
    form: str
    website: str = ""
    address: str = ""
    hours: str = ""
    time_zone: str = "America/Los_Angeles"
    insurance: str = ""
    country: str = "US"
    retention_days: int = 14
    request_retention_days: int = 14
    answer_time: str = ""
    """How soon requests are answered, in words: "by the end of the next working day"."""
    office_hours: dict[str, str] = field(default_factory=dict)
    """By day ("mon" to "sun"), "09:00-17:00" in the clinic's time zone; empty where not known."""
    serves: tuple[str, ...] = ()
    """Countries (ISO 3166 alpha-2) whose people the clinic treats; empty where not known."""
    audit_retention_days: int = 365
    sites: tuple[str, ...] = ()
    """Other sites whose pages may carry the chat: scheme and host, "https://www.example.org"."""
    page_title: str = "Notes"
    """What the window and the top of the page are called; it has to give nothing away."""
    exit_to: str = "https://www.google.com"
    """Where Exit leads: a page that nobody wonders about."""
    accent: str = "#5d4a3a"
    """The clinic's color; the shades that can be read on light and dark are worked out from it."""

    @classmethod
    def load(cls, path: Path) -> Clinic:
        """Read the clinic from a YAML file.

        Raises:
            ClinicError: The file has an unknown key, lacks a name, phone, form or country, or names a site, an
                address or a color that is none.
        """
        read = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        known = {each.name for each in fields(cls)}
        unknown = sorted(set(read) - known)
        if unknown:
            raise ClinicError(f"{path}: unknown key '{unknown[0]}'. Known keys: {', '.join(sorted(known))}.")
        for key in ("name", "phone", "form", "country"):
            if not read.get(key):
                raise ClinicError(f"{path}: '{key}' is missing or empty; every answer needs it.")
        _check_page(path, read)
        for key in ("sites", "serves"):
            read[key] = tuple(read.get(key) or ())
        return cls(**{**read, "office_hours": read.get("office_hours") or {}})

    def placeholders(self) -> dict[str, str]:
        """The words that stand for `{clinic_...}` in a response."""
        return {
            "clinic_name": self.name,
            "clinic_phone": self.phone,
            "clinic_form": self.form,
            "retention_days": str(self.retention_days),
            "request_days": str(self.request_retention_days),
        }


def _check_page(path: Path, read: dict[str, Any]) -> None:
    sites = read.get("sites") or []
    if not isinstance(sites, list):
        raise ClinicError(f"{path}: 'sites' is no list. Write a line a site, each beginning with '- '.")
    for site in sites:
        if not SITE.fullmatch(str(site)):
            raise ClinicError(f"{path}: the site '{site}' is not scheme and host alone, as https://www.example.org is.")
    for key, shape, example in (("exit_to", ADDRESS, "https://www.google.com"), ("accent", COLOR, '"#5d4a3a"')):
        if key in read and not shape.fullmatch(str(read[key])):
            raise ClinicError(f"{path}: '{key}: {read[key]}' has to look like {example}.")
    if "page_title" in read and not str(read["page_title"] or "").strip():
        raise ClinicError(f"{path}: 'page_title' is empty; a window without a name shows its address.")
