"""Office hours: open, closed, and when it opens next."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from waymark.callback.office import Office, OfficeHoursError

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:30")


@pytest.mark.parametrize(
    ("utc", "closes", "opens"),
    [
        ("2026-11-23T18:00", "5:30 pm", "tomorrow at 9 am"),  # Monday, 10 am in Los Angeles
        ("2026-11-23T16:00", None, "today at 9 am"),
        ("2026-11-24T02:00", None, "tomorrow at 9 am"),  # Monday, 6 pm
        ("2026-11-28T02:00", None, "Monday at 9 am"),  # Friday, 6 pm
        ("2026-11-29T20:00", None, "tomorrow at 9 am"),  # Sunday noon
    ],
)
def test_hours(utc: str, closes: str | None, opens: str | None) -> None:
    office = Office.read(WEEK, "America/Los_Angeles")
    now = datetime.fromisoformat(utc).replace(tzinfo=timezone.utc)
    assert office.closes(now) == closes
    assert office.opens(now) == opens


def test_without_hours_nothing_is_said() -> None:
    office = Office.read({}, "America/Los_Angeles")
    now = datetime.now(timezone.utc)
    assert (office.closes(now), office.opens(now)) == (None, None)


@pytest.mark.parametrize("hours", [{"monday": "09:00-17:00"}, {"mon": "9 to 5"}])
def test_a_fault_says_what_to_write(hours: dict[str, str]) -> None:
    with pytest.raises(OfficeHoursError, match="mon:"):
        Office.read(hours, "America/Los_Angeles")
