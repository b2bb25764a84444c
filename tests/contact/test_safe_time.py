"""Safe hours are computed only where every word is understood; everything else a person reads."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from waymark.contact.safe_time import read_when
from waymark.contact.words import safe_words

ZONE = "America/Los_Angeles"
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=ZoneInfo(ZONE))
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("words", "on_sunday_at_10", "on_monday_at_15"),
    [
        ("", "any", "any"),
        ("any time", "any", "any"),
        ("Every day", "any", "any"),
        ("cualquier hora", "any", "any"),
        ("weekdays after 2 pm", "Mon 14:00-00:00", "now until 00:00"),
        ("Weekdays, after 2pm please", "Mon 14:00-00:00", "now until 00:00"),
        ("Mon-Fri 9am to 5pm", "Mon 09:00-17:00", "now until 17:00"),
        ("monday to friday, 2 to 4 p.m.", "Mon 14:00-16:00", "now until 16:00"),
        ("9 - 5 pm weekdays", "Mon 09:00-17:00", "now until 17:00"),
        ("between 14:00 and 16:30", "Sun 14:00-16:30", "now until 16:30"),
        ("before noon", "now until 12:00", "Tue 00:00-12:00"),
        ("saturday mornings", "Sat 08:00-12:00", "Sat 08:00-12:00"),
        ("weekends", "now until 00:00", "Sat 00:00-00:00"),
        ("evenings", "Sun 17:00-21:00", "Mon 17:00-21:00"),
        ("fri to mon after 9 am", "now until 00:00", "now until 00:00"),
        ("Tues and Thurs", "Tue 00:00-00:00", "Tue 00:00-00:00"),
        ("lunes a viernes por la tarde", "Mon 12:00-17:00", "now until 17:00"),
        ("sábados después de las 14:00", "Sat 14:00-00:00", "Sat 14:00-00:00"),
        # What might mean something else is left to a person.
        ("after 2", "read", "read"),
        ("9 to 5", "read", "read"),
        ("not mondays", "read", "read"),
        ("never in the evening", "read", "read"),
        ("any time except weekends", "read", "read"),
        ("when he is at work, until 3 pm", "read", "read"),
        ("monday after 2 pm, tuesday before 10 am", "read", "read"),
        ("mornings and evenings", "read", "read"),
        ("after 5 pm before 3 pm", "read", "read"),
        ("from 4 pm to 2 pm", "read", "read"),
        ("after 25:00", "read", "read"),
        ("no", "read", "read"),
        ("weekdays but not after 5 pm", "read", "read"),
        ("solo cuando no esta mi esposo", "read", "read"),
        ("3 pm", "read", "read"),
    ],
)
def test_words(words: str, on_sunday_at_10: str, on_monday_at_15: str) -> None:
    def told(now: datetime) -> str:
        safe = read_when(words, ZONE, now)
        if safe.begins is None or safe.ends is None:
            return safe.status
        return f"now until {safe.ends:%H:%M}" if safe.status == "now" else f"{safe.begins:%a %H:%M}-{safe.ends:%H:%M}"

    assert (told(SUNDAY), told(MONDAY)) == (on_sunday_at_10, on_monday_at_15)


def test_hours_are_those_of_the_visitor() -> None:
    now = datetime(2026, 11, 23, 23, 0, tzinfo=timezone.utc)  # 15:00 in Los Angeles, 18:00 in New York
    assert read_when("before 5 pm", ZONE, now).status == "now"
    assert read_when("before 5 pm", "America/New_York", now).status == "later"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
def test_an_unknown_zone_is_left_to_a_person(zone: str) -> None:
    assert read_when("after 2 pm", zone, MONDAY).status == "read"


def test_those_safe_now_come_first() -> None:
    times = [read_when(words, ZONE, MONDAY) for words in ("saturdays", "tuesdays", "when he sleeps", "after 2 pm", "")]
    assert [each.status for each in sorted(times, key=lambda each: each.order())] == [
        "now",
        "any",
        "read",
        "later",
        "later",
    ]


def test_what_staff_read() -> None:
    assert safe_words(read_when("weekdays after 2 pm", ZONE, MONDAY)) == "Safe now, until midnight PST"
    assert safe_words(read_when("weekdays after 2 pm", ZONE, SUNDAY)) == "Safe from Mon 14:00 to midnight PST"
    assert safe_words(read_when("not now", ZONE, SUNDAY)) == "Read their words first"
