"""Short references that survive being read aloud, such as "K7-4PQ2"."""

from __future__ import annotations

import re
import secrets

LETTERS = "2346789CDFHJKMNPQRTVWXY"
"""No look-alikes (0 O, 1 I L, 5 S, 8 B, 2 Z, U V) and no vowels, so no words either. 23 ** 6 is 148 million."""

LENGTH = 6


def new_reference() -> str:
    """A reference that cannot be guessed from others; that it is new, the database checks."""
    return _shown("".join(secrets.choice(LETTERS) for _ in range(LENGTH)))


def read_reference(text: str) -> str | None:
    """The reference in what somebody typed, whatever its case, spaces and hyphens; None if it is none."""
    letters = re.sub(r"[\s\-\u2010-\u2015._]", "", text).upper()
    if len(letters) != LENGTH or any(letter not in LETTERS for letter in letters):
        return None
    return _shown(letters)


def _shown(letters: str) -> str:
    return f"{letters[:2]}-{letters[2:]}"
