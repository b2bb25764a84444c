"""Numbers and mail addresses as people type them; made-up ones are from the ranges kept for that."""

from __future__ import annotations

import pytest

from waymark.contact.address import read_email, read_number, show_number


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("424.644.6486", "US", "+14246446486"),
        ("its 424 644 6486 but text only", "US", "+14246446486"),
        ("(424) 644-6486 ext. nothing", "US", "+14246446486"),
        ("4246446486", "us", "+14246446486"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("mi numero es 55 1234 5678", "MX", "+525512345678"),
        ("call 424-644-6486 or 4246446486", "US", "+14246446486"),
        ("call 424-644-6486 or 213-373-4253", "US", None),
        ("123", "US", None),
        ("555 55", "US", None),
        ("im 24 and he is 31", "US", None),
        ("", "US", None),
        ("424 644 6486", "ZZ", None),
    ],
)
def test_numbers_are_read(text: str, country: str, expected: str | None) -> None:
    assert read_number(text, country) == expected


@pytest.mark.parametrize(("e164", "shown"), [("+14246446486", "+1 424-644-6486"), ("nothing", "nothing"), ("", "")])
def test_numbers_are_read_back(e164: str, shown: str) -> None:
    assert show_number(e164) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sam@clinic.org", "sam@clinic.org"),
        ("my mail is Sam.Q+safe@Clinic.ORG.", "Sam.Q+safe@clinic.org"),
        ("<sam@clinic.org>, thanks", "sam@clinic.org"),
        ("mailto:sam@clinic.org", "sam@clinic.org"),
        ("josé@clinic.org", "josé@clinic.org"),
        ("a@clinic.org or b@clinic.org", None),
        ("sam@clinic", None),
        ("sam at clinic dot org", None),
        ("@sam", None),
        ("", None),
    ],
)
def test_mail_addresses_are_read(text: str, expected: str | None) -> None:
    assert read_email(text) == expected
