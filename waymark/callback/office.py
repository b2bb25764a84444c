"""Whether the clinic is open, as far as `clinic.yml` says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class OfficeHoursError(ValueError):
    """`office_hours` of `clinic.yml` is not of the right shape."""


@dataclass(frozen=True)
class Office:
    """Opening hours by day of the week, in the clinic's time zone."""

    hours: Mapping[int, tuple[time, time]]
    zone: ZoneInfo

    @classmethod
    def read(cls, hours: Mapping[str, str], zone: str) -> Office:
        """Read `{mon: "09:00-17:00"}`.

        Raises:
            OfficeHoursError: A day or an hour that is none.
        """
        read: dict[int, tuple[time, time]] = {}
        for day, text in hours.items():
            found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text)
            if day not in DAYS or not found:
                raise OfficeHoursError(f"office_hours: '{day}: {text}'. Write it like mon: \"09:00-17:00\".")
            read[DAYS.index(day)] = (time.fromisoformat(found[1]), time.fromisoformat(found[2]))
        return cls(read, ZoneInfo(zone))

    @property
    def known(self) -> bool:
        """Whether there are any hours."""
        return bool(self.hours)

    def closes(self, now: datetime) -> str | None:
        """When it closes today ("5 pm"), if it is open now; `now` has a time zone."""
        here = now.astimezone(self.zone)
        opens, closes = self.hours.get(here.weekday(), (time.max, time.min))
        return _clock(closes) if opens <= here.time() < closes else None

    def opens(self, now: datetime) -> str | None:
        """When it opens next ("Monday at 9 am"); None if there are no hours."""
        here = now.astimezone(self.zone)
        for ahead in range(8):
            day = here + timedelta(days=ahead)
            hours = self.hours.get(day.weekday())
            if hours and (ahead or here.time() < hours[0]):
                name = "today" if not ahead else "tomorrow" if ahead == 1 else NAMES[day.weekday()]
                return f"{name} at {_clock(hours[0])}"
        return None


def _clock(at: time) -> str:
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{(at.hour + 11) % 12 + 1}{minutes} {'am' if at.hour < 12 else 'pm'}"
