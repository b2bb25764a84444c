"""The clinic: names, numbers and settings from `clinic.yml`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml


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

    @classmethod
    def load(cls, path: Path) -> Clinic:
        """Read the clinic from a YAML file.

        Raises:
            ClinicError: The file has an unknown key, or lacks a name, phone, form or country.
        """
        read = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        known = {each.name for each in fields(cls)}
        unknown = sorted(set(read) - known)
        if unknown:
            raise ClinicError(f"{path}: unknown key '{unknown[0]}'. Known keys: {', '.join(sorted(known))}.")
        for key in ("name", "phone", "form", "country"):
            if not read.get(key):
                raise ClinicError(f"{path}: '{key}' is missing or empty; every answer needs it.")
        read |= {"serves": tuple(read.get("serves") or ()), "office_hours": read.get("office_hours") or {}}
        return cls(**read)

    def placeholders(self) -> dict[str, str]:
        """The words that stand for `{clinic_...}` in a response."""
        return {
            "clinic_name": self.name,
            "clinic_phone": self.phone,
            "clinic_form": self.form,
            "retention_days": str(self.retention_days),
            "request_days": str(self.request_retention_days),
        }
