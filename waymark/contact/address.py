"""Telephone numbers and mail addresses in what a visitor typed."""

from __future__ import annotations

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email

_MAIL = re.compile(r"[^\s<>()\[\]\",;:]+@[^\s<>()\[\]\",;:]+")


def read_number(text: str, country: str) -> str | None:
    """The one telephone number in a text, in E.164 form.

    Args:
        text: What was typed; the number may stand inside a sentence.
        country: ISO 3166 alpha-2, for a number without a country code.

    Returns:
        The number, or None if there is none, it cannot exist, or there are several different ones: calling
        the wrong one could put someone in danger, so the visitor has to say which.
    """
    found = {
        phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        for match in phonenumbers.PhoneNumberMatcher(text, country.upper(), leniency=phonenumbers.Leniency.VALID)
    }
    if not found:
        # The matcher passes over some ways of spacing; a text that is nothing but a number is still one.
        try:
            number = phonenumbers.parse(text, country.upper())
        except phonenumbers.NumberParseException:
            return None
        if not re.search(r"[^\W\d_]", text) and phonenumbers.is_valid_number(number):
            found = {phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)}
    return found.pop() if len(found) == 1 else None


def show_number(e164: str) -> str:
    """A number spaced for reading back, such as "+1 424-644-6486"; what is no number comes back as it is."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def read_email(text: str) -> str | None:
    """The one mail address in a text, normalised, or None; asks no name server, so it says nothing about delivery."""
    found = set()
    for candidate in _MAIL.findall(text):
        try:
            found.add(validate_email(candidate.strip(".!?'"), check_deliverability=False).normalized)
        except EmailNotValidError:
            continue
    return found.pop() if len(found) == 1 else None
