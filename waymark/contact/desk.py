"""What staff do with requests: list, open, claim, note an attempt, close, cancel, export. Each step is audited."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from typing import Any, TextIO

import sqlalchemy as sa

from waymark.contact import audit
from waymark.contact.address import show_number
from waymark.contact.reference import read_reference
from waymark.contact.request import ContactRequest, RequestStore
from waymark.contact.safe_time import SafeTime, read_when
from waymark.contact.tables import ATTEMPTS, REQUESTS
from waymark.contact.vault import KeyProblem

OUTCOMES = (
    "Reached them",
    "No answer, left nothing",
    "Vague voicemail left",
    "Text or e-mail sent",
    "Somebody else answered",
    "Could not get through",
)
"""What came of an attempt; the column holds these words only."""

OPEN_STATES = ("open", "claimed")
NOTE_LIMIT = 500
"""Characters of a note."""


class NotPossible(ValueError):
    """The request is not there, or not in a state for that."""


@dataclass(frozen=True)
class Line:
    """A request in the list: nothing in it tells who the visitor is or how to reach them."""

    reference: str
    created: float
    state: str
    urgent: bool
    claimed_by: str
    means: str
    language: str
    topic: str
    is_locked: bool
    """None of the keys opens it."""
    safe: SafeTime


@dataclass(frozen=True)
class Attempt:
    """One try at reaching somebody."""

    at: float
    who: str
    outcome: str
    note: str


@dataclass(frozen=True)
class Opened:
    """A request with everything the visitor gave; `asked` is None once it was cancelled."""

    line: Line
    asked: ContactRequest | None
    attempts: tuple[Attempt, ...]
    trail: tuple[audit.Entry, ...]


class Desk:
    """One member of staff at work; everything is recorded under that name."""

    def __init__(self, store: RequestStore, who: str) -> None:
        """Sit down as `who`.

        Raises:
            ValueError: The name is empty or too long.
        """
        if not who.strip() or len(who) > 64:
            raise ValueError("give your name, at most 64 characters: every opening of a request is recorded with it.")
        self._store = store
        self._who = who.strip()

    def lines(self, states: Iterable[str] = OPEN_STATES, now: datetime | None = None) -> list[Line]:
        """Requests in these states: urgent ones first, then those it is safe to reach now, then by when it will be."""
        now = now or datetime.now(timezone.utc)
        query = sa.select(REQUESTS).where(REQUESTS.c.state.in_(tuple(states)))
        with self._store.engine.connect() as connection:
            lines = [self._line(row, now) for row in connection.execute(query)]
        return sorted(lines, key=lambda line: (not line.urgent, line.safe.order(), line.created))

    def open_request(self, reference: str) -> Opened:
        """Everything about one request; the trail says who looked.

        Raises:
            NotPossible: There is no such request.
        """
        with self._store.engine.begin() as connection:
            row = self._row(connection, reference)
            audit.record(connection, self._who, "opened", row.reference)
            tried = connection.execute(
                sa.select(ATTEMPTS).where(ATTEMPTS.c.reference == row.reference).order_by(ATTEMPTS.c.at)
            )
            attempts = tuple(Attempt(each.at, each.who, each.outcome, self._note(each)) for each in tried)
            trail = tuple(audit.read(connection, 50, row.reference))
        asked = self._asked(row)
        return Opened(self._line(row, datetime.now(timezone.utc)), asked, attempts, trail)

    def claim(self, reference: str) -> None:
        """Take a request on, so that two people do not call.

        Raises:
            NotPossible: There is no such request, or somebody has it.
        """
        self._move(reference, "claimed", ("open",), "claimed", self._who)

    def release(self, reference: str) -> None:
        """Give a claimed request back, whoever claimed it.

        Raises:
            NotPossible: There is no such request, or nobody has it.
        """
        self._move(reference, "released", ("claimed",), "open", None)

    def close(self, reference: str) -> None:
        """Done with: it leaves the list, and is deleted when its time is over.

        Raises:
            NotPossible: There is no such open request.
        """
        self._move(reference, "closed", OPEN_STATES, "closed", self._who)

    def note_attempt(self, reference: str, outcome: str, note: str = "") -> None:
        """Note that somebody tried.

        Raises:
            NotPossible: There is no such open request, the outcome is not one of OUTCOMES, or the note is too long.
        """
        if outcome not in OUTCOMES:
            raise NotPossible(f"'{outcome}' is none of: {', '.join(OUTCOMES)}.")
        if len(note) > NOTE_LIMIT:
            raise NotPossible(f"a note has at most {NOTE_LIMIT} characters.")
        with self._store.engine.begin() as connection:
            row = self._row(connection, reference, OPEN_STATES)
            sealed = self._store.vault.seal(row.reference, {"note": note}) if note else None
            connection.execute(
                ATTEMPTS.insert().values(
                    reference=row.reference, at=time.time(), who=self._who, outcome=outcome, sealed=sealed
                )
            )
            audit.record(connection, self._who, "attempted", row.reference, outcome)

    def cancel(self, reference: str) -> None:
        """Withdraw a request for a visitor who asks for that, and wipe what they gave.

        Raises:
            NotPossible: There is no such open request.
        """
        if not self._store.withdraw(reference, self._who):
            raise NotPossible(f"there is no open request '{reference}'.")

    def export(self, out: TextIO, states: Iterable[str] = OPEN_STATES) -> int:
        """Write requests with everything the visitors gave as CSV; returns how many. Each one counts as opened."""
        columns = ["reference", "created", "state", "claimed_by", *(field.name for field in fields(ContactRequest))]
        query = sa.select(REQUESTS).where(REQUESTS.c.state.in_(tuple(states)), REQUESTS.c.sealed.is_not(None))
        with self._store.engine.begin() as connection:
            rows = connection.execute(query.order_by(REQUESTS.c.created)).all()
            for row in rows:
                audit.record(connection, self._who, "exported", row.reference)
        writer = csv.writer(out)
        writer.writerow(columns)
        for row in rows:
            created = datetime.fromtimestamp(row.created, timezone.utc).isoformat(timespec="seconds")
            asked = self._store.vault.open(row.reference, row.sealed)
            asked["address"] = show_address(ContactRequest(**asked))
            values = {"reference": row.reference, "created": created, "state": row.state, "claimed_by": row.claimed_by}
            writer.writerow([_cell({**values, **asked}[column]) for column in columns])
        return len(rows)

    def _move(self, reference: str, act: str, before: tuple[str, ...], after: str, claimed_by: str | None) -> None:
        with self._store.engine.begin() as connection:
            row = self._row(connection, reference)
            changed = connection.execute(
                REQUESTS.update()
                .where(REQUESTS.c.reference == row.reference, REQUESTS.c.state.in_(before))
                .values(state=after, claimed_by=claimed_by, changed=time.time())
            )
            if not changed.rowcount:
                by = f" by {row.claimed_by}" if row.claimed_by else ""
                raise NotPossible(f"request {row.reference} is {row.state}{by}, so it cannot be {act}.")
            audit.record(connection, self._who, act, row.reference)

    def _row(self, connection: Any, reference: str, states: tuple[str, ...] | None = None) -> Any:
        read = read_reference(reference)
        row = connection.execute(sa.select(REQUESTS).where(REQUESTS.c.reference == read)).first() if read else None
        if row is None:
            raise NotPossible(f"there is no request '{reference}'; its time may be over.")
        if states and row.state not in states:
            raise NotPossible(f"request {row.reference} is {row.state}.")
        return row

    def _asked(self, row: Any) -> ContactRequest | None:
        return ContactRequest(**self._store.vault.open(row.reference, row.sealed)) if row.sealed else None

    def _note(self, attempt: Any) -> str:
        return str(self._store.vault.open(attempt.reference, attempt.sealed)["note"]) if attempt.sealed else ""

    def _line(self, row: Any, now: datetime) -> Line:
        try:
            asked = self._asked(row)
        except KeyProblem:  # one entry under a lost key must not hide the others
            asked = None
        safe = read_when(asked.when, asked.time_zone, now) if asked else SafeTime("read")
        return Line(
            row.reference,
            row.created,
            row.state,
            bool(row.urgent),
            row.claimed_by or "",
            asked.means if asked else "",
            asked.language if asked else "",
            asked.topic if asked else "",
            bool(row.sealed) and asked is None,
            safe,
        )


def show_address(asked: ContactRequest) -> str:
    """The number spaced for dialling, or the mail address."""
    return asked.address if asked.means == "email" else show_number(asked.address)


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
