"""A visitor's request to be contacted, and the store that either keeps it or says that it did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Means = Literal["call", "text", "email"]


class NotStored(Exception):
    """The request is not stored. The visitor must be told so, and given the clinic's phone number.

    The message is plain, for logs and staff; it never holds what the visitor gave.
    """


@dataclass(frozen=True)
class ContactRequest:
    """How to reach someone safely. Nothing here may be logged, or stored unencrypted."""

    call_me: str
    """Any name; "" for none."""
    means: Means
    address: str
    """A telephone number in E.164 form, or an e-mail address."""
    when: str
    """Safe days and hours in the visitor's words; "" for any time."""
    time_zone: str
    """The IANA name of the zone that `when` is meant in."""
    voicemail: bool | None
    """May a voicemail be left? None: not asked, or no answer, which staff read as no."""
    say_who: bool | None
    """May we say who we are? None is read as no."""
    note: str
    """What else staff must know ("he answers my phone")."""
    code_word: str
    """A word that tells each that the other is the right person; "" for none."""
    language: str
    """"en" or "es"."""
    topic: str
    """From the form's short list."""
    consent_version: str
    """Which wording of the consent the visitor agreed to."""
    urgent: bool

    def __repr__(self) -> str:
        """Says nothing, so that a traceback or a stray log line gives nobody away."""
        return "ContactRequest(...)"


class RequestStore:
    """Keeps requests, encrypted, each with the notice to staff in the same transaction."""

    @classmethod
    def open(cls, url: str | None = None, keys: str | None = None) -> RequestStore:
        """Open the store and bring its tables up to date.

        Args:
            url: A database address; without one DATABASE_URL, else a SQLite file in `var/`.
            keys: Fernet keys, comma separated, the first one encrypts; without them WAYMARK_CONTACT_KEYS.

        Raises:
            NotStored: There is no key, a bad key, or no database.
        """
        raise NotStored("The store is not built yet.")

    def add(self, request: ContactRequest, idempotency_key: str) -> str:
        """Store a request; when this returns, it is stored and its notice to staff will be sent.

        Args:
            request: What the visitor gave.
            idempotency_key: One key a request, the same when it is tried again; one that was sent is not sent twice.

        Returns:
            A short reference such as "K7-4PQ2", the same one for the same key.

        Raises:
            NotStored: Whatever the reason, it is not stored, or that cannot be known. Try again with the same key.
        """
        raise NotStored("The store is not built yet.")

    def cancel(self, reference: str, idempotency_key: str | None = None) -> bool:
        """Cancel by reference and wipe the contact details at once; False if there is no such open request.

        Args:
            reference: As the visitor types it: case, spaces and hyphen do not matter.
            idempotency_key: If given, it has to be the one the request was sent with.

        Raises:
            NotStored: The store cannot be reached, so nothing was cancelled.
        """
        raise NotStored("The store is not built yet.")

    def purge(self, days: float) -> int:
        """Delete requests older than so many days for good; returns how many."""
        raise NotStored("The store is not built yet.")
